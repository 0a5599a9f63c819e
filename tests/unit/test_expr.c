/* SPDX-License-Identifier: PostgreSQL */
#include "model/expr.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "unit.h"

/* Four rows of a panel. Row 2 is where nothing is known, row 3 is odd. */
enum { CALLS, TIME, STATE, QUERY, STARTED, SIZE, FLAG, HIST, NAME_COUNT, SELF = 10000 };

static const char *const names[] = {"calls", "time", "state", "query", "started", "size", "flag", "hist", NULL};

static int resolve(void *ctx, struct str name)
{
	(void)ctx;
	for (int i = 0; i < NAME_COUNT; i++)
		if (str_is(name, names[i]))
			return i;
	return -1;
}

static enum expr_type type_of(void *ctx, int id)
{
	static const enum expr_type types[] = {EXPR_COUNTER, EXPR_COUNTER, EXPR_TEXT, EXPR_TEXT,
					       EXPR_TIME,    EXPR_NUMBER,  EXPR_BOOL, EXPR_HISTOGRAM};

	(void)ctx;
	return types[id];
}

static const char *name_at(void *ctx, int i)
{
	(void)ctx;
	return i <= NAME_COUNT ? names[i] : NULL;
}

static const struct expr_names scope_names = {.resolve = resolve, .type = type_of, .name = name_at};

static struct cell marked(struct cell c, enum mark mark)
{
	c.mark = mark;
	return c;
}

static struct cell value(void *ctx, int id, int row)
{
	(void)ctx;
	if (row == 2)
		return CELL_NONE;
	switch (id) {
	case CALLS:
		return cell_int(row == 0 ? 10 : row == 1 ? 30 : INT64_MAX);
	case TIME:
		return cell_number(row == 0 ? 2.5 : 7.5);
	case STATE:
		return cell_text(row == 0 ? STR("active") : STR("idle"));
	case QUERY:
		return cell_text(row == 0 ? STR("SELECT * FROM Bridge_Transactions")
					  : STR("UPDATE x SET y = '\xC3\xA4'"));
	case STARTED:
		return cell_int(INT64_C(1000000000) * (row + 1));
	case SIZE:
		return row == 0   ? marked(cell_number(100), MARK_BOUND)
		       : row == 1 ? marked(cell_number(50), MARK_ESTIMATED)
				  : cell_number(1);
	case FLAG:
		return cell_bool(row == 0);
	case SELF:
		return cell_number(row == 0 ? 150 : 50);
	}
	return CELL_NONE;
}

static struct cell delta(void *ctx, int id, int row)
{
	(void)ctx;
	if (row == 2)
		return CELL_NONE;
	return id == CALLS ? cell_int(row == 0 ? 4 : 12) : cell_number(row == 0 ? 1.0 : 3.0);
}

static struct cell quantile(void *ctx, int row, double q)
{
	(void)ctx;
	return row == 0 ? marked(cell_number(q * 100), MARK_ESTIMATED) : CELL_NONE;
}

static struct cell stddev(void *ctx, int row)
{
	(void)ctx;
	return row == 0 ? cell_number(1.25) : CELL_NONE;
}

static struct cell hquantile(void *ctx, int id, int row, double q)
{
	(void)ctx;
	return id == HIST && row == 0 ? marked(cell_number(q), MARK_BOUND) : CELL_NONE;
}

static struct expr_scope scope_of(int rows)
{
	return (struct expr_scope){.value = value,
				   .delta = delta,
				   .quantile = quantile,
				   .stddev = stddev,
				   .hquantile = hquantile,
				   .rows = rows,
				   .seconds = 2.0,
				   .wall_us = 5000000000};
}

static struct expr *parsed(const char *text)
{
	struct expr *e = NULL;
	struct err why;
	int rc = expr_parse(&e, str_from(text), &scope_names, &why);

	ck_assert_msg(rc == 0, "%s: %s", text, rc < 0 ? why.text : "");
	return e;
}

