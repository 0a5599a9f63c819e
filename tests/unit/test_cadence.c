/* SPDX-License-Identifier: PostgreSQL */
#include "model/cadence.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "model/status.h"
#include "unit.h"

#define S INT64_C(1000000000)

START_TEST(never_asked_is_due_at_once)
{
	struct cadence c = {0};

	ck_assert(isnan(cadence_cost_ms(&c)));
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 4000, 0.003), 0);
	c.asked_ns = 5 * S;
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.003), 6 * S);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 4000, 0.003), 9 * S);
}
END_TEST

START_TEST(cost_slows_down_and_one_hiccup_does_not)
{
	struct cadence c = {.asked_ns = S};

	cadence_note(&c, 900, 0.5); /* the first answer came from a cold cache */
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.003), S + 60 * S);
	cadence_note(&c, 8.5, 0.5);
	ck_assert_double_eq_tol(cadence_cost_ms(&c), 8, 1e-9);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 2 * S);
	cadence_note(&c, 500, 0.5);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 2 * S);
	for (int i = 0; i < CADENCE_KEEP; i++) /* but when it stays dear, it slows down */
		cadence_note(&c, 12, 0);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 3 * S);
	for (int i = 0; i < CADENCE_KEEP; i++) /* what is cheap has the whole share */
		cadence_note(&c, 3.2, 0);
	ck_assert_int_eq(cadence_due_ns(&c, 100, 0, 0.004), S + 800 * (S / 1000));
}
END_TEST

START_TEST(large_sets_have_a_smaller_share)
{
	struct cadence c = {.asked_ns = S, .rows = CADENCE_LARGE_ROWS};

	cadence_note(&c, 3.2, 0); /* cheap: the whole share */
	ck_assert_int_eq(cadence_due_ns(&c, 100, 0, 0.004), S + 800 * (S / 1000));
	c.count = c.next = 0;
	cadence_note(&c, 8, 0); /* 8 ms / 0.004 is 2 s; twice dear: twice as long */
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 4 * S);
	c.count = c.next = 0;
	cadence_note(&c, 24, 0); /* 6 s, and 36 for its size: as far as 10 */
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 10 * S);
	c.count = c.next = 0;
	cadence_note(&c, 80, 0); /* its cost alone */
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 20 * S);
	c.rows = CADENCE_LARGE_ROWS - 1; /* a small set on a busy server */
	c.count = c.next = 0;
	cadence_note(&c, 24, 0);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.004), S + 6 * S);
}
END_TEST

START_TEST(a_promised_share_counts_what_was_taken)
{
	static const double cost_ms[CADENCE_KEEP] = {1, 0.2, 1, 300, 1.8};
	struct cadence c = {.asked_ns = S, .strict = true};

	cadence_note(&c, 2, 0); /* alone: as it is */
	ck_assert_int_eq(cadence_due_ns(&c, 0, 100, 0.0005), S + 4 * S);
	for (int i = 0; i < CADENCE_KEEP; i++)
		cadence_note(&c, cost_ms[i], 0);
	ck_assert_double_eq_tol(cadence_cost_ms(&c), 1, 1e-9);
	ck_assert_int_eq(cadence_due_ns(&c, 0, 100, 0.0005), S + 2 * S);
}
END_TEST

START_TEST(odd_figures_do_no_harm)
{
	struct cadence c = {.asked_ns = S};

	cadence_note(&c, NAN, 1);
	ck_assert(isnan(cadence_cost_ms(&c)));
	cadence_note(&c, 0.2, 5);
	ck_assert_double_eq(cadence_cost_ms(&c), 0);
	cadence_note(&c, 0.2, NAN);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0.003), 2 * S);
	ck_assert_int_eq(cadence_due_ns(&c, NAN, NAN, 0.003), S);
	for (int i = 0; i < CADENCE_KEEP; i++)
		cadence_note(&c, 1, 0);
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 0, 0), 61 * S);        /* no share at all: the slowest */
	ck_assert_int_eq(cadence_due_ns(&c, 1000, 300000, 0.003), 301 * S); /* every: may be slower than that */
	ck_assert_int_gt(cadence_due_ns(&c, 1e300, 0, 0.003), 0);
}
END_TEST

START_TEST(states_have_names)
{
	ck_assert_str_eq(server_state_name(SERVER_CONNECTING), "connecting");
	ck_assert_str_eq(server_state_name(SERVER_ENDED), "ended");
	ck_assert_str_eq(server_state_name((enum server_state)99), "unknown");
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		never_asked_is_due_at_once,
		cost_slows_down_and_one_hiccup_does_not,
		large_sets_have_a_smaller_share,
		a_promised_share_counts_what_was_taken,
		odd_figures_do_no_harm,
		states_have_names,
	};

	return unit_run("cadence", cases, ARRAY_LEN(cases));
}
