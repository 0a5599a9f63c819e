/* SPDX-License-Identifier: PostgreSQL */
#include "model/series.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "unit.h"

START_TEST(the_ring_keeps_the_newest)
{
	struct series s;

	series_init(&s, 4);
	ck_assert(isnan(series_at(&s, 0)));
	ck_assert(isnan(series_max(&s, 4)));
	for (int i = 1; i <= 6; i++)
		series_add(&s, i);
	ck_assert_int_eq(s.count, 4);
	for (int i = 0; i < 4; i++)
		ck_assert_double_eq(series_at(&s, i), 6 - i);
	ck_assert(isnan(series_at(&s, 4)));
	ck_assert(isnan(series_at(&s, -1)));
	ck_assert_double_eq(series_max(&s, 100), 6);
	ck_assert_double_eq(series_min(&s, 100), 3);
	ck_assert_double_eq(series_min(&s, 2), 5);
	series_release(&s);
	series_add(&s, 1); /* a released series takes nothing and does not crash */
	ck_assert_int_eq(s.count, 0);
}
END_TEST

START_TEST(gaps_are_kept_and_do_not_count)
{
	struct series s;

	series_init(&s, 8);
	series_add(&s, NAN);
	series_add(&s, -3);
	series_add(&s, INFINITY);
	series_add(&s, 1e300);
	series_add(&s, 2);
	ck_assert(isnan(series_at(&s, 1)));
	ck_assert(isnan(series_at(&s, 2)));
	ck_assert(isnan(series_at(&s, 4)));
	ck_assert_double_eq(series_max(&s, 8), 2);
	ck_assert_double_eq(series_min(&s, 8), -3);
	ck_assert(isnan(series_max(&s, 0)));
	series_release(&s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		the_ring_keeps_the_newest,
		gaps_are_kept_and_do_not_count,
	};

	return unit_run("series", cases, ARRAY_LEN(cases));
}
