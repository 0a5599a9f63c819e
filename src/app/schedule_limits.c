/* SPDX-License-Identifier: PostgreSQL */
/* How busy the server is, against the plan's limits: before a job, and while one runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/schedule_private.h"
#include "core/units.h"

enum { GAP_MS = 2000, MONITOR_MS = 5000, BLIND_MAX = 2 };

static double number(const char *text)
{
	return text ? strtod(text, NULL) : NAN;
}

static struct load read_load(const struct reply *r)
{
	return (struct load){number(r->cell[0]), number(r->cell[1]), number(r->cell[2]), number(r->cell[3]), number(r->cell[4])};
}

static bool over(char *text, size_t room, const char *what, double value, double limit, enum unit unit)
{
	char is[UNIT_TEXT_MAX], may[UNIT_TEXT_MAX];

	if (!(value > limit)) /* not known is not over */
		return false;
	unit_format(is, unit, value, 0);
	unit_format(may, unit, limit, 0);
	snprintf(text, room, "%s: %s, the limit is %s", what, is, may);
	return true;
}

static bool passed(const struct schedule_limits *l, const struct load *before, const struct load *now, char *text, size_t room)
{
	double transactions = now->transactions - before->transactions;
	double latency = transactions > 0 ? (now->active_time - before->active_time) / transactions : NAN;

	return over(text, room, "running sessions", now->active, l->active, UNIT_NONE) ||
	       over(text, room, "a standby lags", now->lag_bytes, l->lag_bytes, UNIT_BYTES) ||
	       over(text, room, "a standby lags", now->lag_ms, l->lag_ms, UNIT_MS) ||
	       over(text, room, "a transaction takes", latency, l->latency_ms, UNIT_MS);
}

static bool any(const struct schedule_limits *l)
{
	return !isnan(l->active) || !isnan(l->lag_bytes) || !isnan(l->lag_ms) || !isnan(l->latency_ms);
}

static bool look(struct sched *s, char *text, size_t room)
{
	struct reply r;
	bool known = sched_ask(s, "sched_limits", NULL, 0, &r) == 0 && r.row;

	if (known)
		s->load = read_load(&r);
	else /* what is not known is no licence */
		snprintf(text, room, "how busy the server is cannot be seen: %s", r.why.text);
	reply_release(&r);
	return known;
}

bool sched_busy(struct sched *s, char *text, size_t room)
{
	const struct schedule_limits *l = &s->plan->limits;
	struct load before;

	if (!any(l))
		return false;
	if (!look(s, text, room))
		return true;
	before = s->load;
	if (!isnan(l->latency_ms)) {
		sched_wait(s, GAP_MS);
		if (!look(s, text, room))
			return true;
	}
	return passed(l, &before, &s->load, text, room);
}

/* A build that is cancelled leaves an invalid index, which would cost more than its end. */
static void act(struct sched *s, const char *text)
{
	if (s->told)
		return;
	s->told = true;
	if (s->leaves)
		sched_say(s, "%s: it goes on, for cancelling it would leave an invalid index; nothing more is begun", text);
	else {
		sched_say(s, "%s: cancelled", text);
		task_cancel(s->task);
	}
}

/* Once is an accident; what stays unknown is no licence. */
static void blind(struct sched *s, const char *why)
{
	char text[200];

	if (++s->blind < BLIND_MAX || !s->task || !any(&s->plan->limits))
		return;
	snprintf(text, sizeof text, "how busy the server is cannot be seen: %.120s", why);
	act(s, text);
}

static void watched(void *ctx, const struct pgwork_outcome *o)
{
	struct sched *s = ctx;
	struct load before = s->load;
	char text[160];

	sched_reply(&s->watched, o);
	if (!s->watched.row)
		blind(s, s->watched.why.code ? s->watched.why.text : "it said nothing");
	else {
		s->blind = 0;
		s->load = read_load(&s->watched);
		if (s->task && passed(&s->plan->limits, &before, &s->load, text, sizeof text))
			act(s, text);
	}
	reply_release(&s->watched);
}

/* With the lock, so that no other host begins the plan while its job runs. That the lock is ours is found out before the next job, with
 * what was done meanwhile (schedule_run.c): here it is only held. */
static void reopen(struct sched *s)
{
	const char *sql = files_session_text(s->conf->run->files, "sched_lock");
	char number[16];
	const char *values[] = {number};
	struct pgwork_query q = {.sql = sql, .values = values, .count = 1, .deadline_ms = MONITOR_MS};

	blind(s, "the connection was lost");
	sched_lock_number(s, number);
	pgwork_open(s->work);
	if (sql && pgwork_open_count(s->work) == 0)
		pgwork_run(s->work, &q, 1);
}

static void on_monitor(void *ctx)
{
	struct sched *s = ctx;
	const char *sql = files_session_text(s->conf->run->files, "sched_limits");
	struct pgwork_query q = {.sql = sql, .deadline_ms = MONITOR_MS, .done = watched, .ctx = s};

	loop_timer_in(s->monitor, MONITOR_MS);
	if (!pgwork_is_up(s->work))
		reopen(s);
	else if (sql && any(&s->plan->limits) && pgwork_open_count(s->work) == 0)
		pgwork_run(s->work, &q, 1);
}

void sched_monitor(struct sched *s, bool on)
{
	if (!s->monitor)
		s->monitor = loop_timer_new(s->conf->run->loop, on_monitor, s);
	s->blind = 0;
	if (on)
		loop_timer_in(s->monitor, MONITOR_MS);
	else
		loop_timer_stop(s->monitor);
}