static struct cell result(const char *text, int row, int rows)
{
	struct expr_scope scope = scope_of(rows);
	struct expr *e = parsed(text);
	struct cell c = expr_eval(e, &scope, row);

	ck_assert_msg(c.kind != CELL_TEXT, "%s: its text would outlive the expression", text);
	expr_free(e);
	return c;
}

#define NUM(text, row, want)                                                                                           \
	do {                                                                                                           \
		struct cell c_ = result(text, row, 4);                                                                 \
		ck_assert_msg(cell_value(&c_) == (want), "%s gives %.17g", text, cell_value(&c_));                     \
	} while (0)
#define UNKNOWN(text, row) ck_assert_msg(result(text, row, 4).kind == CELL_UNKNOWN, "%s is known", text)
#define INT(text, want)                                                                                                \
	do {                                                                                                           \
		struct cell c_ = result(text, 0, 4);                                                                   \
		ck_assert_msg(c_.kind == CELL_INT && c_.integer == (want), "%s", text);                                \
	} while (0)
#define MARK(text, row, want)                                                                                          \
	do {                                                                                                           \
		struct cell c_ = result(text, row, 2);                                                                 \
		ck_assert_msg(c_.kind != CELL_UNKNOWN && c_.mark == (want), "%s: %d %d", text, c_.kind, c_.mark);      \
	} while (0)

START_TEST(precedence)
{
	INT("1 + 2 * 3", 7);
	INT("(1 + 2) * 3", 9);
	INT("10 - 3 - 2", 5);
	NUM("16 / 4 / 2", 0, 2.0);
	INT("-2 * -3", 6);
	INT("- - 2", 2);
	INT("+5", 5);
	INT("7 % 4 + 1", 4);
	NUM("1 = 1 and 2 > 1 or false", 0, 1);
	NUM("true or true and false", 0, 1);
	NUM("not 1 = 2", 0, 1);
	NUM("not true or true", 0, 1);
	NUM("1 + 1 = 2", 0, 1);
	NUM("1 <> 2 and 1 == 1", 0, 1);
	NUM("TRUE AND NOT False", 0, 1);
}
END_TEST

START_TEST(numbers_and_units)
{
	NUM("100ms", 0, 100);
	NUM("30 s", 0, 30000);
	NUM("1.5h", 0, 5400000);
	NUM("1h30m", 0, 5400000);
	NUM("64kB", 0, 65536);
	NUM("90%", 0, 90);
	NUM("90 % 7", 0, 6);
	NUM("90%7", 0, 6);
	NUM("90%(7)", 0, 6);
	NUM("90%calls", 0, 0);
	NUM("90% > 80%", 0, 1);
	NUM("90% and true", 0, 1);
	NUM("(90%)", 0, 90);
	NUM(".5", 0, 0.5);
	NUM("2k", 0, 2000);
	INT("9223372036854775807", INT64_MAX);
	NUM("9223372036854775808 > 9223372036854775807", 0, 1);
	NUM("calls = 9223372036854775807", 3, 1);
	NUM("calls = 9223372036854775806", 3, 0);
}
END_TEST

START_TEST(whole_numbers_stay_exact_until_they_do_not_fit)
{
	INT("9007199254740993 + 0", INT64_C(9007199254740993));
	INT("9223372036854775807 % 10", 7);
	NUM("9223372036854775807 + 1", 0, 9223372036854775808.0);
	NUM("-9223372036854775807 - 2", 0, -9223372036854775808.0);
	NUM("9223372036854775807 * 3", 0, 27670116110564327421.0);
	INT("(-9223372036854775807 - 1) % -1", 0);
	NUM("abs(-9223372036854775807 - 1)", 0, 9223372036854775808.0);
	NUM("1e300 = 1", 0, 0);
}
END_TEST

