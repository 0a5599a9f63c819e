/* SPDX-License-Identifier: PostgreSQL */
#include "model/series.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Points of a value each, so many seconds after the one before (below zero: nothing is known over that time), laid on an axis: a
 * digit for each place, '.' where nothing is known. */
static void laid(const char *values, const double *steps, double age_s, double step_s, const char *want)
{
	struct series s, times;
	double out[40];
	char text[41];
	int count = (int)strlen(want);

	series_init(&s, 16);
	series_init(&times, 16);
	for (int i = 0; values[i]; i++) {
		series_add(&s, values[i] == '.' ? (double)NAN : values[i] - '0');
		series_add(&times, steps[i]);
	}
	series_lay(&s, &times, age_s, step_s, out, count);
	for (int i = 0; i < count; i++)
		text[i] = isnan(out[i]) ? '.' : (char)('0' + lround(out[i]));
	text[count] = '\0';
	ck_assert_str_eq(text, want);
	series_release(&s);
	series_release(&times);
}

START_TEST(an_axis_is_true_time)
{
	/* samples at 0, 1, 2, 602 and 603 s */
	laid("12345", (double[]){NAN, 1, 1, -600, 1}, 0, 1, "........45");
	laid("12345", (double[]){NAN, 1, 1, -7, 1}, 0, 1, "12" "3......45");
	/* the same, three seconds later: the newest is three seconds old */
	laid("12345", (double[]){NAN, 1, 1, -7, 1}, 3, 1, "123......45...");
	/* asked each 3 s: each stands for the 3 s before it, the first for nobody knows what */
	laid("1234", (double[]){NAN, 3, 3, 3}, 0, 1, "..1222333444");
	laid("1234", (double[]){NAN, 3, 3, 3}, 2, 1, "1222333444..");
	/* a changed interval, a stretched cadence */
	laid("123456", (double[]){NAN, 1, 1, 4, 1, 1}, 0, 1, "1234444" "56");
	laid("123456", (double[]){NAN, 1, 1, 1.9, 2.1, 1}, 0, 1, "1234455" "6");
	/* a longer interval now: two points in each place are their mean; peaks do not vanish, they become part of it */
	laid("135713", (double[]){NAN, 1, 1, 1, 1, 1}, 0, 2, "1362");
	/* times are never even: nobody falls out, nobody comes twice */
	laid("1234567", (double[]){NAN, 1.02, 0.97, 1.01, 1.03, 0.96, 1.02}, 0.01, 1, "..1234567");
	laid("1234567", (double[]){NAN, 0.98, 1.03, 0.99, 0.97, 1.04, 0.98}, 0, 1, "..1234567");
	/* what was unknown stays so */
	laid("12.45", (double[]){NAN, 1, 1, 1, 1}, 0, 1, "12.45");
	laid("..", (double[]){NAN, 1}, 0, 1, "...");
}
END_TEST

START_TEST(an_axis_takes_any_times)
{
	static const double odd[] = {0, -0.0, 1e-300, -1e300, 1e300, INFINITY, -INFINITY, 0.5, NAN, 1e15};
	struct series s, times;
	double out[50];

	series_init(&s, 8);
	series_init(&times, 8);
	for (size_t i = 0; i < ARRAY_LEN(odd) * 3; i++) {
		series_add(&s, (double)i);
		series_add(&times, odd[i * 7 % ARRAY_LEN(odd)]);
		for (size_t k = 0; k < ARRAY_LEN(odd); k++) {
			series_lay(&s, &times, odd[k], odd[(k + i) % ARRAY_LEN(odd)], out, 50);
			for (int place = 0; place < 50; place++)
				ck_assert(isnan(out[place]) || (out[place] >= 0 && out[place] <= (double)i));
		}
	}
	series_lay(&s, &times, 0, 1, out, 0);
	series_release(&s);
	series_release(&times);
	series_lay(&s, &times, 0, 1, out, 50);
	ck_assert(isnan(out[49]));
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		the_ring_keeps_the_newest,
		gaps_are_kept_and_do_not_count,
		an_axis_is_true_time,
		an_axis_takes_any_times,
	};

	return unit_run("series", cases, ARRAY_LEN(cases));
}
