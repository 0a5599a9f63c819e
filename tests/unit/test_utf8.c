/* SPDX-License-Identifier: PostgreSQL */
#include "core/utf8.h"

#include <string.h>

#include "unit.h"

START_TEST(every_scalar_value_goes_round)
{
	for (uint32_t cp = 1; cp <= 0x10ffff; cp += cp < 0x3000 ? 1 : 13) {
		char bytes[4];
		size_t n, len;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = utf8_encode(cp, bytes);
		ck_assert_uint_eq(utf8_decode(bytes, n, &len), cp);
		ck_assert_uint_eq(len, n);
		if (n > 1) { /* cut short it is no character */
			ck_assert_uint_eq(utf8_decode(bytes, n - 1, &len), 0xfffd);
			ck_assert_uint_eq(len, 1);
		}
	}
}
END_TEST

START_TEST(ill_formed_bytes_are_one_replacement_each)
{
	static const char *const bad[] = {
		"\x80",             /* a tail alone */
		"\xbf",
		"\xc0\x80",         /* overlong NUL */
		"\xc1\xbf",
		"\xc2",             /* cut */
		"\xc2\x41",         /* tail missing */
		"\xe0\x80\x80",     /* overlong */
		"\xe0\x9f\xbf",
		"\xed\xa0\x80",     /* surrogates */
		"\xed\xbf\xbf",
		"\xe2\x82",         /* cut */
		"\xe2\x82\x41",
		"\xf0\x80\x80\x80", /* overlong */
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", /* U+110000 */
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		size_t len = 99;

		ck_assert_uint_eq(utf8_decode(bad[i], strlen(bad[i]), &len), 0xfffd);
		ck_assert_uint_eq(len, 1);
	}
}
END_TEST

START_TEST(the_borders_of_each_length_are_well_formed)
{
	static const struct {
		const char *bytes;
		uint32_t cp;
	} good[] = {
		{"\x7f", 0x7f}, {"\xc2\x80", 0x80}, {"\xdf\xbf", 0x7ff}, {"\xe0\xa0\x80", 0x800}, {"\xed\x9f\xbf", 0xd7ff},
		{"\xee\x80\x80", 0xe000}, {"\xef\xbf\xbf", 0xffff}, {"\xf0\x90\x80\x80", 0x10000}, {"\xf4\x8f\xbf\xbf", 0x10ffff},
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		size_t len;

		ck_assert_uint_eq(utf8_decode(good[i].bytes, strlen(good[i].bytes), &len), good[i].cp);
		ck_assert_uint_eq(len, strlen(good[i].bytes));
	}
}
END_TEST

START_TEST(what_is_no_scalar_value_encodes_as_replacement)
{
	char bytes[4];

	ck_assert_uint_eq(utf8_encode(0xd800, bytes), 3);
	ck_assert_mem_eq(bytes, "\xef\xbf\xbd", 3);
	ck_assert_uint_eq(utf8_encode(0x110000, bytes), 3);
	ck_assert_mem_eq(bytes, "\xef\xbf\xbd", 3);
}
END_TEST

START_TEST(widths)
{
	ck_assert_int_eq(utf8_width('a'), 1);
	ck_assert_int_eq(utf8_width(0), 0);
	ck_assert_int_eq(utf8_width(0x1b), 0);
	ck_assert_int_eq(utf8_width(0x7f), 0);
	ck_assert_int_eq(utf8_width(0xe9), 1);
	ck_assert_int_eq(utf8_width(0x301), 0);    /* combining acute */
	ck_assert_int_eq(utf8_width(0x20dd), 0);   /* enclosing circle */
	ck_assert_int_eq(utf8_width(0x200d), 0);   /* ZWJ */
	ck_assert_int_eq(utf8_width(0x65e5), 2);
	ck_assert_int_eq(utf8_width(0xff21), 2);   /* fullwidth A */
	ck_assert_int_eq(utf8_width(0x1f600), 2);
	ck_assert_int_eq(utf8_width(0x2588), 1);
	ck_assert_int_eq(utf8_width(0x28ff), 1);
	ck_assert_int_eq(utf8_width(0xfffd), 1);
	ck_assert(utf8_is_mark(0x301));
	ck_assert(utf8_is_mark(0x20dd));
	ck_assert(!utf8_is_mark(0x200d));
	ck_assert(!utf8_is_mark('a'));
	ck_assert_int_eq(utf8_text_width("a\xff\xe6\x97\xa5", 5), 4);
}
END_TEST

/* a, e + acute, wide, b */
#define MIXED "a" "e\xcc\x81" "\xe6\x97\xa5" "b"

START_TEST(fits_whole_characters_with_their_marks)
{
	static const struct {
		int columns;
		size_t bytes;
		int used;
	} cases[] = {{0, 0, 0}, {1, 1, 1}, {2, 4, 2}, {3, 4, 2}, {4, 7, 4}, {5, 8, 5}, {99, 8, 5}, {-3, 0, 0}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int used = -1;

		ck_assert_uint_eq(utf8_fit(MIXED, strlen(MIXED), cases[i].columns, &used), cases[i].bytes);
		ck_assert_int_eq(used, cases[i].used);
	}
	ck_assert_uint_eq(utf8_fit("a\xcc\x81\xcc\x82", 5, 1, NULL), 5);
	ck_assert_uint_eq(utf8_fit("", 0, 5, NULL), 0);
}
END_TEST

/* Each byte value at each place of texts of 0 to 24 bytes: the run ends just there, or not at all. */
START_TEST(a_run_of_ascii_ends_at_the_first_other_byte)
{
	char text[24];

	for (size_t len = 0; len <= sizeof(text); len++)
		for (size_t at = 0; at < len; at++)
			for (int byte = 0; byte < 256; byte++) {
				bool plain = byte >= 0x20 && byte < 0x7f;

				memset(text, at % 2 ? '~' : ' ', sizeof(text));
				text[at] = (char)byte;
				ck_assert_uint_eq(utf8_ascii_run(text, len), plain ? len : at);
			}
	ck_assert_uint_eq(utf8_ascii_run("", 0), 0);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		every_scalar_value_goes_round,
		ill_formed_bytes_are_one_replacement_each,
		the_borders_of_each_length_are_well_formed,
		what_is_no_scalar_value_encodes_as_replacement,
		widths,
		fits_whole_characters_with_their_marks,
		a_run_of_ascii_ends_at_the_first_other_byte,
	};

	return unit_run("utf8", cases, ARRAY_LEN(cases));
}
