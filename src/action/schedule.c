/* SPDX-License-Identifier: PostgreSQL */
/* When a job is due, and what is remembered of it. */
#include "action/schedule.h"

#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "model/json.h"

enum { STATE_MAX = 64 << 10 };

bool schedule_open(const struct schedule_window *w, bool utc, int64_t now_us)
{
	time_t seconds = (time_t)(now_us / 1000000);
	struct tm tm;
	int minute, yesterday;

	if (!w->set)
		return true;
	/* The wall clock decides, so a window that a change to summer time leaves out is not open that day, and one that comes
	 * twice is open twice; a job still runs once, for it is due once. */
	if (!(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)))
		return false;
	minute = tm.tm_hour * 60 + tm.tm_min;
	yesterday = (tm.tm_wday + 6) % 7;
	if (w->from < w->to)
		return (w->days >> tm.tm_wday & 1) && minute >= w->from && minute < w->to;
	if (w->from == w->to)
		return w->days >> tm.tm_wday & 1;
	return ((w->days >> tm.tm_wday & 1) && minute >= w->from) || ((w->days >> yesterday & 1) && minute < w->to);
}

enum schedule_verdict schedule_due(const struct schedule *s, int job, const struct schedule_state *state, int64_t now_us, int64_t *next_us)
{
	const struct schedule_job *j = &s->job[job];
	int64_t every = (int64_t)(j->every_ms * 1000), retry = (int64_t)(j->retry_ms * 1000);
	int64_t ok = state->ok_us > now_us + every ? 0 : state->ok_us, tried = state->tried_us > now_us + every ? 0 : state->tried_us;
	bool unknown = state->unknown && tried > ok;

	*next_us = ok > 0 ? ok + every : now_us;
	if (unknown && tried + every > *next_us)
		*next_us = tried + every;
	if (*next_us > now_us)
		return SCHEDULE_LATER;
	if (tried > ok && tried + retry > now_us) {
		*next_us = tried + retry;
		return SCHEDULE_RETRY;
	}
	return schedule_open(&j->window, s->utc, now_us) ? SCHEDULE_DUE : SCHEDULE_CLOSED;
}

/* --- what is remembered ---------------------------------------------------------------------------------------------- */

static void put_time(struct json_writer *w, const char *key, int64_t us)
{
	char text[32];

	if (us <= 0) {
		json_put_null(w, key);
		return;
	}
	clock_utc_text(us, text);
	json_put_string(w, key, text);
}

void schedule_put_state(const struct schedule *s, const struct schedule_state *state, struct buf *out)
{
	struct json_writer w;

	json_begin(&w, out, false);
	json_open_map(&w, NULL);
	for (int i = 0; i < s->jobs; i++) {
		json_open_map(&w, s->job[i].name);
		put_time(&w, "ok", state[i].ok_us);
		put_time(&w, "tried", state[i].tried_us);
		json_put_bool(&w, "unknown", state[i].unknown);
		json_close(&w);
	}
	json_close(&w);
}

/* "2026-11-22T15:04:05.123Z"; 0 when it is none. */
static int64_t get_time(const struct json *n)
{
	const char *text = json_text(n), *end;
	struct tm tm = {0};
	int64_t ms = 0;

	end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	if (!end)
		return 0;
	if (*end == '.')
		for (int i = 1; i <= 3 && end[i] >= '0' && end[i] <= '9'; i++)
			ms = ms * 10 + (end[i] - '0');
	return (int64_t)timegm(&tm) * 1000000 + ms * 1000;
}

int schedule_get_state(const struct schedule *s, const char *text, struct schedule_state *state, struct err *why)
{
	struct json *root = NULL;
	int rc;

	memset(state, 0, (size_t)s->jobs * sizeof *state);
	rc = json_parse(&root, text, strlen(text), STATE_MAX, why);
	if (rc < 0)
		return err_prefix(why, "what is remembered of the plan");
	for (int i = 0; i < s->jobs; i++) {
		const struct json *n = json_get(root, s->job[i].name);
		state[i] = (struct schedule_state){get_time(json_get(n, "ok")), get_time(json_get(n, "tried")),
		                                   json_is_true(json_get(n, "unknown"))};
	}
	json_free(root);
	return 0;
}
