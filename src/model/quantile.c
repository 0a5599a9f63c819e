/* SPDX-License-Identifier: PostgreSQL */
#include "model/quantile.h"

#include <math.h>
#include <string.h>

enum { LINEAR = 2 << QUANTILE_BITS, STEPS = 1 << QUANTILE_BITS };

static int bucket_of(uint64_t value)
{
	int shift;

	if (value < LINEAR)
		return (int)value;
	if (value > QUANTILE_TOP)
		value = QUANTILE_TOP;
	shift = 63 - __builtin_clzll(value) - QUANTILE_BITS;
	return LINEAR + (shift - 1) * STEPS + (int)(value >> shift) - STEPS;
}

/* The smallest and the greatest value of a bucket. */
static void bounds_of(int bucket, uint64_t *low, uint64_t *high)
{
	int shift = (bucket - LINEAR) / STEPS + 1;

	if (bucket < LINEAR) {
		*low = *high = (uint64_t)bucket;
		return;
	}
	*low = (uint64_t)((bucket - LINEAR) % STEPS + STEPS) << shift;
	*high = *low + (UINT64_C(1) << shift) - 1;
}

void quantile_clear(struct quantile *q)
{
	memset(q, 0, sizeof *q);
}

void quantile_add(struct quantile *q, int64_t value)
{
	uint64_t v = value > 0 ? (uint64_t)value : 0;

	if (q->count++ == 0 || v < q->min)
		q->min = v;
	if (v > q->max)
		q->max = v;
	q->sum += (double)v;
	q->bucket[bucket_of(v)]++;
}

void quantile_merge(struct quantile *into, const struct quantile *from)
{
	if (from->count == 0)
		return;
	if (into->count == 0 || from->min < into->min)
		into->min = from->min;
	if (from->max > into->max)
		into->max = from->max;
	into->count += from->count;
	into->sum += from->sum;
	for (int i = 0; i < QUANTILE_BUCKETS; i++)
		into->bucket[i] += from->bucket[i];
}

void quantile_subtract(struct quantile *q, const struct quantile *before)
{
	uint64_t low, high, all_max = q->max;
	int first = -1, last = -1;

	q->count = 0;
	for (int i = 0; i < QUANTILE_BUCKETS; i++) {
		if (q->bucket[i] >= before->bucket[i])
			q->bucket[i] -= before->bucket[i];
		if (q->bucket[i] == 0)
			continue;
		first = first < 0 ? i : first;
		last = i;
		q->count += q->bucket[i];
	}
	q->sum = q->sum >= before->sum ? q->sum - before->sum : q->sum;
	q->min = q->max = 0;
	if (q->count == 0) {
		q->sum = 0;
		return;
	}
	bounds_of(first, &q->min, &high);
	bounds_of(last, &low, &high);
	/* Above the last bound the exact maximum is all that is known; it may be an older one. */
	q->max = high < all_max && last < QUANTILE_BUCKETS - 1 && high < QUANTILE_TOP ? high : all_max;
}

double quantile_at(const struct quantile *q, double share)
{
	double rank = ceil(share * (double)q->count - 1e-9);
	uint64_t seen = 0, low = 0, high = 0;

	if (q->count == 0 || !(share >= 0 && share <= 1))
		return NAN;
	if (rank < 1 || share >= 1)
		return (double)(rank < 1 ? q->min : q->max);
	for (int i = 0; i < QUANTILE_BUCKETS && (double)seen < rank; i++) {
		seen += q->bucket[i];
		if ((double)seen >= rank)
			bounds_of(i, &low, &high);
	}
	return fmin(fmax(((double)low + (double)high) / 2, (double)q->min), (double)q->max);
}

double quantile_mean(const struct quantile *q)
{
	return q->count ? q->sum / (double)q->count : NAN;
}
