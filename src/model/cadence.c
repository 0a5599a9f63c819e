/* SPDX-License-Identifier: PostgreSQL */
#include "model/cadence.h"

#include <math.h>

void cadence_note(struct cadence *c, double elapsed_ms, double rtt_ms)
{
	double cost = elapsed_ms - (isfinite(rtt_ms) ? rtt_ms : 0);

	if (!isfinite(elapsed_ms))
		return;
	c->cost_ms[c->next] = cost > 0 ? cost : 0;
	c->next = (c->next + 1) % CADENCE_KEEP;
	if (c->count < CADENCE_KEEP)
		c->count++;
}

double cadence_cost_ms(const struct cadence *c)
{
	double least = NAN, most = NAN, sum = 0;

	for (int i = 0; i < c->count; i++) {
		least = fmin(least, c->cost_ms[i]);
		most = fmax(most, c->cost_ms[i]);
		sum += c->cost_ms[i];
	}
	return c->strict && c->count > 1 ? (sum - most) / (c->count - 1) : least;
}

double cadence_wait_ms(const struct cadence *c, double interval_ms, double every_ms, double share)
{
	double wait = fmax(0, fmax(interval_ms, every_ms));
	double cost = cadence_cost_ms(c);

	if (cost > 0) { /* false for NAN */
		double slow = share > 0 ? cost / share : CADENCE_SLOWEST_MS;

		if (c->rows >= CADENCE_LARGE_ROWS) /* but never slower than that for being large alone */
			slow = fmax(slow, fmin(slow * fmax(1, cost / CADENCE_DEAR_MS), CADENCE_DEAR_SLOWEST_MS));

		wait = fmax(wait, fmin(slow, CADENCE_SLOWEST_MS));
	}
	return fmin(wait, 1e12); /* 30 years: a sum with a time cannot overflow */
}

int64_t cadence_due_ns(const struct cadence *c, double interval_ms, double every_ms, double share)
{
	if (c->asked_ns == 0)
		return 0;
	return c->asked_ns + (int64_t)(cadence_wait_ms(c, interval_ms, every_ms, share) * 1e6);
}
