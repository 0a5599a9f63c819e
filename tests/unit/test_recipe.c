/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/recipe.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define HEAD "-- SPDX-License-Identifier: PostgreSQL\n/* dytop warm\ntitle: T\n"
#define TTL "ttl: {low: 30m, medium: 3600s, high: 600s, critical: 20m}\n"

static int parse(struct recipe **out, const char *text, struct err *why)
{
	return recipe_parse(out, "r", "sql/warm/r.sql", str_from(text), why);
}

START_TEST(all_that_a_header_says)
{
	struct recipe *r = NULL;
	struct err why;

	ck_assert_msg(parse(&r, HEAD "about: A\nprefix: \"a:b:\"\ncodec: sealed\nmode: set\n" TTL "jitter: 25%\nlimit: 7\nvalue_limit: 100\n"
	                        "memory: 50%\nrate: 0\nsnapshot: 5s\ndeny: [\"*API_key*\", memo]\n*/\n\nSELECT 1 AS key LIMIT $1;\n\n-- estimate\nSELECT 5\n",
	                    &why) == 0, "%s", why.text);
	ck_assert_str_eq(r->name, "r");
	ck_assert_str_eq(r->title, "T");
	ck_assert_str_eq(r->about, "A");
	ck_assert_str_eq(r->prefix, "a:b:");
	ck_assert_int_eq(r->codec, CODEC_SEALED);
	ck_assert_int_eq(r->mode, RECIPE_SET);
	ck_assert(r->ttl_s[RECIPE_LOW] == 1800 && r->ttl_s[RECIPE_CRITICAL] == 1200 && r->ttl_s[RECIPE_HIGH] == 600);
	ck_assert(r->jitter == 0.25 && r->memory == 0.5 && r->rate == 0 && r->snapshot_ms == 5000);
	ck_assert_int_eq(r->limit, 7);
	ck_assert_int_eq(r->value_limit, 100);
	ck_assert_str_eq(r->query, "SELECT 1 AS key LIMIT $1");
	ck_assert(r->query_limit && !r->estimate_limit);
	ck_assert_str_eq(r->estimate, "SELECT 5");
	ck_assert_ptr_nonnull(deny_finds(&r->deny, STR("k"), STR("{\"my_api_key\":\"x\"}")));
	recipe_free(r);
	ck_assert_int_eq(parse(&r, HEAD "prefix: x\n" TTL "*/\nSELECT $12", &why), 0);
	ck_assert(r->codec == CODEC_ZLIB && r->mode == RECIPE_NX && r->limit == 100000 && r->rate == 5000 && r->snapshot_ms == 60000 && r->jitter == 0.1);
	ck_assert(!r->query_limit && !r->estimate);
	recipe_free(r);
}
END_TEST

START_TEST(what_is_wrong_and_where)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{"", "sql/warm/r.sql:1: no recipe"},
		{"/* dytop panel\n*/\n", ":1: no recipe"},
		{HEAD, ":2: the header has no end"},
		{HEAD "*/\nSELECT 1", "prefix is missing"},
		{HEAD "prefix: \"\"\n" TTL "*/\nSELECT 1", ":4: prefix"},
		{HEAD "prefix: x\n*/\nSELECT 1", "nothing is cached for ever"},
		{HEAD "prefix: x\nttl: {low: 1s, medium: 1s, high: 1s}\n*/\nSELECT 1", ":5: ttl: critical is missing"},
		{HEAD "prefix: x\nttl: {low: 0.5s, medium: 1s, high: 1s, critical: 1s}\n*/\nSELECT 1", ":5: ttl: low"},
		{HEAD "prefix: x\nttl: {low: 1s, medium: 1s, high: 1s, critical: 1s, lowest: 1s}\n*/\nSELECT 1", "lowest"},
		{HEAD "prefix: x\n" TTL "codec: gzip\n*/\nSELECT 1", ":6: "},
		{HEAD "prefix: x\n" TTL "prefixes: y\n*/\nSELECT 1", ":6: "},
		{HEAD "prefix: x\n" TTL "jitter: 10\n*/\nSELECT 1", ":6: jitter"},
		{HEAD "prefix: x\n" TTL "memory: 99%\n*/\nSELECT 1", ":6: memory"},
		{HEAD "prefix: x\n" TTL "limit: 0\n*/\nSELECT 1", ":6: "},
		{HEAD "prefix: x\n" TTL "deny: memo\n*/\nSELECT 1", ":6: deny: a list"},
		{HEAD "prefix: x\n" TTL "deny: [\"**\"]\n*/\nSELECT 1", ":6: deny"},
		{HEAD "prefix: x\n" TTL "*/\n ; \n", "no query"},
		{HEAD "prefix: x\n" TTL "*/\nSELECT 1\n-- estimate\n\n", ":8: there is no query behind '-- estimate'"},
	};
	struct recipe *r = NULL;
	struct err why;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_msg(parse(&r, bad[i].text, &why) == ERR_INVALID, "%zu", i);
		ck_assert_msg(strstr(why.text, bad[i].says) && strstr(why.text, "sql/warm/r.sql"), "%zu: %s", i, why.text);
		ck_assert_ptr_null(r);
	}
	ck_assert_int_eq(recipe_parse(&r, "r", "f", (struct str){"a\0b", 3}, &why), ERR_INVALID);
}
END_TEST

