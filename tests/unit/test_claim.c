/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/claims_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define HEAD "-- SPDX-License-Identifier: PostgreSQL\n/* dytop claim\ntitle: A list\nclaimed: \"300-500 % faster\"\nleast: 300\n"

static const char *bad(const char *text)
{
	static struct err why;
	struct claim c;

	ck_assert_msg(claim_parse(&c, "claim_x", "d/claim_x.sql", str_from(text), &why) < 0, "accepted: %s", text);
	return why.text;
}

static void says(const char *text, const char *wanted)
{
	const char *got = bad(text);
	ck_assert_msg(strstr(got, wanted) != NULL, "'%s' has no '%s'", got, wanted);
}

START_TEST(a_file)
{
	static const char text[] = HEAD "measure: faster\norder: 7\nnote: \"so it is\"\n*/\n-- both:\nSELECT 1;\n-- without:\nSELECT 2;\n"
		"SELECT 3;\n-- with:\n-- a remark\nCREATE INDEX i ON t (a);\n-- query without:\nSELECT 'x;';\n-- query with:\nSELECT 5\n";
	struct claim c;
	struct err why = {0};

	ck_assert(claim_is(STR(text)));
	ck_assert_msg(claim_parse(&c, "claim_x", "d/claim_x.sql", STR(text), &why) == 0, "%s", why.text);
	ck_assert_str_eq(c.title, "A list");
	ck_assert_str_eq(c.note, "so it is");
	ck_assert_int_eq(c.order, 7);
	ck_assert(c.least == 300 && c.measure == CLAIM_FASTER);
	ck_assert_int_eq(c.part[CLAIM_BOTH].count, 1);
	ck_assert_int_eq(c.part[CLAIM_WITHOUT].count, 2);
	ck_assert_int_eq(c.part[CLAIM_WITH].count, 1);
	ck_assert_int_eq(c.part[CLAIM_WITH].statement[0].line, 17);
	ck_assert(str_is(c.part[CLAIM_WITH].statement[0].text, "CREATE INDEX i ON t (a)"));
	ck_assert(str_is(claim_query(&c, false)->text, "SELECT 'x;'"));
	ck_assert(str_is(claim_query(&c, true)->text, "SELECT 5"));
	claim_release(&c);
}
END_TEST

START_TEST(one_query_for_both)
{
	static const char text[] = HEAD "measure: times\n*/\n-- with:\nSELECT 1;\n-- query:\nSELECT 2;\n";
	struct claim c;
	struct err why = {0};

	ck_assert_msg(claim_parse(&c, "claim_x", "d/claim_x.sql", STR(text), &why) == 0, "%s", why.text);
	ck_assert_ptr_eq(claim_query(&c, false), claim_query(&c, true));
	ck_assert_ptr_null(c.note);
	claim_release(&c);
}
END_TEST

START_TEST(bad_files)
{
	ck_assert(!claim_is(STR("/* dytop bench\ntitle: x\n*/")));
	says("SELECT 1;", "d/claim_x.sql:1:");
	says(HEAD "*/", "measure is missing");
	says(HEAD "measure: slower\n*/", "d/claim_x.sql:6: measure");
	says(HEAD "measure: times\nleast: many\n*/", "least");
	says(HEAD "measure: times\nodrer: 1\n*/", "order");
	says(HEAD "measure: times\n*/\nSELECT 1;", "d/claim_x.sql:8: a part begins");
	says(HEAD "measure: times\n*/\n-- query:\nSELECT 1;", "'-- with:' is missing");
	says(HEAD "measure: times\n*/\n-- with:\nSELECT 1;", "it needs '-- query:'");
	says(HEAD "measure: times\n*/\n-- with:\nSELECT 1;\n-- query with:\nSELECT 1", "it needs '-- query:'");
	says(HEAD "measure: times\n*/\n-- with:\nSELECT 1;\n-- query:\nSELECT 1;\n-- query with:\nSELECT 1", "it needs '-- query:'");
	says(HEAD "measure: times\n*/\n-- with:\n-- query:\nSELECT 1;", "d/claim_x.sql:8: there is no statement");
	says(HEAD "measure: times\n*/\n-- with:\nSELECT 1;\n-- query:\nSELECT 1; SELECT 2;", "one query is measured, not 2");
	says(HEAD "measure: times\n*/\n-- with:\nSELECT 1;\n-- with:\nSELECT 1;", "d/claim_x.sql:10: '-- with:' stands here twice");
	says(HEAD "measure: times\n*/\n-- with:\n\nSELECT 'x;\n", "d/claim_x.sql:10: this string is not closed");
}
END_TEST

