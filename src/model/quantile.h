/* SPDX-License-Identifier: PostgreSQL */
/*
 * A histogram of times that we measured ourselves: log-linear (as HdrHistogram): below 256 every value has a bucket, above it
 * every power of two has 128, so a bucket is at most 1/128 of its value wide and a quantile is off by at most 0.4 % of the raw
 * one of the same rank. 36 KiB, flat: copied and cleared by assignment, nothing to free. Values are integers, meant as
 * nanoseconds up to QUANTILE_TOP; greater ones are counted in the last bucket (max and mean stay exact).
 */
#ifndef MODEL_QUANTILE_H
#define MODEL_QUANTILE_H

#include "core/base.h"

#define QUANTILE_TOP INT64_C(3600000000000) /* 1 h */

enum { QUANTILE_BITS = 7, QUANTILE_BUCKETS = (2 << QUANTILE_BITS) + 34 * (1 << QUANTILE_BITS) };

struct quantile { /* zeroed = empty */
	uint64_t count;
	uint64_t min, max;  /* exact; of a difference: the bounds of the outermost buckets */
	double sum;
	uint64_t bucket[QUANTILE_BUCKETS];
};

void quantile_clear(struct quantile *q);
void quantile_add(struct quantile *q, int64_t value); /* negative counts as 0 */
void quantile_merge(struct quantile *into, const struct quantile *from);
/* Leaves in q what came since `before`, an earlier copy of it. A bucket that fell (not a copy, or cleared since) is taken
 * for empty before. */
void quantile_subtract(struct quantile *q, const struct quantile *before);
/* The value of nearest rank, 0 < share <= 1 (0.99 = p99), in the unit of the values: the middle of its bucket, never
 * outside min..max; 0 is min, 1 max. NAN: empty, or no share. */
double quantile_at(const struct quantile *q, double share);
double quantile_mean(const struct quantile *q); /* exact but for a double's rounding; NAN when empty */

#endif
