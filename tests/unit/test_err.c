/* SPDX-License-Identifier: PostgreSQL */
#include "core/err.h"

#include <string.h>

#include "unit.h"

START_TEST(returns_the_code_even_without_a_place)
{
	struct err why = {0};

	ck_assert_int_eq(err_set(NULL, ERR_AUTH, "x"), ERR_AUTH);
	ck_assert_int_eq(err_set(&why, ERR_AUTH, "role %s", "bob"), ERR_AUTH);
	ck_assert_int_eq(why.code, ERR_AUTH);
	ck_assert_str_eq(why.text, "role bob");
	err_prefix(NULL, "nothing");
}
END_TEST

START_TEST(disarms_controls)
{
	struct err why;

	err_set(&why, ERR_QUERY, "%s", "a\x1b[2Jb\r\nc\x7f" "d\xc2\x9b" "1m\xc3\xa9");
	ck_assert_str_eq(why.text, "a?[2Jb??c?d??1m\xc3\xa9");
}
END_TEST

START_TEST(cuts_at_a_character)
{
	struct err why;
	char text[ERR_TEXT_MAX + 10];

	for (int shift = 0; shift < 4; shift++) {
		memset(text, 'a', sizeof(text));
		for (size_t i = (size_t)shift; i + 4 < sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		text[sizeof(text) - 1] = '\0';
		err_set(&why, ERR_QUERY, "%s", text);
		ck_assert_uint_lt(strlen(why.text), ERR_TEXT_MAX);
		ck_assert_uint_ge(strlen(why.text), ERR_TEXT_MAX - 4);
		ck_assert_uint_eq((strlen(why.text) - (size_t)shift) % 4, 0);
	}
	memset(text, 0x80, sizeof(text) - 1); /* no character at all: cut anywhere, but cut */
	err_set(&why, ERR_QUERY, "%s", text);
	ck_assert_uint_lt(strlen(why.text), ERR_TEXT_MAX);
}
END_TEST

START_TEST(prefixes_and_takes_its_own_text)
{
	struct err why;
	char long_text[ERR_TEXT_MAX];

	err_set(&why, ERR_IO, "no such file");
	ck_assert_int_eq(err_prefix(&why, "theme \"%s\"", "dark"), ERR_IO);
	ck_assert_str_eq(why.text, "theme \"dark\": no such file");
	err_set(&why, ERR_INVALID, "again: %s", why.text);
	ck_assert_str_eq(why.text, "again: theme \"dark\": no such file");

	memset(long_text, 'y', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	err_prefix(&why, "%s", long_text);
	ck_assert_uint_lt(strlen(why.text), ERR_TEXT_MAX);
	ck_assert_int_eq(why.code, ERR_INVALID);
}
END_TEST

START_TEST(every_code_has_its_own_name)
{
	for (int code = ERR_LOST; code <= ERR_OK; code++) {
		ck_assert_str_ne(err_name(code), "error");
		for (int other = code + 1; other <= ERR_OK; other++)
			ck_assert_str_ne(err_name(code), err_name(other));
	}
	ck_assert_str_eq(err_name(ERR_LOST - 1), "error");
	ck_assert_str_eq(err_name(1), "error");
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		returns_the_code_even_without_a_place,
		disarms_controls,
		cuts_at_a_character,
		prefixes_and_takes_its_own_text,
		every_code_has_its_own_name,
	};

	return unit_run("err", cases, ARRAY_LEN(cases));
}
