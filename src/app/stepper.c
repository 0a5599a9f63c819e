/* SPDX-License-Identifier: PostgreSQL */
#include "app/stepper.h"

#include <stdlib.h>

#include "core/mem.h"

enum { STEPPER_SLICE_MS = 8 }; /* of reading in one turn: a key waits for no longer */

enum stepper_phase { STEPPER_IDLE, STEPPER_SEARCHING, STEPPER_PLAYING };

struct stepper {
	struct loop *loop;
	struct replay *replay;
	struct loop_timer *again;   /* so that the next turn comes at once */
	enum stepper_phase phase;
	struct ui_step step;        /* under way */
	struct ui_step next;        /* asked for meanwhile */
	bool waiting;               /* there is a next one */
	int64_t target;
	const char *notice;
};

static void on_again(void *ctx)
{
	(void)ctx;
}

struct stepper *stepper_new(struct loop *l, struct replay *replay)
{
	struct stepper *st = mem_alloc(sizeof *st);

	st->loop = l;
	st->replay = replay;
	st->again = loop_timer_new(l, on_again, st);
	return st;
}

void stepper_free(struct stepper *st)
{
	if (!st)
		return;
	loop_timer_free(st->again);
	free(st);
}

static int64_t half_us(const struct stepper *st)
{
	return st->step.about ? (int64_t)(replay_interval_ms(st->replay) * 500) : 0;
}

/* The frame that is meant, and in st->notice what is not as it was asked for; 0: it is found by its time. */
static int64_t number_of(struct stepper *st)
{
	int64_t last = replay_frames(st->replay), to = replay_frame(st->replay) + st->step.by;

	st->notice = NULL;
	if (st->step.kind == UI_STEP_TIME) {
		if (st->step.wall_us < replay_began_us(st->replay))
			st->notice = "the recording begins here";
		return 0;
	}
	if (st->step.kind == UI_STEP_END)
		return last;
	if (to < 1 || to > last)
		st->notice = to < 1 ? "the recording begins here" : "the recording ends here";
	return to < 1 ? 1 : to > last ? last : to;
}

static void begin(struct stepper *st, const struct ui_step *step)
{
	int64_t here = replay_frame(st->replay), to;
	bool ended = replay_ended(st->replay);

	st->step = *step;
	to = number_of(st);
	if (to == here && !ended)
		return;
	loop_timer_in(st->again, 0);
	if (to > here && to - here <= REPLAY_RUN_UP_FRAMES) { /* on from here, as if somebody had waited for it */
		st->target = to;
		st->phase = STEPPER_PLAYING;
		return;
	}
	replay_seek(st->replay, to, step->wall_us - half_us(st));
	st->phase = STEPPER_SEARCHING;
}

void stepper_go(struct stepper *st, const struct ui_step *step)
{
	bool add = st->waiting && step->kind == UI_STEP_FRAMES && st->next.kind == UI_STEP_FRAMES;

	if (st->phase == STEPPER_IDLE) {
		begin(st, step);
		return;
	}
	if (add)
		st->next.by += step->by;
	else
		st->next = *step;
	st->waiting = true;
}

static int search(struct stepper *st, struct session *s, struct err *why)
{
	int rc;

	if (!session_settled(s)) /* an answer of the old time must not meet the new one */
		return 1;
	rc = replay_seek_on(st->replay, STEPPER_SLICE_MS, &st->target, why);
	if (rc != 0)
		return rc;
	session_rewind(s);
	st->phase = STEPPER_PLAYING;
	return 1;
}

/* The next frame as soon as all of the one before is in the feeds. What a server that is not live owes never comes. */
static int play(struct stepper *st, struct session *s, struct err *why)
{
	int rc;

	if (replay_frame(st->replay) > 0 && !session_idle(s) && !session_waits_for_servers(s))
		return 1;
	if (replay_frame(st->replay) == st->target)
		return 0;
	rc = replay_next(st->replay, why);
	if (rc > 0)
		session_refresh(s);
	return rc;
}

static int fail(struct stepper *st, int rc)
{
	st->phase = STEPPER_IDLE;
	st->waiting = false;
	return rc;
}

int stepper_turn(struct stepper *st, struct session *s, struct err *why)
{
	int rc;

	if (st->phase == STEPPER_IDLE)
		return 0;
	rc = st->phase == STEPPER_SEARCHING ? search(st, s, why) : play(st, s, why);
	if (rc < 0)
		return fail(st, rc);
	loop_timer_in(st->again, 0);
	if (rc > 0)
		return 1;
	st->phase = STEPPER_IDLE;
	if (st->step.kind == UI_STEP_TIME && !st->notice && replay_now(st->replay)->wall_us < st->step.wall_us - half_us(st))
		st->notice = "the recording ends here";
	if (st->waiting) {
		st->waiting = false;
		begin(st, &st->next);
	}
	return 2;
}

bool stepper_busy(const struct stepper *st)
{
	return st->phase != STEPPER_IDLE;
}

const char *stepper_notice(struct stepper *st)
{
	const char *notice = st->notice;

	st->notice = NULL;
	return notice;
}