START_TEST(rows_and_deltas)
{
	NUM("calls", 1, 30);
	NUM("d(calls)", 0, 4);
	NUM("rate(calls)", 1, 6);
	NUM("100 * d(time) / d(calls)", 0, 25);
	NUM("quantile(0.95)", 0, 95);
	NUM("stddev()", 0, 1.25);
	NUM("hquantile(0.99, hist)", 0, 0.99);
	NUM("age(started)", 0, 4000000);
	NUM("age(started) > 1h", 0, 1);
	NUM("length(query)", 0, 33);
	NUM("length(\"a\xC3\xA4\xE2\x82\xAC\")", 0, 3);
	NUM("length('it''s')", 0, 4);
	NUM("length(\"\")", 0, 0);
}
END_TEST

START_TEST(an_age_is_never_negative)
{
	struct expr *e = parsed("age(started)");
	struct expr_scope scope = scope_of(4);
	struct cell c;

	scope.wall_us = 999999999; /* our clock is behind */
	c = expr_eval(e, &scope, 0);
	ck_assert_double_eq(cell_value(&c), 0);
	expr_free(e);
}
END_TEST

START_TEST(unknown_stays_unknown)
{
	UNKNOWN("calls", 2);
	UNKNOWN("calls + 1", 2);
	UNKNOWN("1 / 0", 0);
	UNKNOWN("1 % 0", 0);
	UNKNOWN("0.0 / 0", 0);
	UNKNOWN("sqrt(-1)", 0);
	UNKNOWN("unknown", 0);
	UNKNOWN("unknown = unknown", 0);
	UNKNOWN("not unknown", 0);
	UNKNOWN("true and unknown", 0);
	UNKNOWN("unknown or false", 0);
	NUM("false and unknown", 0, 0);
	NUM("unknown and false", 0, 0);
	NUM("unknown or true", 0, 1);
	UNKNOWN("if(unknown, 1, 2)", 0);
	NUM("if(true, 1, unknown)", 0, 1);
	UNKNOWN("least(1, unknown)", 0);
	NUM("coalesce(unknown, calls, 5)", 2, 5);
	NUM("coalesce(calls, 5)", 0, 10);
	NUM("known(calls)", 2, 0);
	NUM("known(calls)", 0, 1);
	UNKNOWN("state = \"x\"", 2);
	UNKNOWN("state ~ x", 2);
	UNKNOWN("calls in (1, unknown)", 0);
	NUM("calls in (1, unknown, 10)", 0, 1);
	UNKNOWN("length(query)", 2);
	UNKNOWN("stddev()", 1);
	UNKNOWN("age(started)", 2);
}
END_TEST

START_TEST(without_an_interval_nothing_is_per_second)
{
	struct expr *e = parsed("rate(calls)"), *d = parsed("d(calls)");
	struct expr_scope scope = scope_of(4);

	scope.seconds = NAN;
	ck_assert_int_eq(expr_eval(e, &scope, 0).kind, CELL_UNKNOWN);
	scope.seconds = 0;
	ck_assert_int_eq(expr_eval(e, &scope, 0).kind, CELL_UNKNOWN);
	scope = (struct expr_scope){.value = value, .rows = 1, .seconds = 1};
	ck_assert_int_eq(expr_eval(d, &scope, 0).kind, CELL_UNKNOWN);
	expr_free(e);
	expr_free(d);
}
END_TEST

START_TEST(texts)
{
	NUM("state = \"active\"", 0, 1);
	NUM("state = 'active'", 1, 0);
	NUM("state != 'active'", 1, 1);
	NUM("state < 'b'", 0, 1);
	NUM("state in ('idle', 'active')", 0, 1);
	NUM("state not in ('idle', 'active')", 0, 0);
	NUM("query ~ bridge", 0, 1);
	NUM("query ~ bridge", 1, 0);
	NUM("query !~ bridge", 1, 1);
	NUM("query ~ \"^select .* from\"", 0, 1);
	NUM("query ~ '(update|delete) x'", 1, 1);
	NUM("query ~ 'select \\*'", 0, 1);
	NUM("state ~ 'ACTIVE'", 0, 1);
	NUM("state ~ activex", 0, 0);
	NUM("state ~ 'ctiv'", 0, 1);
	NUM("state ~ '^$'", 0, 0);
}
END_TEST

