/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/bench_workload.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "unit.h"

static struct bench_workload *parse(const char *text)
{
	struct bench_workload *w = NULL;
	struct err why = {0};

	if (bench_workload_parse(&w, "w", "w.sql", str_from(text), &why) < 0)
		ck_abort_msg("%s", why.text);
	return w;
}

static void fails(const char *text, const char *message)
{
	struct bench_workload *w = NULL;
	struct err why = {0};

	ck_assert_msg(bench_workload_parse(&w, "w", "w.sql", str_from(text), &why) < 0, "no error; expected: %s", message);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(w);
}

#define HEAD "/* dytop bench\ntitle: T\n"

START_TEST(a_whole_one)
{
	struct bench_workload *w = parse(HEAD
		"about: A\n"
		"tables: [a, b]\n"
		"domains:\n"
		"  ids: {limit: 7}\n"
		"statements:\n"
		"  - name: get\n"
		"    title: one\n"
		"    weight: 9.5\n"
		"    cache: {kind: thing, codec: zlib, ttl: 5min, fill: 3}\n"
		"    params: [{name: id, domain: ids, skew: 1.1}]\n"
		"  - name: put\n"
		"    writes: yes\n"
		"    params:\n"
		"      - {name: id, text: \"n_{run}_{n}\"}\n"
		"      - {name: kind, choice: [a, b, c], weights: [0, 1, 0]}\n"
		"      - {name: amount, range: [-5, 5]}\n"
		"  - name: move\n"
		"    writes: yes\n"
		"    cache: {kind: thing, drops: yes}\n"
		"    params: [{name: id, made_by: put}]\n"
		"*/\n"
		"-- a remark\n"
		"-- domain ids\n"
		"SELECT id FROM t LIMIT $1;\n"
		"-- statement get baseline\n"
		"SELECT 1 WHERE 'x' = :id\n"
		"-- statement get\n"
		"\n"
		"SELECT ':id', \":id\", a::text, :id::text /* :id */ FROM t -- :nothing\n"
		"WHERE id = :id;\n"
		"-- statement put\n"
		"INSERT :amount :id :amount\n"
		"-- then\n"
		"INSERT :kind\n"
		"-- statement move\n"
		"UPDATE :id\n"
		"-- after\n"
		"DELETE :run\n");
	const struct bench_statement *get = &w->statement[0], *put = &w->statement[1], *move = &w->statement[2];

	ck_assert_str_eq(w->title, "T");
	ck_assert_str_eq(w->about, "A");
	ck_assert_str_eq(w->tables[1], "b");
	ck_assert_ptr_null(w->tables[2]);
	ck_assert(w->writes && w->caches);
	ck_assert_int_eq(w->domain_count, 1);
	ck_assert_int_eq(w->domain[0].limit, 7);
	ck_assert_str_eq(w->domain[0].sql, "SELECT id FROM t LIMIT $1");
	ck_assert_int_eq(w->count, 3);
	ck_assert_double_eq(get->weight, 9.5);
	ck_assert_str_eq(get->title, "one");
	ck_assert(!get->writes && put->writes);
	ck_assert_double_eq(get->cache.ttl_ms, 300e3);
	ck_assert_int_eq(get->cache.fill, 3);
	ck_assert_str_eq(get->cache.kind, "thing");
	ck_assert_int_eq(get->cache.codec, CODEC_ZLIB);
	ck_assert_int_eq(move->cache.codec, CODEC_RAW);
	ck_assert_double_eq(get->param[0].skew, 1.1);
	ck_assert_str_eq(bench_statement_text(get, BENCH_BASELINE)->step[0].sql, "SELECT 1 WHERE 'x' = $1");
	ck_assert_str_eq(bench_statement_text(get, BENCH_OPTIMIZED)->step[0].sql,
	                 "SELECT ':id', \":id\", a::text, $1::text /* :id */ FROM t -- :nothing\nWHERE id = $1");
	ck_assert_int_eq(get->common.step[0].line, 31);
	ck_assert_int_eq(put->common.count, 2);
	ck_assert_str_eq(put->common.step[0].sql, "INSERT $1 $2 $1");
	ck_assert_int_eq(put->common.step[0].param[0], 2);
	ck_assert_int_eq(put->common.step[0].param[1], 0);
	ck_assert_str_eq(put->common.step[1].sql, "INSERT $1");
	ck_assert_int_eq(put->common.step[1].param[0], 1);
	ck_assert(strcmp(put->common.step[0].name, put->common.step[1].name) != 0);
	ck_assert(strcmp(get->common.step[0].name, get->text[BENCH_BASELINE].step[0].name) != 0);
	ck_assert_int_eq(put->param[2].low, -5);
	ck_assert_int_eq(move->param[0].made_by, 1);
	ck_assert(move->cache.drops);
	ck_assert_str_eq(move->title, "move");
	ck_assert_str_eq(w->after.step[0].sql, "DELETE $1");
	bench_workload_free(w);
}
END_TEST

