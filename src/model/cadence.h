/* SPDX-License-Identifier: PostgreSQL */
/*
 * How often to ask: not faster than the interval and the panel's `every`, and slower where an answer costs the server
 * more than its share. Cost is the smallest of the last few elapsed times less the round trip, so that one hiccup does
 * not slow a panel down for long.
 */
#ifndef MODEL_CADENCE_H
#define MODEL_CADENCE_H

#include "core/base.h"

enum { CADENCE_KEEP = 5 };

struct cadence {
	double cost_ms[CADENCE_KEEP];
	int count, next;
	int64_t asked_ns;  /* when last asked, 0 = never */
};

void cadence_note(struct cadence *c, double elapsed_ms, double rtt_ms);
/* When it is due: 0 at once. share = the part of one core that this panel may take, e.g. 0.003. */
int64_t cadence_due_ns(const struct cadence *c, double interval_ms, double every_ms, double share);
double cadence_cost_ms(const struct cadence *c); /* NAN before the first note */

#endif
