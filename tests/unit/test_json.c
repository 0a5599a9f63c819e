/* SPDX-License-Identifier: PostgreSQL */
#include "model/json.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void number_is(double value, const char *text)
{
	char out[JSON_NUMBER_MAX];

	ck_assert_uint_eq(json_number_text(out, value), strlen(text));
	ck_assert_str_eq(out, text);
}

START_TEST(numbers_are_short_and_read_back)
{
	char out[JSON_NUMBER_MAX];
	uint64_t seed = 42;

	number_is(0.0, "0");
	number_is(-0.0, "0");
	number_is(12.0, "12");
	number_is(0.1, "0.1");
	number_is(0.1 + 0.2, "0.30000000000000004");
	number_is(1.0 / 3, "0.3333333333333333");
	number_is(1e300, "1e+300");
	number_is(123456789012345680.0, "1.2345678901234568e+17");
	number_is(DBL_MAX, "1.7976931348623157e+308");
	number_is(DBL_TRUE_MIN, "4.94065645841247e-324");
	number_is(NAN, "null");
	number_is(-INFINITY, "null");
	for (int i = 0; i < 20000; i++) {
		double value;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		memcpy(&value, &seed, sizeof(value));
		if (!isfinite(value))
			continue;
		json_number_text(out, value);
		ck_assert_msg(strtod(out, NULL) == value, "%s is not %a", out, value);
	}
}
END_TEST

static const char *quoted(struct buf *b, const char *bytes, size_t len)
{
	buf_clear(b);
	json_quote(b, (struct str){bytes, len});
	return buf_text(b);
}

START_TEST(texts_are_valid_and_harmless)
{
	struct buf b = BUF_INIT(1000);

	ck_assert_str_eq(quoted(&b, "", 0), "\"\"");
	ck_assert_str_eq(quoted(&b, "plain", 5), "\"plain\"");
	ck_assert_str_eq(quoted(&b, "a\"\\\n\r\tb", 7), "\"a\\\"\\\\\\n\\r\\tb\"");
	ck_assert_str_eq(quoted(&b, "\x1b[2J\x7f\0x", 7), "\"\\u001b[2J\\u007f\\u0000x\"");
	ck_assert_str_eq(quoted(&b,
				"\xC2\x9B"
				"31m\xC2\xA0",
				7),
			 "\"\\u009b31m\xC2\xA0\"");
	ck_assert_str_eq(quoted(&b,
				"\xFF"
				"a\xC3",
				3),
			 "\"\xEF\xBF\xBD"
			 "a\xEF\xBF\xBD\"");
	ck_assert_str_eq(quoted(&b, "\xE2\x82\xAC\xF0\x9F\x98\x80", 7), "\"\xE2\x82\xAC\xF0\x9F\x98\x80\"");
	buf_release(&b);
}
END_TEST

static void write_all(struct json_writer *w)
{
	struct cell number = cell_number(0.5), text = cell_text(STR("x")), yes = cell_bool(true), none = CELL_NONE;

	json_open_map(w, NULL);
	json_put_int(w, "i", INT64_MIN);
	json_put_id(w, "id", INT64_C(9007199254740992));
	json_put_id(w, "wide", INT64_C(-9007199254740993));
	json_put_number(w, "n", 1.5);
	json_put_string(w, "s", NULL);
	json_open_list(w, "l");
	json_put_cell(w, NULL, &number);
	json_put_cell(w, NULL, &text);
	json_put_cell(w, NULL, &yes);
	json_put_cell(w, NULL, &none);
	json_open_map(w, NULL);
	json_close(w);
	json_open_list(w, NULL);
	json_close(w);
	json_close(w);
	json_put_bool(w, "\"k", false);
	json_close(w);
}

START_TEST(the_writer_knows_its_commas)
{
	struct buf b = BUF_INIT(1000);
	struct json_writer w;

	json_begin(&w, &b, false);
	write_all(&w);
	ck_assert_str_eq(buf_text(&b), "{\"i\":-9223372036854775808,\"id\":9007199254740992,\"wide\":"
				       "\"-9007199254740993\",\"n\":1.5,\"s\":null,\"l\":[0.5,\"x\",true,null,{},[]],"
				       "\"\\\"k\":false}");
	ck_assert(!b.failed);
	buf_clear(&b);
	json_begin(&w, &b, true);
	json_open_map(&w, NULL);
	json_put_int(&w, "a", 1);
	json_open_list(&w, "b");
	json_put_int(&w, NULL, 2);
	json_put_int(&w, NULL, 3);
	json_close(&w);
	json_open_map(&w, "c");
	json_close(&w);
	json_close(&w);
	ck_assert_str_eq(buf_text(&b), "{\n  \"a\": 1,\n  \"b\": [\n    2,\n    3\n  ],\n  \"c\": {}\n}");
	json_close(&w);
	ck_assert_msg(b.failed, "closing nothing is a mistake");
	buf_clear(&b);
	json_begin(&w, &b, false);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		json_open_list(&w, NULL);
	ck_assert(!b.failed);
	json_open_list(&w, NULL);
	ck_assert(b.failed);
	buf_release(&b);
}
END_TEST

