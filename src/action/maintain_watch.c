/* SPDX-License-Identifier: PostgreSQL */
/* While it runs: how far it is and what it waits for, asked each second over the second connection. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"

enum { POLL_MS = 1000, SOONER_MS = 300 };

static void take_progress(void *ctx, const struct pgwork_outcome *o)
{
	struct maintain *m = ctx;
	const char *phase = maintain_cell(o->result, 0, "phase"), *done = maintain_cell(o->result, 0, "done"),
	           *total = maintain_cell(o->result, 0, "total");
	double part = NAN, left = NAN, all = total ? strtod(total, NULL) : 0;
	int64_t now = loop_now(m->loop)->mono_ns;
	char text[120];

	if (!m->statement || o->why)
		return;
	if (phase && strncmp(phase, m->phase, sizeof m->phase - 1) != 0) {
		snprintf(m->phase, sizeof m->phase, "%s", phase);
		m->phase_ns = now;
	}
	if (done && all > 0)
		part = fmin(1, strtod(done, NULL) / all);
	if (part > 0.02) /* earlier it is noise */
		left = (double)(now - m->phase_ns) / 1e6 * (1 - part) / part;
	if (!phase)
		text[0] = '\0';
	else if (all > 0)
		snprintf(text, sizeof text, "%.60s, %.20s of %.20s", phase, done ? done : "?", total);
	else
		snprintf(text, sizeof text, "%.100s", phase);
	task_progress(&m->task, isnan(part) ? NAN : (m->ok + m->failed + part) / m->items, left, text);
}

static void take_waits(void *ctx, const struct pgwork_outcome *o)
{
	struct maintain *m = ctx;
	const char *text = maintain_cell(o->result, 0, "text");

	if (m->statement && !o->why)
		task_waits(&m->task, "%s", text ? text : "");
}

static void on_poll(void *ctx)
{
	struct maintain *m = ctx;
	const char *progress = action_sql(m->action, ACTION_PROGRESS, 0, m->version), *waits = m->text(m->text_ctx, "act_waits");
	char pid[16];
	const char *values[VALUES_MAX] = {pid};

	loop_timer_in(m->poll, POLL_MS);
	if (!m->statement || !pgwork_is_up(m->watch) || pgwork_open_count(m->watch) > 0)
		return;
	snprintf(pid, sizeof pid, "%d", pgwork_backend_pid(m->work));
	if (progress)
		maintain_query(m, m->watch, progress, values, take_progress);
	if (waits)
		maintain_query(m, m->watch, waits, values, take_waits);
}

void maintain_watch(struct maintain *m)
{
	pgwork_open(m->watch);
	if (!m->poll)
		m->poll = loop_timer_new(m->loop, on_poll, m);
	loop_timer_in(m->poll, SOONER_MS);
}

void maintain_unwatch(struct maintain *m)
{
	if (m->poll)
		loop_timer_stop(m->poll);
}