#define ONE "statements:\n  - {name: a, params: [{name: x, range: [1, 2]}]}\n*/\n"

START_TEST(mistakes_say_where)
{
	fails("", "w.sql:1: no workload; its first line must be '/* dytop bench'");
	fails("/* dytop panel\n", "w.sql:1: no workload; its first line must be '/* dytop bench'");
	fails(HEAD, "w.sql:1: the header has no end; put */ on a line of its own behind it");
	fails(HEAD "*/ SELECT 1\n", "w.sql:3: text behind the header's */; put it on the next line");
	fails("/* dytop bench\nstatements: [{name: a}]\n*/\n", "w.sql:1: title is missing");
	fails(HEAD "*/\n", "w.sql:1: statements is missing");
	fails(HEAD "colour: red\n*/\n", "w.sql:3: unknown key 'colour'; known: title, about, schema, tables, domains or statements");
	fails(HEAD "statements: [{name: a, wight: 1}]\n*/\n", "w.sql:3: unknown key 'wight'; did you mean 'weight'?");
	fails(HEAD "statements: [{weight: 1}]\n*/\n", "w.sql:3: name is missing");
	fails(HEAD "statements: [{name: A}]\n*/\n", "w.sql:3: 'A' is no name; use small letters, digits and _, at most 31");
	fails(HEAD "statements: [{name: a, weight: x}]\n*/\n", "w.sql:3: weight: a number from 0 to 1e+06 is expected, not 'x'");
	fails(HEAD "statements: [{name: a, weight: nan}]\n*/\n",
	      "w.sql:3: weight: a number from 0 to 1e+06 is expected, not 'nan'");
	fails(HEAD "statements: [{name: a, weight: 0}]\n*/\n-- statement a\nS\n", "w.sql:3: all weights are 0; nothing would run");
	fails(HEAD "statements:\n  - name: a\n  - name: a\n*/\n", "w.sql:5: a second statement 'a'; the first one is on line 4");
	fails(HEAD ONE "S\n", "w.sql:6: text outside of a section; begin one with '-- statement NAME'");
	fails(HEAD ONE, "w.sql:4: statement 'a' has no text for optimized; add '-- statement a' and the text");
	fails(HEAD ONE "-- statement a baseline\nS :x\n",
	      "w.sql:4: statement 'a' has no text for optimized; add '-- statement a' and the text");
	fails(HEAD ONE "-- statement b\nS\n", "w.sql:6: unknown statement 'b'; did you mean 'a'?");
	fails(HEAD ONE "-- statment a\nS\n", "w.sql:6: a remark that looks like '-- statement'; correct it or write it in other words");
	fails(HEAD ONE "-- statement a quick\nS\n", "w.sql:6: 'quick': baseline or optimized is expected behind the name");
	fails(HEAD ONE "-- statement a\n;\n", "w.sql:6: no statement under this line");
	fails(HEAD ONE "-- statement a\nS :x\n-- statement a\nS :x\n", "w.sql:8: a second text of statement 'a'");
	fails(HEAD ONE "-- statement a\nS :y\n", "w.sql:7: statement 'a' has no parameter 'y'; declare it in params:");
	fails(HEAD ONE "-- statement a\nS\n", "w.sql:4: parameter 'x' of statement 'a' is not used");
	fails(HEAD ONE "-- then\nS\n", "w.sql:6: '-- then' stands between the statements of one transaction");
	fails(HEAD ONE "-- statement a\nS :x\n-- after\nD :x\n", "w.sql:9: after: :x is not known; it has :run only");
	fails(HEAD ONE "-- domain d\nS\n", "w.sql:6: unknown domain 'd'; declare it in domains:");
	fails(HEAD "domains:\n  d: {limit: 1}\n" ONE "-- statement a\nS :x\n",
	      "w.sql:4: domain 'd' has no query; add '-- domain d' and the query");
	fails(HEAD "domains:\n  d: {limit: 0}\n" ONE, "w.sql:4: limit: '0' is no whole number from 1 to 1000000");
}
END_TEST

#define PARAM(text) HEAD "statements:\n  - name: a\n    params: [{name: x, " text "}]\n*/\n-- statement a\nS :x\n"

