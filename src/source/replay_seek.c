/* SPDX-License-Identifier: PostgreSQL */
/*
 * Going to another frame of a recording. While it is read, places are noted to come back to: bounded, the more thinly the longer the
 * recording is, and with each the lines in which the servers' states last stood. What was learned by lookups up to now is kept with the
 * frame that brought it, and of tasks and plans where their lines are; so all is again as it was then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/replay_private.h"

void replay_note_place(struct replay *r, int64_t frame, const struct clock *begun)
{
	struct replay_place *last = r->place_count ? &r->place[r->place_count - 1] : NULL, place;

	if (r->place_count == 0)
		r->place_step = 1;
	if (last && frame < last->frame + r->place_step)
		return;
	if (r->place_count == REPLAY_PLACES_MAX) {
		for (int i = 1; i < r->place_count; i += 2)
			free(r->place[i].status);
		for (int i = 0; i < r->place_count; i += 2)
			r->place[i / 2] = r->place[i];
		r->place_count /= 2;
		r->place_step *= 2;
		if (frame < r->place[r->place_count - 1].frame + r->place_step)
			return;
	}
	place = (struct replay_place){.frame = frame, .offset = r->next_offset, .line = r->next_line, .before = r->now, .begun = *begun};
	place.status = mem_calloc((size_t)r->server_count, sizeof *place.status);
	memcpy(place.status, r->status_at, (size_t)r->server_count * sizeof *place.status);
	if ((r->place_count & (r->place_count - 1)) == 0) /* at each power of two, twice the room */
		r->place = mem_resize(r->place, r->place_count ? (size_t)r->place_count * 2 : 1, sizeof *r->place);
	r->place[r->place_count++] = place;
}

void replay_note_event(struct replay *r, const struct json *line)
{
	struct replay_event event = {.frame = r->frame, .offset = r->line_offset};

	if (!json_int(json_get(line, "task"), &event.task))
		event.task = 0;
	if (r->event_count > 0 && r->event[r->event_count - 1].offset >= event.offset)
		return; /* it was read before */
	if ((r->event_count & (r->event_count - 1)) == 0)
		r->event = mem_resize(r->event, r->event_count ? (size_t)r->event_count * 2 : 1, sizeof *r->event);
	r->event[r->event_count++] = event;
}

void replay_forget_places(struct replay *r)
{
	for (int i = 0; i < r->place_count; i++)
		free(r->place[i].status);
	free(r->place);
	free(r->event);
	r->place = NULL;
	r->event = NULL;
	r->place_count = r->event_count = 0;
}

/* --- going back ------------------------------------------------------------------------------------------------------- */

static int go_to(struct replay *r, int64_t offset, struct err *why)
{
	clearerr(r->file);
	if (fseeko(r->file, (off_t)offset, SEEK_SET) != 0)
		return err_set(why, ERR_IO, "%s: %s", r->path, strerror(errno));
	r->offset = offset;
	return 0;
}

static int line_at(struct replay *r, int64_t offset, struct json **out, struct err *why)
{
	int rc = go_to(r, offset, why);

	return rc < 0 ? rc : replay_parse_line(r, out, why);
}

/* Drops what lookups brought in that frame or later. */
static void unlearn(struct replay *r, int64_t frame)
{
	int kept = 0;

	for (int i = 0; i < r->index_count; i++) {
		map_clear(&r->index[i].row);
		map_clear(&r->index[i].owner);
	}
	for (int i = 0; i < r->learned_count; i++) {
		if (r->learned[i].frame >= frame) {
			json_free(r->learned[i].line);
			continue;
		}
		r->learned[kept] = r->learned[i];
		r->learned[kept++].indexed = false;
	}
	r->learned_count = kept;
}

/* Is it the last line about that task before `end`? The state that a task had then stands in it. */
static bool is_last(const struct replay *r, int i, int end)
{
	for (int k = i + 1; k < end; k++)
		if (r->event[k].task == r->event[i].task)
			return false;
	return true;
}

static int take_event(struct replay *r, const struct replay_event *event, struct err *why)
{
	struct json *line = NULL;
	int rc = line_at(r, event->offset, &line, why);

	if (rc < 0)
		return rc;
	if (event->task == 0)
		return replay_take_plans(r, line, why); /* takes the line over */
	rc = replay_take_task(r, line, why);
	json_free(line);
	return rc;
}

/* Tasks and plans as they stood before that frame. Tasks are in the order in which they began, which is that of their numbers. */
static int retell(struct replay *r, int64_t frame, struct err *why)
{
	int end = 0, first = 0, tasks = 0, plans = 0, rc = 0;

	replay_forget_tasks(r);
	while (end < r->event_count && r->event[end].frame < frame)
		end++;
	for (first = end; first > 0 && (tasks < REPLAY_TASKS_MAX || plans < REPLAY_PLANS_MAX); first--) {
		const struct replay_event *event = &r->event[first - 1];

		tasks += event->task > 0 && is_last(r, first - 1, end);
		plans += event->task == 0;
	}
	for (int i = first; i < end && rc == 0; i++)
		if (r->event[i].task == 0 || is_last(r, i, end))
			rc = take_event(r, &r->event[i], why);
	if (rc == 0)
		replay_sort_tasks(r);
	return rc;
}

