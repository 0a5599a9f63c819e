/* SPDX-License-Identifier: PostgreSQL */
/*
 * How often to ask: not faster than the interval and the panel's `every`, and slower where an answer costs the server
 * more than its share. Cost is the smallest of the last few elapsed times less the round trip, so that one hiccup does
 * not slow a panel down for long; where the share is a promise (`strict`), it is the mean of all but the dearest,
 * which is what was taken.
 */
#ifndef MODEL_CADENCE_H
#define MODEL_CADENCE_H

#include "core/base.h"

enum {
	CADENCE_KEEP = 5,
	/* A large set that costs more than CADENCE_DEAR_MS gets a smaller share, by as much as it costs more. A small one that takes
	 * long was waiting for a busy server, which is just when one wants to see it. */
	CADENCE_LARGE_ROWS = 1000,
	CADENCE_DEAR_MS = 4,
	CADENCE_DEAR_SLOWEST_MS = 10000,
	CADENCE_SLOWEST_MS = 60000 /* cost alone never slows a panel down further than this */
};

struct cadence {
	double cost_ms[CADENCE_KEEP];
	int count, next;
	int64_t asked_ns;  /* when last asked, 0 = never; set by the one who asks */
	int rows;          /* of the last answer; set by the one who notes */
	bool strict;       /* cost is a mean, not the least; set by the one who notes */
};

/* An answer took elapsed_ms, an empty round trip takes rtt_ms (NAN: not known, nothing is taken off). */
void cadence_note(struct cadence *c, double elapsed_ms, double rtt_ms);
/* When it is due (monotonic ns): 0 = at once, as it was never asked. share = the part of one core that this panel may
 * take, e.g. 0.004: a cost of 8 ms is then due every 2 s; as a large set (twice CADENCE_DEAR_MS, so half the share) every 4 s. */
int64_t cadence_due_ns(const struct cadence *c, double interval_ms, double every_ms, double share);
/* The same as a time between two asks. */
double cadence_wait_ms(const struct cadence *c, double interval_ms, double every_ms, double share);
double cadence_cost_ms(const struct cadence *c); /* NAN before the first note */

#endif