START_TEST(over_all_rows)
{
	NUM("sum(d(calls))", 0, 28); /* row 2 is unknown and left out */
	NUM("max(time)", 0, 7.5);
	NUM("min(calls)", 2, 10);
	NUM("avg(d(time))", 0, 7.0 / 3);
	NUM("count()", 0, 4);
	NUM("count(state = 'active')", 0, 1);
	NUM("count(known(state))", 0, 3);
	NUM("share(d(calls))", 0, 400.0 / 28);
	NUM("sum(rate(calls)) + count()", 0, 18);
	ck_assert_int_eq(result("sum(calls)", 0, 0).integer, 0);
	ck_assert_int_eq(result("count(flag)", 0, 0).integer, 0);
	ck_assert_int_eq(result("avg(calls)", 0, 0).kind, CELL_UNKNOWN);
	ck_assert_int_eq(result("max(calls)", 0, 0).kind, CELL_UNKNOWN);
	ck_assert_int_eq(result("sum(1 / 0)", 0, 4).kind, CELL_UNKNOWN);
	ck_assert_int_eq(result("sum(calls)", 0, 2).kind, CELL_INT);
	ck_assert_int_eq(result("sum(calls)", 0, 4).kind, CELL_NUMBER); /* beyond 64 bits */
	ck_assert_int_eq(result("max(started)", 0, 2).kind, CELL_INT);
}
END_TEST

static int rows_read;

static struct cell counted_value(void *ctx, int id, int row)
{
	rows_read++;
	return value(ctx, id, row);
}

START_TEST(figures_over_all_rows_are_computed_once)
{
	struct expr *e = parsed("share(time)");
	struct expr_cache cache = {0};
	struct expr_scope scope = scope_of(2);
	struct cell c;

	scope.value = counted_value;
	scope.cache = &cache;
	rows_read = 0;
	c = expr_eval(e, &scope, 0);
	ck_assert_double_eq(cell_value(&c), 25);
	ck_assert_int_eq(rows_read, 3);
	c = expr_eval(e, &scope, 1);
	ck_assert_double_eq(cell_value(&c), 75);
	ck_assert_int_eq(rows_read, 4);
	cache = (struct expr_cache){0};
	expr_eval(e, &scope, 1);
	ck_assert_int_eq(rows_read, 7);
	expr_free(e);
}
END_TEST

START_TEST(marks_go_along)
{
	MARK("calls", 0, MARK_EXACT);
	MARK("quantile(0.5) + 1", 0, MARK_ESTIMATED);
	MARK("size + 1", 0, MARK_BOUND);
	MARK("size * 2", 0, MARK_BOUND);
	MARK("size / 2", 0, MARK_BOUND);
	MARK("size - 2", 0, MARK_BOUND);
	MARK("sqrt(size)", 0, MARK_BOUND);
	MARK("greatest(size, 3)", 0, MARK_BOUND);
	MARK("size + quantile(0.5)", 0, MARK_ESTIMATED);
	MARK("sum(size)", 0, MARK_ESTIMATED);
	MARK("size > 10", 0, MARK_BOUND);
	MARK("size > 10 or true", 0, MARK_BOUND);
	MARK("false and size > 10", 0, MARK_EXACT);
	MARK("coalesce(unknown, calls, size)", 0, MARK_EXACT);
	MARK("if(size > 10, 1, 2)", 0, MARK_ESTIMATED);
	MARK("if(true, size, calls)", 0, MARK_BOUND);
	MARK("known(size)", 0, MARK_EXACT);
	/* where it would not stay an upper bound there is no figure */
	UNKNOWN("1000 / size", 0);
	UNKNOWN("1000 - size", 0);
	UNKNOWN("-size", 0);
	UNKNOWN("size * -1", 0);
	UNKNOWN("size % 7", 0);
	NUM("1000 - size", 1, 950); /* estimated: may be taken off */
}
END_TEST

