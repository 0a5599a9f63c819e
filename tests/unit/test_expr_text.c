/* SPDX-License-Identifier: PostgreSQL */
/* What the parser of expressions refuses, and with which words; patterns; ceilings; thresholds. */
#include "model/expr.h"

#include <string.h>

#include "core/buf.h"
#include "expr_scope.h"

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

START_TEST(mistakes_in_patterns_have_one_too)
{
	refused("state ~ ''", "column 9: the pattern is empty");
	refused("state ~ '(a)\\1'", "column 9: the pattern at 4: back-references are not taken");
	refused("state ~ '(a'", "column 9: the pattern at 1: ( has no )");
	NUM("state ~ '[]x{9999}]'", 0, 0);
	NUM("query ~ '[0-9]{4}-[0-9]{2}-[0-9]{2}'", 0, 0);
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
		mistakes_have_a_column, mistakes_in_patterns_have_one_too, size_and_depth_are_bounded, thresholds,
		without_names,
	};

	return unit_run("expr_text", cases, ARRAY_LEN(cases));
}