/* Stands before the frame of that place, with all that was known then. */
static int go_back(struct replay *r, const struct replay_place *place, struct err *why)
{
	struct json *line = NULL;
	bool passing = r->passing;
	int rc = 0;

	r->passing = false;
	replay_forget_frame(r);
	unlearn(r, place->frame);
	for (int i = 0; i < r->server_count && rc == 0; i++) {
		rc = line_at(r, place->status[i], &line, why);
		if (rc == 0)
			rc = replay_read_status(r, line, why);
		json_free(line);
		line = NULL;
	}
	if (rc == 0)
		rc = retell(r, place->frame, why);
	r->line = place->line - 1;
	if (rc == 0)
		rc = line_at(r, place->offset, &line, why);
	r->passing = passing;
	if (rc < 0)
		return rc;
	json_free(r->next);
	r->next = line;
	r->next_offset = place->offset;
	r->next_line = place->line;
	r->frame = place->frame - 1;
	r->frame_offset = place->offset;
	r->now = place->before;
	r->ended = false;
	return 0;
}

void replay_end(struct replay *r)
{
	r->ended = true;
	for (int i = 0; i < r->server_count; i++) {
		r->status[i].state = SERVER_ENDED;
		snprintf(r->status[i].reason, sizeof r->status[i].reason, "the recording is at its end");
		replay_show_status(r, i);
	}
}

/* --- searching -------------------------------------------------------------------------------------------------------- */

void replay_seek(struct replay *r, int64_t frame, int64_t wall_us)
{
	r->search = (struct replay_search){.phase = SEARCH_BEGIN, .frame = frame, .wall_us = wall_us};
	if (frame > r->frames)
		r->search.frame = r->frames;
}

static bool is_before(const struct replay_search *s, int64_t frame, int64_t wall_us)
{
	return s->frame > 0 ? frame < s->frame : wall_us < s->wall_us;
}

/* Stands before what is looked for: where it is, when that is nearer than any place. */
static int begin(struct replay *r, struct err *why)
{
	int i = r->place_count - 1;

	r->search.phase = SEARCH_FORWARD;
	r->passing = true;
	while (i > 0 && !is_before(&r->search, r->place[i].frame, r->place[i].begun.wall_us))
		i--;
	if (!r->ended && r->frame >= r->place[i].frame && is_before(&r->search, r->frame, r->now.wall_us))
		return 0;
	return go_back(r, &r->place[i], why);
}

/* So far before the target is what its deltas and charts need. */
static bool is_far(const struct replay *r, int64_t frame, int64_t offset)
{
	return r->search.target - frame > REPLAY_RUN_UP_FRAMES || r->search.offset - offset > REPLAY_RUN_UP_BYTES;
}

/* Found: goes back once more, to where the frames begin that must be seen. */
static int begin_run_up(struct replay *r, struct err *why)
{
	int i = 0;

	r->search.phase = SEARCH_RUN_UP;
	r->search.target = r->frame;
	r->search.offset = r->frame_offset;
	while (i + 1 < r->place_count && r->place[i + 1].frame < r->search.target && is_far(r, r->place[i].frame, r->place[i].offset))
		i++;
	if (i > 0 && !is_far(r, r->place[i].frame, r->place[i].offset))
		i--; /* the one before is too far by less than the distance of places */
	return go_back(r, &r->place[i], why);
}

static int search_on(struct replay *r, struct err *why)
{
	struct replay_search *s = &r->search;

	if (s->phase == SEARCH_BEGIN)
		return begin(r, why);
	if (s->phase == SEARCH_FORWARD && (!is_before(s, r->frame, r->now.wall_us) || json_get(r->next, "end")))
		return begin_run_up(r, why);
	if (s->phase == SEARCH_FORWARD || (r->frame + 2 < s->target && is_far(r, r->frame + 1, r->next_offset)))
		return replay_step(r, why);
	s->phase = SEARCH_NONE;
	r->passing = false;
	return 0;
}

int replay_seek_on(struct replay *r, double ms, int64_t *target, struct err *why)
{
	int64_t end = clock_mono() + (int64_t)(ms * (double)CLOCK_MS_NS);

	while (r->search.phase != SEARCH_NONE) {
		int rc = search_on(r, why);

		if (rc < 0) {
			r->search.phase = SEARCH_NONE;
			r->passing = false;
			replay_end(r);
			return rc;
		}
		if (r->search.phase != SEARCH_NONE && clock_mono() >= end)
			return 1;
	}
	*target = r->search.target;
	return 0;
}

bool replay_ended(const struct replay *r)
{
	return r->ended;
}

int64_t replay_began_us(const struct replay *r)
{
	return r->place[0].begun.wall_us; /* a recording has a frame, or it was not opened */
}