static void refused(const char *text, const char *message)
{
	struct expr *e = NULL;
	struct err why = {0};
	int rc = expr_parse(&e, str_from(text), &scope_names, &why);

	ck_assert_msg(rc < 0, "accepted: %s", text);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(e);
}

START_TEST(mistakes_have_a_column)
{
	refused("", "column 1: the expression is empty");
	refused("  ", "column 1: the expression is empty");
	refused("1 +", "column 4: a value is expected, not the end");
	refused("1 + * 2", "column 5: a value is expected, not '*'");
	refused("(1 + 2", "column 7: ) is expected, not the end");
	refused("1 2", "column 3: an operator is expected, not '2'");
	refused("1) ", "column 2: an operator is expected, not ')'");
	refused("100 * cals", "column 7: unknown name 'cals'; did you mean 'calls'?");
	refused("zzzzz > 1",
		"column 1: unknown name 'zzzzz'; known: calls, time, state, query, started, size, flag, hist");
	refused("state = waiting", "column 9: unknown name 'waiting'; a text needs quotes; known: calls, time, state, "
				   "query, started, size, flag, hist");
	refused("state = 5", "column 7: a text is compared with a number");
	refused("calls in (1, 'x')", "column 14: a text is compared with a number");
	refused("state + 1", "column 7: + wants a number, this is a text");
	refused("1 * 'x'", "column 3: * wants a number, this is a text");
	refused("-state", "column 1: a sign wants a number, this is a text");
	refused("calls ~ x", "column 7: ~ wants a text before it, this is a number");
	refused("state ~ (x)", "column 9: ~ wants a pattern behind it: one word or a text in quotes");
	refused("state and true", "column 7: and wants a condition, this is a text; compare it, or write known(...)");
	refused("not state", "column 1: not wants a condition, this is a text; compare it, or write known(...)");
	refused("1 < 2 < 3", "column 7: comparisons do not chain; write a < b and b < c");
	refused("d(size)", "column 3: d() wants a counter, 'size' is none");
	refused("rate(1)", "column 6: rate() wants a name here");
	refused("d(calls, time)", "column 8: ) is expected, not ','");
	refused("hquantile(0.5, calls)", "column 16: hquantile() wants a histogram, 'calls' is none");
	refused("quantile(95)", "column 10: quantile() wants a number between 0 and 1 here");
	refused("quantile(calls)", "column 10: quantile() wants a number between 0 and 1 here");
	refused("smu(calls)", "column 1: unknown function 'smu'; did you mean 'sum'?");
	refused("nosuchthing(1)", "column 1: unknown function 'nosuchthing'");
	refused("if(true, 1)", "column 1: if() wants 3 arguments");
	refused("coalesce()", "column 1: coalesce() wants at least 1 argument");
	refused("abs(1, 2)", "column 8: abs() takes no more arguments");
	refused("if(true, 1, 'x')", "column 13: if() gets texts and numbers; one kind is expected");
	refused("sum(state)", "column 5: sum() wants a number, this is a text");
	refused("length(1)", "column 8: length() wants a text, this is a number");
	refused("age(size)", "column 5: age() wants a time");
	refused("sum(1 + sum(calls))", "column 9: sum() inside another figure over all rows");
	refused("5 parsecs",
		"column 1: \"5 parsecs\" has an unknown unit; known are us ms s min h d, B kB MB GB TB, %, k M G");
	refused("'open", "column 1: the text has no closing '");
	refused("1 & 2", "column 3: '&' is no operator; write and, or");
	refused("!flag", "column 1: '!' is no operator; write not");
	refused("a \xE2\x80\xAE", "column 3: a character that no expression has; quote texts");
	refused("1 \x1b", "column 3: a character that no expression has; quote texts");
	refused("x not 5", "column 1: unknown name 'x'; known: calls, time, state, query, started, size, flag, hist");
	refused("1 not 5", "column 7: in is expected, not '5'");
}
END_TEST