START_TEST(mistakes_in_parameters_say_where)
{
	bench_workload_free(parse(PARAM("range: [1, 1]")));
	fails(PARAM("skew: 1"), "w.sql:5: x: no source of values; say domain, choice, range, text or made_by");
	fails(PARAM("range: [1, 2], text: a"), "w.sql:5: x: two sources of values, range and text");
	fails(PARAM("range: [2, 1]"), "w.sql:5: range: the first number must not be above the second");
	fails(PARAM("range: 7"), "w.sql:5: range: two numbers are expected, like [1, 1000]");
	fails(PARAM("choice: [a], weights: [1, 2]"), "w.sql:5: weights: a list of 1 numbers is expected, one for each choice");
	fails(PARAM("choice: [a], weights: [0]"), "w.sql:5: weights: one of them must be above 0");
	fails(PARAM("choice: [a], skew: 1"), "w.sql:5: skew: only with domain and range");
	fails(PARAM("range: [1, 2], weights: [1]"), "w.sql:5: weights: only with choice");
	fails(PARAM("text: \"{hex:0}\""), "w.sql:5: text: {hex:0} is not known; places are {run}, {n} and {hex:1} to {hex:512}");
	fails(PARAM("made_by: a"), "w.sql:5: made_by: name a statement that stands before this one");
	fails(HEAD "statements:\n  - name: a\n  - name: b\n    params: [{name: x, made_by: a}]\n*/\n",
	      "w.sql:6: made_by: the first parameter of 'a' must be 'x', with a text");
	fails(HEAD "statements:\n  - name: a\n    cache: {ttl: 5s}\n*/\n",
	      "w.sql:5: cache: kind is missing; say as what the store keeps the value (tx, asset)");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k, codec: sealed}\n    params: [{name: x, range: [1, 2]}]\n*/\n",
	      "w.sql:5: codec: unknown value 'sealed'; known: raw or zlib");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n*/\n",
	      "w.sql:5: cache: needs exactly one parameter, whose value the cached one stands under");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n    params: [{name: x, range: [1, 2]}, {name: y, range: [1, 2]}]\n*/\n",
	      "w.sql:5: cache: needs exactly one parameter, whose value the cached one stands under");
	fails(HEAD "statements:\n  - name: a\n    writes: yes\n    cache: {kind: k}\n*/\n",
	      "w.sql:6: cache: a statement that writes cannot be read from the cache; say drops: yes when its value is to be dropped");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k, fill: 1}\n    params: [{name: x, text: \"{n}\"}]\n*/\n",
	      "w.sql:5: cache: fill needs a parameter of a domain, range or choice");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n    params: [{name: x, range: [1, 2]}]\n"
	      "  - name: b\n    cache: {kind: k, codec: zlib}\n    params: [{name: x, range: [1, 2]}]\n*/\n",
	      "w.sql:8: cache: 'a' reads kind 'k' too, with another codec or ttl");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n    params: [{name: x, range: [1, 2]}]\n"
	      "  - name: b\n    cache: {kind: k, ttl: 5s}\n    params: [{name: x, range: [1, 2]}]\n*/\n",
	      "w.sql:8: cache: 'a' reads kind 'k' too, with another codec or ttl");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n    params: [{name: x, range: [1, 2]}]\n"
	      "  - name: b\n    cache: {kind: k}\n    params: [{name: y, range: [1, 2]}]\n*/\n"
	      "-- statement a\nSELECT :x\n-- statement b\nSELECT 1 + :y\n",
	      "w.sql:7: 'a' and 'b' read kind 'k' by different statements");
	fails(HEAD "statements:\n  - name: a\n    writes: yes\n    cache: {kind: k, drops: yes}\n    params: [{name: x, range: [1, 2]}]\n*/\n",
	      "w.sql:6: cache: no statement reads kind 'k'; there is nothing to drop");
	fails(HEAD "statements:\n  - name: a\n    cache: {kind: k}\n    params: [{name: x, range: [1, 2]}]\n*/\n"
	      "-- statement a\nSELECT :x\n-- then\nSELECT :x\n",
	      "w.sql:4: 'a' is read from the cache: it is one statement that uses its parameter");
}
END_TEST

START_TEST(templates_are_filled)
{
	struct buf out = BUF_INIT(4096);
	struct bench_rng r = {1};

	bench_text_fill(&out, "b_{run}_{n}_{hex:20}{", "r1", 42, &r);
	ck_assert_uint_eq(out.len, strlen("b_r1_42_") + 20 + 1);
	ck_assert(strncmp(buf_text(&out), "b_r1_42_", 8) == 0);
	ck_assert_uint_eq(strspn(buf_text(&out) + 8, "0123456789abcdef"), 20);
	buf_release(&out);
}
END_TEST

/* Every workload that ships. */
START_TEST(the_shipped_one_parses)
{
	const char *top = getenv("srcdir");
	char path[512], text[65536];
	struct bench_workload *w = NULL;
	struct err why = {0};
	FILE *f;
	size_t len;

	snprintf(path, sizeof path, "%s/sql/bench/bridge.sql", top ? top : ".");
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	len = fread(text, 1, sizeof text, f);
	fclose(f);
	if (bench_workload_parse(&w, "bridge", "sql/bench/bridge.sql", (struct str){text, len}, &why) < 0)
		ck_abort_msg("%s", why.text);
	ck_assert_int_ge(w->count, 8);
	ck_assert(w->writes && w->caches && w->after.count > 0);
	bench_workload_free(w);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		a_whole_one,
		mistakes_say_where,
		mistakes_in_parameters_say_where,
		templates_are_filled,
		the_shipped_one_parses,
	};

	return unit_run("bench_workload", cases, ARRAY_LEN(cases));
}
