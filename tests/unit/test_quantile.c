/* SPDX-License-Identifier: PostgreSQL */
#include "model/quantile.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "core/base.h"
#include "unit.h"

enum { MANY = 200000 };

static const double shares[] = {0.001, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};

/* Our own generator: the same values on every machine. */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Spread evenly over the powers of two from 1 ns to 1 h, with a run of small ones. */
static int64_t draw_value(uint64_t *state)
{
	double octaves = (double)(draw(state) >> 11) / 9007199254740992.0 * 41.7;

	return (int64_t)exp2(octaves);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double raw_at(const int64_t *sorted, int count, double share)
{
	int rank = (int)ceil(share * count - 1e-9);

	return (double)sorted[rank < 1 ? 0 : rank - 1];
}

static void check_against(const struct quantile *q, int64_t *raw, int count)
{
	double sum = 0;

	qsort(raw, (size_t)count, sizeof *raw, by_value);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++) {
		double want = raw_at(raw, count, shares[i]), got = quantile_at(q, shares[i]);

		ck_assert_msg(fabs(got - want) <= want * 0.004, "share %g: %g, raw %g", shares[i], got, want);
	}
	for (int i = 0; i < count; i++)
		sum += (double)raw[i];
	ck_assert_uint_eq(q->count, (uint64_t)count);
	ck_assert_double_eq_tol(quantile_mean(q), sum / count, sum / count * 1e-9);
}

START_TEST(quantiles_are_those_of_the_raw_values)
{
	static struct quantile q;
	static int64_t raw[MANY];
	uint64_t state = 42;

	for (int i = 0; i < MANY; i++)
		quantile_add(&q, raw[i] = draw_value(&state));
	check_against(&q, raw, MANY);
	ck_assert_uint_eq(q.min, (uint64_t)raw[0]);
	ck_assert_uint_eq(q.max, (uint64_t)raw[MANY - 1]);
	ck_assert_double_eq(quantile_at(&q, 1), (double)raw[MANY - 1]);
	ck_assert_double_eq(quantile_at(&q, 0), (double)raw[0]);
}
END_TEST

START_TEST(small_values_and_one_value_are_exact)
{
	static struct quantile q;

	ck_assert(isnan(quantile_at(&q, 0.5)));
	ck_assert(isnan(quantile_mean(&q)));
	for (int64_t v = 1; v <= 200; v++)
		quantile_add(&q, v);
	ck_assert_double_eq(quantile_at(&q, 0.5), 100);
	ck_assert_double_eq(quantile_at(&q, 0.99), 198);
	ck_assert(isnan(quantile_at(&q, 1.01)));
	ck_assert(isnan(quantile_at(&q, -0.1)));
	ck_assert(isnan(quantile_at(&q, NAN)));
	quantile_clear(&q);
	quantile_add(&q, 123456789);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		ck_assert_double_eq(quantile_at(&q, shares[i]), 123456789); /* never outside min..max */
}
END_TEST

START_TEST(what_is_beyond_the_ends_is_counted)
{
	static struct quantile q;

	quantile_add(&q, -5);
	quantile_add(&q, 0);
	quantile_add(&q, INT64_MAX);
	quantile_add(&q, QUANTILE_TOP);
	quantile_add(&q, QUANTILE_TOP + 1);
	ck_assert_uint_eq(q.count, 5);
	ck_assert_uint_eq(q.min, 0);
	ck_assert_uint_eq(q.max, INT64_MAX);
	ck_assert_double_eq(quantile_at(&q, 0.4), 0);
	ck_assert(quantile_at(&q, 0.6) >= (double)QUANTILE_TOP * 0.99);
	ck_assert_double_eq(quantile_at(&q, 1), (double)INT64_MAX);
}
END_TEST

START_TEST(merged_is_as_one)
{
	static struct quantile a, b, one;
	static int64_t raw[MANY];
	uint64_t state = 7;

	quantile_merge(&a, &b);
	ck_assert_uint_eq(a.count, 0);
	for (int i = 0; i < MANY; i++) {
		raw[i] = draw_value(&state);
		quantile_add(i % 3 ? &a : &b, raw[i]);
		quantile_add(&one, raw[i]);
	}
	quantile_merge(&b, &a);
	check_against(&b, raw, MANY);
	ck_assert_uint_eq(b.min, one.min);
	ck_assert_uint_eq(b.max, one.max);
	for (size_t i = 0; i < ARRAY_LEN(shares); i++)
		ck_assert_double_eq(quantile_at(&b, shares[i]), quantile_at(&one, shares[i]));
}
END_TEST

START_TEST(a_difference_is_what_came_since)
{
	static struct quantile q, before;
	static int64_t raw[MANY];
	uint64_t state = 11;

	for (int i = 0; i < 1000; i++)
		quantile_add(&q, draw_value(&state));
	quantile_add(&q, 1);
	quantile_add(&q, QUANTILE_TOP);
	before = q;
	for (int i = 0; i < MANY; i++)
		quantile_add(&q, raw[i] = 1000 + draw_value(&state) % 1000000);
	quantile_subtract(&q, &before);
	check_against(&q, raw, MANY);
	ck_assert(q.min <= (uint64_t)raw[0] && (double)q.min >= (double)raw[0] * 0.99);
	ck_assert(q.max >= (uint64_t)raw[MANY - 1] && (double)q.max <= (double)raw[MANY - 1] * 1.01);
}
END_TEST

START_TEST(a_difference_of_nothing_is_empty_and_a_fallen_one_starts_anew)
{
	static struct quantile q, before;

	quantile_add(&q, 5000);
	before = q;
	quantile_subtract(&q, &before);
	ck_assert_uint_eq(q.count, 0);
	ck_assert(isnan(quantile_mean(&q)));
	ck_assert(isnan(quantile_at(&q, 0.5)));
	quantile_add(&before, 5000);
	quantile_add(&q, 5000);
	quantile_subtract(&q, &before);
	ck_assert_uint_eq(q.count, 1);
	ck_assert_double_eq_tol(quantile_at(&q, 0.5), 5000, 20);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		quantiles_are_those_of_the_raw_values,
		small_values_and_one_value_are_exact,
		what_is_beyond_the_ends_is_counted,
		merged_is_as_one,
		a_difference_is_what_came_since,
		a_difference_of_nothing_is_empty_and_a_fallen_one_starts_anew,
	};

	return unit_run("quantile", cases, ARRAY_LEN(cases));
}
