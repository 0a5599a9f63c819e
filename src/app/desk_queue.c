/* SPDX-License-Identifier: PostgreSQL */
/*
 * A PostgreSQL server sees at most 6 connections of one dashboard, whatever keys are pressed: the one that samples; one that
 * cancels or ends sessions, which never waits for the others; one that plans or looks before a question, or two of an action that
 * is done in a moment; two of the maintenance that runs, its own and its eyes. What would be more waits, and the jobs say for
 * what. (A warm-up reads over connections of its own.)
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/desk_private.h"

enum lane { LANE_NONE, LANE_SIGNAL, LANE_LOOK };

static enum lane lane_of(const struct desk_side *side)
{
	switch (side->kind) {
	case DESK_SIGNAL:
		return LANE_SIGNAL;
	case DESK_EXPLAIN:
	case DESK_MAINTAIN:
		return LANE_LOOK;
	default:
		return LANE_NONE;
	}
}

static bool is_open(const struct desk_side *side)
{
	return !side->task->queued && side->task->state != TASK_DONE;
}

/* Whether `of` has to wait for it: for its connection, or for the database, in which one maintenance runs at a time. */
static bool stands_before(const struct desk_side *side, const struct desk_side *of)
{
	if (side == of || side->server != of->server || !is_open(side) || lane_of(side) != lane_of(of))
		return false;
	return !side->alone || of->alone || side->task->state < TASK_RUNNING;
}

static const struct task *holder(const struct desk *d, const struct desk_side *of)
{
	for (int i = 0; i < d->task_count && lane_of(of) != LANE_NONE; i++)
		if (stands_before(d->side[i], of))
			return d->task[i];
	return NULL;
}

void desk_admit(struct desk *d)
{
	char text[sizeof d->task[0]->phase];

	for (int i = 0; i < d->task_count; i++) {
		struct task *t = d->task[i];
		const struct task *before = t->queued ? holder(d, d->side[i]) : NULL;

		if (!t->queued || d->quitting)
			continue;
		if (!before) {
			task_start(t);
			continue;
		}
		snprintf(text, sizeof text, "after: %.100s", before->title);
		if (strcmp(text, t->phase) != 0)
			task_progress(t, (double)NAN, (double)NAN, text);
	}
}