START_TEST(what_is_never_cached)
{
	static const char *const forbidden[] = {
		"{\"private_key\":\"ab\"}", "{\"a\":{\"PrivateKey\" : \"ab\"}}", "[{\"validator_signatures\":[{\"v\":1}]}]",
		"{\"signature\":\"00ff\"}", "{\"x\":1,\"client_secret\":\"s\"}", "{\"seed_phrase\":\"a b c\"}", "{\"\\u0070rivate_key\":\"x\"}",
		"{\"private\\u005fkey\":\"x\"}", "{\"password\":1234567890123}", "{\"text\":\"-----BEGIN EC PRIVATE KEY-----\"}",
		"private_key=abc", "-----BEGIN PRIVATE KEY-----", "  {\"mnemonic\":[\"a\"]}", "{\"open", "{\"a\\\"private_key\":\"x\"}",
		"{\"signature_data\": \"x\"}",
	};
	static const char *const fine[] = {
		"{\"validator_signatures\":[]}", "{\"validator_signatures\": [ ] , \"a\":1}", "{\"private_key\":null}", "{\"signature\":\"\"}",
		"{\"signatures_required\":3}", "{\"signature_ok\":true}", "{\"note\":\"the private_key is not here\"}", "{}", "", "plain text",
		"{\"secret\":{}}", "[\"private_key\"]", "{\"a\":\"\\\"private_key\\\":\"}",
	};
	struct deny d;
	struct err why;

	deny_init(&d);
	for (size_t i = 0; i < ARRAY_LEN(forbidden); i++)
		ck_assert_msg(deny_finds(&d, STR("k:1"), str_from(forbidden[i])), "%s", forbidden[i]);
	for (size_t i = 0; i < ARRAY_LEN(fine); i++)
		ck_assert_msg(!deny_finds(&d, STR("k:1"), str_from(fine[i])), "%s", fine[i]);
	ck_assert_str_eq(deny_finds(&d, STR("dytallix:bridge:sigs:btx_1"), STR("[]")), ":sigs:");
	ck_assert_ptr_null(deny_finds(&d, STR("dytallix:bridge:chain:secret"), STR("{}")));
	ck_assert_int_eq(deny_add(&d, STR("Memo"), &why), 0);
	ck_assert_int_eq(deny_add(&d, STR("*:internal:*"), &why), 0);
	ck_assert_str_eq(deny_finds(&d, STR("k"), STR("{\"memo\":\"x\"}")), "memo");
	ck_assert_ptr_null(deny_finds(&d, STR("k"), STR("{\"memory\":\"x\"}")));
	ck_assert_ptr_nonnull(deny_finds(&d, STR("a:internal:b"), STR("{}")));
	/* a name of stars and a's against a long run of a's ends soon */
	char text[20000];
	memset(text, 'a', sizeof(text));
	text[0] = '{';
	ck_assert_int_eq(deny_add(&d, STR("*a*a*a*a*a*a*a*b"), &why), 0);
	ck_assert_ptr_null(deny_finds(&d, (struct str){text, sizeof(text)}, STR("")));
	ck_assert_int_eq(deny_add(&d, STR(""), &why), ERR_INVALID);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {all_that_a_header_says, what_is_wrong_and_where, what_is_never_cached};

	return unit_run("recipe", cases, ARRAY_LEN(cases));
}