START_TEST(patterns_are_bounded)
{
	char text[300];

	refused("state ~ ''", "column 9: the pattern is empty");
	refused("state ~ '(a)\\1'", "column 9: back-references are not taken in patterns");
	refused("state ~ '(a{100}){100}'", "column 9: the pattern repeats more than 1000 times in all");
	refused("state ~ '[a[]{900}{900}'", "column 9: the pattern repeats more than 1000 times in all");
	refused("state ~ '(a,{,500}){9,}'", "column 9: the pattern repeats more than 1000 times in all");
	refused("state ~ 'a{99999999999999999999}'", "column 9: the pattern repeats more than 1000 times in all");
	refused("state ~ '(a'", "column 9: the pattern is no regular expression: Unmatched ( or \\(");
	memset(text, 'a', sizeof(text));
	memcpy(text, "state ~ '.", 10);
	memcpy(text + 266, "'", 2);
	refused(text, "column 9: the pattern is over 256 bytes");
	text[265] = '\'';
	text[266] = '\0';
	expr_free(parsed(text));
	NUM("state ~ '[]x{9999}]'", 0, 0);
	NUM("query ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}'", 0, 0);
}
END_TEST

static struct cell long_text(void *ctx, int id, int row)
{
	(void)id;
	(void)row;
	return cell_text(buf_str(ctx));
}

START_TEST(hostile_patterns_end_in_time)
{
	static const char *const patterns[] = {"(a+)+b",
					       "(a*)*b",
					       "(a|aa)+b",
					       "(a|a?)+b",
					       "(.*)(.*)(.*)(.*)(.*)b$",
					       "(a?){30}a{30}",
					       "((a{1,9}){1,9}){1,9}b",
					       "(x+x+)+y",
					       "([a-z]+)*[0-9]"};
	struct buf b = BUF_INIT(1 << 16);
	struct timespec t0, t1;

	while (b.len < 10000)
		buf_addc(&b, 'a');
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct expr_scope scope = {.value = long_text, .ctx = &b, .rows = 1};
		char text[100];
		struct expr *e;
		double s;

		snprintf(text, sizeof(text), "query ~ '%s'", patterns[i]);
		e = parsed(text);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
		expr_eval(e, &scope, 0);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
		s = (double)(t1.tv_sec - t0.tv_sec) + (double)(t1.tv_nsec - t0.tv_nsec) / 1e9;
		ck_assert_msg(s < 2.0, "%s takes %.3f s", patterns[i], s);
		expr_free(e);
	}
	/* what stands behind 4096 bytes is not looked at */
	buf_clear(&b);
	while (b.len < 4096)
		buf_addc(&b, 'a');
	buf_adds(&b, "needle");
	for (int i = 0; i < 2; i++) {
		struct expr *e = parsed(i == 0 ? "query ~ needle" : "query ~ 'need.e'");
		struct expr_scope scope = {.value = long_text, .ctx = &b, .rows = 1};

		ck_assert(!expr_true(e, &scope, 0));
		expr_free(e);
	}
	buf_release(&b);
}
END_TEST

START_TEST(size_and_depth_are_bounded)
{
	struct buf b = BUF_INIT(1 << 16);
	struct expr *e;
	struct err why;

	for (int i = 0; i < 31; i++)
		buf_addc(&b, '(');
	buf_adds(&b, "1");
	for (int i = 0; i < 31; i++)
		buf_addc(&b, ')');
	expr_free(parsed(buf_text(&b)));
	buf_clear(&b);
	for (int i = 0; i < 5000; i++)
		buf_addc(&b, '(');
	refused(buf_text(&b), "column 33: nested deeper than 32");
	buf_clear(&b);
	for (int i = 0; i < 5000; i++)
		buf_addc(&b, '-');
	refused(buf_text(&b), "column 32: nested deeper than 32");
	buf_clear(&b);
	for (int i = 0; i < 1000; i++)
		buf_adds(&b, "not ");
	refused(buf_text(&b), "column 125: nested deeper than 32");
	buf_clear(&b);
	buf_adds(&b, "1");
	for (int i = 0; i < 500; i++)
		buf_adds(&b, "+1");
	INT(buf_text(&b), 501); /* a long sum is not deep */
	for (int i = 0; i < 20; i++)
		buf_adds(&b, "+1");
	ck_assert_int_eq(expr_parse(&e, buf_str(&b), &scope_names, &why), ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(why.text, "more than 1024 parts"));
	buf_clear(&b);
	while (b.len < 8193)
		buf_addc(&b, ' ');
	refused(buf_text(&b), "an expression of over 8192 bytes");
	buf_release(&b);
	refused("sum(1)+sum(1)+sum(1)+sum(1)+sum(1)+sum(1)+sum(1)+sum(1)+sum(1)",
		"column 57: more than 8 figures over all rows");
}
END_TEST

