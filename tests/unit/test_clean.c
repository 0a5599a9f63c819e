/* SPDX-License-Identifier: PostgreSQL */
#include "core/clean.h"

#include <stdio.h>
#include <string.h>

#include "core/utf8.h"
#include "unit.h"

struct row {
	const char *in, *out;
};

static void expect(const struct row *rows, size_t count, unsigned flags)
{
	for (size_t i = 0; i < count; i++) {
		struct buf b = BUF_INIT(4096);

		clean_text(&b, rows[i].in, strlen(rows[i].in), flags);
		ck_assert_str_eq(buf_text(&b), rows[i].out);
		if (flags == CLEAN_LINE)
			ck_assert_int_eq(clean_is_clean(rows[i].in, strlen(rows[i].in)), strcmp(rows[i].in, rows[i].out) == 0);
		buf_release(&b);
	}
}

START_TEST(one_line)
{
	static const struct row rows[] = {
		{"", ""},
		{"SELECT 1", "SELECT 1"},
		{" a b ", " a b "},
		{"a  b\t\r\n c\n", "a b c "},
		{"\n\n", " "},
		{"back\\slash \\x1B", "back\\slash \\x1B"},
		{"\x1b[2J\x07\x7f\x0b", "\\x1B[2J\\x07\\x7F\\x0B"},
		{"caf\xc3\xa9 e\xcc\x81 \xe6\x97\xa5 \xf0\x9f\x98\x80", "caf\xc3\xa9 e\xcc\x81 \xe6\x97\xa5 \xf0\x9f\x98\x80"},
		{"\xc2\x9b" "31m\xc2\x85", "\\u009B31m\\u0085"},                 /* C1 */
		{"\xc2\x80\xc2\x9f\xc2\xa0", "\\u0080\\u009F\xc2\xa0"},
		{"a\xe2\x80\xaa\xe2\x80\xae" "b", "a\\u202A\\u202Eb"},           /* bidi embedding, override */
		{"\xe2\x81\xa6\xe2\x81\xa9\xe2\x80\x8e\xd8\x9c", "\\u2066\\u2069\\u200E\\u061C"},
		{"\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xef\xbb\xbf\xe2\x81\xa0", "\\u200B\\u200C\\u200D\\uFEFF\\u2060"},
		{"\xc2\xad", "\\u00AD"},                                         /* soft hyphen */
		{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
		{"\xee\x80\x80\xf3\xb0\x80\x80", "\\uE000\\U000F0000"},          /* private use */
		{"\xef\xbf\xbe\xef\xbf\xbf\xef\xb7\x90\xf0\x9f\xbf\xbf", "\\uFFFE\\uFFFF\\uFDD0\\U0001FFFF"},
		{"\xf3\xa0\x81\x81\xe2\x9d\xa4\xef\xb8\x8f", "\\U000E0041\xe2\x9d\xa4\\uFE0F"}, /* tag, variation selector */
		{"\xe3\x85\xa4\xe1\x85\x9f", "\\u3164\\u115F"},                  /* fillers */
		{"\xff\xfe\x80", "\\xFF\\xFE\\x80"},
		{"\xc0\xaf\xe0\x80\xaf", "\\xC0\\xAF\\xE0\\x80\\xAF"},           /* overlong slash */
		{"\xed\xa0\x80\xed\xbf\xbf", "\\xED\\xA0\\x80\\xED\\xBF\\xBF"},  /* surrogates */
		{"\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
		{"abc\xe6\x97", "abc\\xE6\\x97"},                                /* cut at the end */
		{"\xcc\x81" "a", "\\u0301a"},                                    /* a mark without its base */
		{"\xef\xbf\xbd", "\xef\xbf\xbd"},                                /* U+FFFD itself is a character */
	};

	expect(rows, ARRAY_LEN(rows), CLEAN_LINE);
}
END_TEST

START_TEST(kept_lines)
{
	static const struct row rows[] = {
		{"a\r\nb\nc", "a\nb\nc"},
		{"  a  b", "  a  b"},
		{"\tx\n12\ty\n\xe6\x97\xa5\tz", "        x\n12      y\n\xe6\x97\xa5      z"},
		{"good\rEVIL", "good\\x0DEVIL"},
		{"\xe2\x80\xa8", "\\u2028"},
		{"\r", "\\x0D"},
	};

	expect(rows, ARRAY_LEN(rows), CLEAN_KEEP_LINES);
}
END_TEST

START_TEST(exact)
{
	static const struct row rows[] = {
		{"a  b\t\r\n", "a  b\\t\\r\\n"},
		{"a\xc2\xa0" "b\xe3\x80\x80", "a\\u00A0b\\u3000"}, /* blanks that are not the blank */
		{" ", " "},
	};

	expect(rows, ARRAY_LEN(rows), CLEAN_EXACT);
}
END_TEST

START_TEST(ascii)
{
	static const struct row rows[] = {
		{"caf\xc3\xa9\t\xf0\x9f\x98\x80", "caf\\u00E9 \\U0001F600"},
		{"\xff", "\\xFF"},
	};

	expect(rows, ARRAY_LEN(rows), CLEAN_ASCII);
}
END_TEST

START_TEST(nul_bytes_are_bytes_like_others)
{
	struct buf b = BUF_INIT(100);

	clean_text(&b, "a\0b", 3, CLEAN_LINE);
	ck_assert_str_eq(buf_text(&b), "a\\x00b");
	ck_assert(!clean_is_clean("a\0b", 3));
	buf_release(&b);
}
END_TEST

START_TEST(the_ceiling_keeps_whole_characters_and_escapes)
{
	static const struct {
		size_t limit;
		const char *out;
	} cases[] = {
		{0, ""}, {1, "a"}, {2, "a"}, {3, "a\xc3\xa9"}, {6, "a\xc3\xa9"}, {7, "a\xc3\xa9\\x1B"}, {8, "a\xc3\xa9\\x1B" "b"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b = BUF_INIT(cases[i].limit);

		clean_text(&b, "a\xc3\xa9\x1b" "b", 5, CLEAN_LINE);
		ck_assert_str_eq(buf_text(&b), cases[i].out);
		ck_assert_int_eq(b.failed, cases[i].limit < 8);
		buf_release(&b);
	}
}
END_TEST

/* Every code point and every pair of bytes: what comes out is valid, and clean when cleaned again. */
START_TEST(nothing_gets_through)
{
	struct buf once = BUF_INIT(64), twice = BUF_INIT(64);
	char in[8];

	for (uint32_t cp = 0; cp <= 0x10ffff; cp += cp < 0x10000 ? 1 : 7) {
		size_t n;
		bool steers = false;

		in[0] = 'a';
		n = 1 + utf8_encode(cp, in + 1);
		buf_clear(&once);
		buf_clear(&twice);
		clean_text(&once, in, n, CLEAN_EXACT);
		clean_text(&twice, buf_text(&once), once.len, CLEAN_EXACT);
		for (size_t i = 0; i < once.len; i++)
			steers |= (unsigned char)once.data[i] < 0x20 || once.data[i] == 0x7f;
		if (steers || !str_eq(buf_str(&once), buf_str(&twice)))
			ck_abort_msg("U+%04X gave %s", (unsigned)cp, buf_text(&once));
	}
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		in[0] = (char)(pair >> 8);
		in[1] = (char)pair;
		buf_clear(&once);
		clean_text(&once, in, 2, CLEAN_LINE);
		if (!clean_is_clean(buf_text(&once), once.len) || once.len > 20)
			ck_abort_msg("bytes %04X gave %s", pair, buf_text(&once));
	}
	buf_release(&once);
	buf_release(&twice);
}
END_TEST

START_TEST(utf8_for_formats_with_their_own_escapes)
{
	struct buf b = BUF_INIT(100);

	clean_utf8(&b, "a\x1b\n\xff\xc3\xa9\xed\xa0\x80\xe2\x80\xae", 13);
	ck_assert_str_eq(buf_text(&b), "a\x1b\n\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xe2\x80\xae");
	buf_release(&b);
	buf_init(&b, 4);
	clean_utf8(&b, "abc\xc3\xa9", 5);
	ck_assert_str_eq(buf_text(&b), "abc");
	ck_assert(b.failed);
	buf_release(&b);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		one_line,
		kept_lines,
		exact,
		ascii,
		nul_bytes_are_bytes_like_others,
		the_ceiling_keeps_whole_characters_and_escapes,
		nothing_gets_through,
		utf8_for_formats_with_their_own_escapes,
	};

	return unit_run("clean", cases, ARRAY_LEN(cases));
}
