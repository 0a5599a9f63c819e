/* SPDX-License-Identifier: PostgreSQL */
/* Recipes, the deny list over whatever stands behind the header, and stored values that anybody may have written. */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "bridge/recipe.h"

const char *const fuzz_folder = "sql/warm";
const char *const fuzz_seeds[] = {
	"/* dytop warm\ntitle: T\nprefix: x\nttl: {low: 1s, medium: 1s, high: 1s, critical: 1s}\ndeny: [a, \"*b*\"]\n*/\nSELECT $1\n"
	"-- estimate\nSELECT 1\n",
	"{\"private_key\":\"x\",\"a\":{\"validator_signatures\":[]}}",
	"D\x01\x03",
	"x\x9c\x03",
	NULL,
};
const char *const fuzz_words[] = {
	"*/",      "/*",    "-- estimate\n", "ttl: ", "low: ",  "jitter: 10%\n", "deny: [",   "\"signature\":", "\\u0070", "\\",
	"codec: ", "sealed", "zlib",          "*",     "\xff",   "10%",           "\"\"",      "{}",             "[]",      "$1",
	"\n",      "\r\n",  ":",             "D\x01\x02", "x\x9c", NULL,
};

static void check_recipe(const struct recipe *r)
{
	FUZZ_REQUIRE(r->title && r->query && r->query[0] && r->prefix[0]);
	for (int i = 0; i < RECIPE_PRIORITIES; i++)
		FUZZ_REQUIRE(r->ttl_s[i] >= 1 && r->ttl_s[i] <= 30 * 86400);
	FUZZ_REQUIRE(r->jitter >= 0 && r->jitter <= 0.9 && r->memory >= 0 && r->memory <= 0.95);
	FUZZ_REQUIRE(r->limit >= 1 && r->value_limit >= 1 && r->value_limit <= CODEC_RAW_MAX && r->rate >= 0 && isfinite(r->rate));
	FUZZ_REQUIRE(r->deny.count >= 8 && r->deny.count <= DENY_MAX);
}

/* Whatever stands in the cache: it decodes or it is a miss, and says why. */
static void check_codec(enum codec_kind kind, struct str value)
{
	static struct codec *codec[CODEC_SEALED + 1]; /* lives as long as the program */
	struct codec_keys keys = {.count = 1};
	struct buf out = BUF_INIT(1 << 20), back = BUF_INIT(1 << 20);
	struct err why = {0};

	if (!codec[kind] && codec_new(&codec[kind], kind, &keys, &why))
		fuzz_fail(__FILE__, __LINE__, why.text);
	if (codec_decode(codec[kind], STR("k"), value, &out, &why)) {
		FUZZ_REQUIRE(out.len == 0);
		fuzz_check_message(why.text);
	}
	FUZZ_REQUIRE(codec_encode(codec[kind], STR("k"), value, &out, &why) == 0);
	FUZZ_REQUIRE(codec_decode(codec[kind], STR("k"), buf_str(&out), &back, &why) == 0);
	FUZZ_REQUIRE(str_eq(buf_str(&back), value));
	buf_release(&out);
	buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct recipe *r = NULL;
	struct err why = {0};
	struct deny d;

	deny_init(&d);
	deny_finds(&d, STR("k"), text);
	deny_finds(&d, text, STR("{}"));
	check_codec(CODEC_ZLIB, text);
	check_codec(CODEC_SEALED, text);
	if (recipe_parse(&r, "f", "sql/warm/f.sql", text, &why) < 0) {
		fuzz_check_message(why.text);
		return 0;
	}
	check_recipe(r);
	deny_finds(&r->deny, STR("k"), text);
	recipe_free(r);
	return 0;
}