START_TEST(values)
{
	ck_assert(claim_value(CLAIM_FASTER, 10, 2) == 400);
	ck_assert(claim_value(CLAIM_TIMES, 10, 2) == 5);
	ck_assert(claim_value(CLAIM_SMALLER, 10, 4) == 60);
	ck_assert(claim_value(CLAIM_FEWER_PAGES, 10, 15) == -50);
	ck_assert(claim_value(CLAIM_FEWER_PAGES, 10, 0) == 100);
	ck_assert(isnan(claim_value(CLAIM_TIMES, 10, 0)));
	ck_assert(isnan(claim_value(CLAIM_SMALLER, 0, 5)));
	ck_assert(isnan(claim_value(CLAIM_FASTER, NAN, 5)));
}
END_TEST

START_TEST(medians)
{
	double odd[] = {5, 1, 9}, even[] = {4, 1, 3, 2};

	ck_assert(claims_median(odd, 3) == 5);
	ck_assert(claims_median(even, 4) == 2.5);
	ck_assert(isnan(claims_median(odd, 0)));
}
END_TEST

START_TEST(plans)
{
	static const char text[] = "[{\"Plan\": {\"Node Type\": \"Aggregate\", \"Shared Hit Blocks\": 7, \"Shared Read Blocks\": 2, \"Plans\": "
		"[{\"Node Type\": \"Index Only Scan\", \"Parallel Aware\": true, \"Index Name\": \"i\\u001b[2J\", \"Relation Name\": \"t\", "
		"\"Heap Fetches\": 3, \"Shared Hit Blocks\": 7}, {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"u\", \"Heap Fetches\": 1}]}, "
		"\"Execution Time\": 1.25}]";
	struct claims_side side = {.pages = NAN, .plan = "old"};
	struct err why = {0};
	double ms = NAN;

	ck_assert_msg(claims_explained(text, &ms, &side, &why) == 0, "%s", why.text);
	ck_assert(ms == 1.25 && side.pages == 9 && side.heap_fetches == 4);
	ck_assert_str_eq(side.plan, "Parallel Index Only Scan using i\\x1B[2J on t");
	ck_assert_int_lt(claims_explained("[]", &ms, &side, &why), 0);
	ck_assert_int_lt(claims_explained("", &ms, &side, &why), 0);
	ck_assert_int_lt(claims_explained("{\"Plan\": 3}", &ms, &side, &why), 0);
}
END_TEST

START_TEST(reports)
{
	char name[] = "claim_x", title[] = "A list", claimed[] = "300-500 % faster";
	struct claim claim = {.name = name, .title = title, .claimed = claimed, .least = 300, .measure = CLAIM_FASTER};
	struct claims_result result[2] = {
		{.claim = &claim, .value = 1900, .met = true, .without = {.value = 20, .ms = 20, .pages = 100, .runs = 9, .plan = "Seq Scan on t"},
		 .with = {.value = 1, .ms = 1, .pages = 4, .runs = 9, .plan = "Index Scan using i on t"}},
		{.claim = &claim, .value = NAN, .without = {.value = NAN, .ms = NAN}, .with = {.value = NAN, .ms = NAN}}};
	struct claims_report report = {.server = "bridge@db1:5432", .rows = 5000, .version = 150020, .result = result, .count = 2};
	struct buf text = BUF_INIT(100000);
	struct json *root = NULL;
	struct err why = {0};

	err_set(&result[1].why, ERR_QUERY, "no such table");
	claims_text(&text, &report);
	ck_assert_msg(strstr(buf_text(&text), "measured  1900 % faster (20x): met (20.0ms without, 1.0ms with)") != NULL, "%s", buf_text(&text));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "measured  not: no such table"));
	ck_assert_ptr_nonnull(strstr(buf_text(&text), "1 of 1 measurements reach what is claimed, on 5000 rows of PostgreSQL 15.20\n"));
	buf_clear(&text);
	claims_json(&text, &report);
	ck_assert_int_eq(json_parse(&root, buf_text(&text), text.len, 100000, &why), 0);
	const struct json *first = json_child(json_get(root, "claims")), *second = json_next(first);
	ck_assert(json_is_true(json_get(first, "met")) && json_number(json_get(json_get(first, "with"), "pages")) == 4);
	ck_assert_int_eq(json_kind(json_get(second, "met")), JSON_NULL);
	ck_assert_int_eq(json_kind(json_get(second, "measured")), JSON_NULL);
	ck_assert_str_eq(json_text(json_get(second, "error")), "no such table");
	json_free(root);
	buf_release(&text);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_file, one_query_for_both, bad_files, values, medians, plans, reports};

	return unit_run("claim", cases, ARRAY_LEN(cases));
}
