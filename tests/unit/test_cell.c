/* SPDX-License-Identifier: PostgreSQL */
#include "model/cell.h"

#include <math.h>
#include <stdio.h>

#include "unit.h"

static struct cell marked(struct cell c, enum mark mark)
{
	c.mark = mark;
	return c;
}

static struct cell text(const char *s)
{
	return cell_text(str_from(s));
}

static const char *shown(struct cell c, enum unit unit)
{
	static char out[256];
	struct buf b = BUF_INIT(200);

	cell_format(&b, &c, unit, 0, 0);
	snprintf(out, sizeof(out), "%s", buf_text(&b));
	buf_release(&b);
	return out;
}

START_TEST(what_is_not_finite_is_unknown)
{
	ck_assert_int_eq(cell_number(NAN).kind, CELL_UNKNOWN);
	ck_assert_int_eq(cell_number(INFINITY).kind, CELL_UNKNOWN);
	ck_assert_int_eq(cell_number(-INFINITY).kind, CELL_UNKNOWN);
	ck_assert_int_eq(cell_number(0.0).kind, CELL_NUMBER);
	ck_assert(isnan(cell_value(&CELL_NONE)));
	ck_assert(isnan(cell_value(&(struct cell){.kind = CELL_TEXT, .text = STR("12")})));
	ck_assert_double_eq(cell_value(&(struct cell){.kind = CELL_BOOL, .integer = 1}), 1.0);
}
END_TEST

/* Sorting needs a total order; these are in it, neighbours that are equal stand in one row. */
START_TEST(order_is_total_and_exact)
{
	struct cell in_order[] = {
		CELL_NONE,
		cell_number(-1e300),
		cell_int(INT64_MIN),
		cell_int(INT64_MIN + 1),
		cell_number(-1.5),
		cell_int(-1),
		cell_number(-0.5),
		cell_bool(false),
		cell_number(0.25),
		cell_bool(true),
		cell_int((INT64_C(1) << 53) - 1),
		cell_number(9007199254740992.0),  /* 2^53 */
		cell_int((INT64_C(1) << 53) + 1), /* a double cannot tell this one from 2^53 */
		cell_int(INT64_MAX),
		cell_number(9223372036854775808.0), /* 2^63 */
		text(""),
		text("Z"),
		text("a"),
		text("a\x01"),
		text("ab"),
		text("\xC3\xA4"),
	};

	for (size_t i = 0; i < ARRAY_LEN(in_order); i++) {
		for (size_t j = 0; j < ARRAY_LEN(in_order); j++) {
			int c = cell_compare(&in_order[i], &in_order[j]);

			ck_assert_msg((c > 0) - (c < 0) == (i > j) - (i < j), "%zu against %zu gives %d", i, j, c);
		}
	}
	ck_assert_int_eq(cell_compare(&(struct cell){.kind = CELL_INT, .integer = 3},
				      &(struct cell){.kind = CELL_NUMBER, .number = 3.0}),
			 0);
}
END_TEST

START_TEST(marks_show)
{
	ck_assert_str_eq(shown(CELL_NONE, UNIT_MS), "-");
	ck_assert_str_eq(shown(marked(CELL_NONE, MARK_BOUND), UNIT_MS), "-");
	ck_assert_str_eq(shown(marked(cell_number(120), MARK_ESTIMATED), UNIT_MS), "~120ms");
	ck_assert_str_eq(shown(marked(cell_number(300), MARK_BOUND), UNIT_MS), "<=300ms");
	/* what is shown is a bound, too: never rounded down */
	ck_assert_str_eq(shown(marked(cell_number(20.44), MARK_BOUND), UNIT_MS), "<=20.5ms");
	ck_assert_str_eq(shown(marked(cell_number(1.04), MARK_BOUND), UNIT_MS), "<=1.1ms");
	ck_assert_str_eq(shown(marked(cell_number(20.46), MARK_BOUND), UNIT_MS), "<=20.5ms");
	ck_assert_str_eq(shown(marked(cell_number(0.0001), MARK_BOUND), UNIT_MS), "<0.001ms");
	ck_assert_str_eq(shown(marked(cell_int(12), MARK_LIFETIME), UNIT_NONE), "12");
	ck_assert_str_eq(shown(cell_int(INT64_MIN), UNIT_ID), "-9223372036854775808");
	ck_assert_str_eq(shown(cell_int(-42), UNIT_TEXT), "-42");
	ck_assert_str_eq(shown(cell_bool(true), UNIT_NONE), "yes");
	ck_assert_str_eq(shown(marked(text("a\x1b[2J\r\nb"), MARK_ESTIMATED), UNIT_TEXT), "a\\x1B[2J b");
}
END_TEST

START_TEST(worst_mark_never_claims_a_bound)
{
	ck_assert_int_eq(mark_worst(MARK_EXACT, MARK_EXACT), MARK_EXACT);
	ck_assert_int_eq(mark_worst(MARK_EXACT, MARK_BOUND), MARK_BOUND);
	ck_assert_int_eq(mark_worst(MARK_BOUND, MARK_ESTIMATED), MARK_ESTIMATED);
	ck_assert_int_eq(mark_worst(MARK_ESTIMATED, MARK_BOUND), MARK_ESTIMATED);
	ck_assert_int_eq(mark_worst(MARK_LIFETIME, MARK_ESTIMATED), MARK_LIFETIME);
	ck_assert_str_eq(mark_name(MARK_LIFETIME), "cumulative");
	ck_assert_str_eq(mark_name(MARK_BOUND), "bound");
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		what_is_not_finite_is_unknown,
		order_is_total_and_exact,
		marks_show,
		worst_mark_never_claims_a_bound,
	};

	return unit_run("cell", cases, ARRAY_LEN(cases));
}