static bool alerts(const char *text, int row)
{
	struct expr_scope scope = scope_of(4);
	struct expr *e = NULL;
	struct err why;
	int rc = expr_parse_threshold(&e, str_from(text), SELF, &scope_names, &why);
	bool result_;

	ck_assert_msg(rc == 0, "%s: %s", text, rc < 0 ? why.text : "");
	result_ = expr_true(e, &scope, row);
	expr_free(e);
	return result_;
}

START_TEST(thresholds)
{
	struct expr *e = NULL;
	struct err why;

	ck_assert(alerts("> 100ms", 0));
	ck_assert(!alerts("> 100ms", 1));
	ck_assert(alerts(">100 and < 200", 0));
	ck_assert(alerts("> 1000 or self >= 150", 0));
	ck_assert(alerts("> 100 and state = 'active'", 0));
	ck_assert(!alerts("> 100 and state = 'idle'", 0));
	ck_assert(alerts("calls >= 10 and calls < 20", 0));
	ck_assert(alerts("in (1, 50)", 1));
	ck_assert(alerts("not in (1, 50)", 0));
	ck_assert(alerts("!= 50", 0));
	ck_assert(alerts("flag", 0));
	ck_assert_int_eq(expr_parse_threshold(&e, STR("50"), SELF, &scope_names, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "column 1: no condition; write it like \"> 100ms\"");
	ck_assert_int_eq(expr_parse_threshold(&e, STR("self + 1"), SELF, &scope_names, &why), ERR_INVALID);
	ck_assert_int_eq(expr_parse_threshold(&e, STR("d(self) > 1"), SELF, &scope_names, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "column 3: d() wants a counter, 'self' is none");
	refused("> 5", "column 1: a value is expected, not '>'");
	refused("self > 5",
		"column 1: unknown name 'self'; known: calls, time, state, query, started, size, flag, hist");
}
END_TEST

static bool is_query(void *ctx, int id)
{
	(void)ctx;
	return id == QUERY;
}

START_TEST(what_an_expression_reads)
{
	struct expr *e = parsed("calls > 1 and query ~ x"), *d = parsed("d(calls) + length('query')");

	ck_assert(expr_uses(e, is_query, NULL));
	ck_assert(!expr_uses(d, is_query, NULL));
	expr_free(e);
	expr_free(d);
	expr_free(NULL);
}
END_TEST

/* Names may be known to nobody: a filter before the first panel. */
START_TEST(without_names)
{
	struct expr *e = NULL;
	struct err why;

	ck_assert_int_eq(expr_parse(&e, STR("x"), NULL, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, "column 1: unknown name 'x'");
	ck_assert_int_eq(expr_parse(&e, STR("1 + 1"), NULL, &why), 0);
	expr_free(e);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		precedence,
		numbers_and_units,
		whole_numbers_stay_exact_until_they_do_not_fit,
		rows_and_deltas,
		an_age_is_never_negative,
		unknown_stays_unknown,
		without_an_interval_nothing_is_per_second,
		texts,
		over_all_rows,
		figures_over_all_rows_are_computed_once,
		marks_go_along,
		mistakes_have_a_column,
		patterns_are_bounded,
		hostile_patterns_end_in_time,
		size_and_depth_are_bounded,
		thresholds,
		what_an_expression_reads,
		without_names,
	};

	return unit_run("expr", cases, ARRAY_LEN(cases));
}