START_TEST(a_ceiling_is_kept)
{
	struct buf b = BUF_INIT(10);
	struct json_writer w;

	json_begin(&w, &b, false);
	json_open_map(&w, NULL);
	json_put_string(&w, "key", "a long text");
	json_close(&w);
	ck_assert(b.failed);
	ck_assert_uint_le(b.len, 10);
	buf_release(&b);
}
END_TEST

START_TEST(trees_are_read)
{
	static const char text[] = " {\"a\": [1, -2.5, \"x\\u00e4\", true, null], \"A\": {}, \"id\": "
				   "\"-9223372036854775808\", \"f\": 1.5, \"w\": 9007199254740994}\n";
	struct json *root = NULL;
	struct err why;
	const struct json *n;
	int64_t i;

	ck_assert_int_eq(json_parse(&root, text, strlen(text), 1000, &why), 0);
	ck_assert_int_eq(json_kind(root), JSON_MAP);
	ck_assert_int_eq(json_count(root), 5);
	n = json_get(root, "a");
	ck_assert_int_eq(json_kind(n), JSON_LIST);
	ck_assert_str_eq(json_key(n), "a");
	n = json_child(n);
	ck_assert(json_int(n, &i));
	ck_assert_int_eq(i, 1);
	n = json_next(n);
	ck_assert_double_eq(json_number(n), -2.5);
	ck_assert(!json_int(n, &i));
	n = json_next(n);
	ck_assert_str_eq(json_text(n), "x\xC3\xA4");
	ck_assert(!json_int(n, &i));
	n = json_next(n);
	ck_assert(json_is_true(n));
	ck_assert(isnan(json_number(n)));
	n = json_next(n);
	ck_assert_int_eq(json_kind(n), JSON_NULL);
	ck_assert_ptr_null(json_next(n));
	ck_assert_int_eq(json_kind(json_get(root, "A")), JSON_MAP);
	ck_assert_ptr_null(json_get(root, "b"));
	ck_assert_ptr_null(json_get(json_get(root, "a"), "b"));
	ck_assert(json_int(json_get(root, "id"), &i));
	ck_assert(i == INT64_MIN);
	ck_assert(!json_int(json_get(root, "w"), &i)); /* beyond 2^53 a double is no proof */
	ck_assert_int_eq(json_kind(NULL), JSON_NULL);
	ck_assert_ptr_null(json_text(NULL));
	ck_assert(!json_int(NULL, &i));
	json_free(root);
	json_free(NULL);
}
END_TEST

static void refused(const char *text, size_t len, const char *message)
{
	struct json *root = NULL;
	struct err why;

	ck_assert_int_eq(json_parse(&root, text, len, 200, &why), ERR_INVALID);
	ck_assert_str_eq(why.text, message);
	ck_assert_ptr_null(root);
}

START_TEST(bad_texts_say_where)
{
	char deep[100];
	struct json *root = NULL;
	struct err why;

	refused("", 0, "line 1, column 1: the text is empty");
	refused("{\"a\": 1", 7, "line 1, column 8: the text ends too early");
	refused("{\"a\": 1}\n{}", 11, "line 2, column 1: something stands behind the end");
	refused("{\"a\":\n nope}", 12, "line 2, column 2: not JSON");
	refused("\"a\\u0000\"", 9, "line 1, column 3: a NUL character");
	refused("[1\0]", 4, "line 1, column 3: a NUL byte");
	memset(deep, '[', sizeof(deep));
	refused(deep, sizeof(deep), "line 1, column 65: nested too deep");
	ck_assert_int_eq(json_parse(&root, deep, 201, 200, &why), ERR_TOO_BIG);
	ck_assert_str_eq(why.text, "over 200 bytes");
	/* an escaped backslash before u0000 is a text, and brackets in texts do not count */
	ck_assert_int_eq(json_parse(&root, "\"\\\\u0000[[{\"", 12, 200, &why), 0);
	ck_assert_str_eq(json_text(root), "\\u0000[[{");
	json_free(root);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		numbers_are_short_and_read_back,
		texts_are_valid_and_harmless,
		the_writer_knows_its_commas,
		a_ceiling_is_kept,
		trees_are_read,
		bad_texts_say_where,
	};

	return unit_run("json", cases, ARRAY_LEN(cases));
}
