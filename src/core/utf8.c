/* SPDX-License-Identifier: PostgreSQL */
#include "core/utf8.h"

#include <string.h>
#include <utf8proc.h>

enum { REPLACEMENT = 0xfffd };

static bool is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* Bytes of a well-formed sequence (Unicode 15, table 3-7), 0 when it is none. */
static size_t sequence(const unsigned char *p, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	if (p[0] < 0xe0)
		return len >= 2 && is_tail(p[1]) ? 2 : 0;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f; /* past U+10FFFF */
	if (len < 3 || p[1] < low || p[1] > high || !is_tail(p[2]))
		return 0;
	if (p[0] < 0xf0)
		return 3;
	return len >= 4 && is_tail(p[3]) ? 4 : 0;
}

uint32_t utf8_decode(const char *at, size_t len, size_t *length)
{
	const unsigned char *p = (const unsigned char *)at;
	size_t n = sequence(p, len);

	*length = n ? n : 1;
	switch (n) {
	case 1: return p[0];
	case 2: return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	case 3: return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	case 4:
		return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 | (uint32_t)(p[2] & 0x3f) << 6 |
		       (p[3] & 0x3f);
	default: return REPLACEMENT;
	}
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

int utf8_width(uint32_t cp)
{
	if (cp < 0x7f)
		return cp >= 0x20;
	if (cp == REPLACEMENT)
		return 1;
	return utf8proc_charwidth((utf8proc_int32_t)cp);
}

bool utf8_is_mark(uint32_t cp)
{
	utf8proc_category_t category;

	if (cp < 0x300)
		return false;
	category = utf8proc_category((utf8proc_int32_t)cp);
	return category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME;
}

/* Eight bytes at once: the top bit of a byte of the sum stands where it is below a blank, 0x7f, or beyond ASCII. (A borrow from
 * one byte to the next comes only from one that is bad itself.) */
static bool eight_are_ascii(const char *at)
{
	const uint64_t each = 0x0101010101010101u, top = each * 0x80;
	uint64_t w;

	memcpy(&w, at, sizeof(w));
	return !(((w - each * ' ') | w | (w + each)) & top);
}

size_t utf8_ascii_run(const char *at, size_t len)
{
	size_t i = 0;

	while (len - i >= 8 && eight_are_ascii(at + i))
		i += 8;
	while (i < len && at[i] >= ' ' && at[i] < 0x7f) /* char may be signed or not */
		i++;
	return i;
}

int utf8_text_width(const char *at, size_t len)
{
	size_t i = utf8_ascii_run(at, len), n;
	int width = (int)i;

	for (; i < len; i += n) {
		n = utf8_ascii_run(at + i, len - i);
		if (n > 0)
			width += (int)n;
		else
			width += utf8_width(utf8_decode(at + i, len - i, &n));
	}
	return width;
}

size_t utf8_fit(const char *at, size_t len, int columns, int *used)
{
	int width = 0;
	size_t i = 0, n;

	while (i < len) {
		int w = utf8_width(utf8_decode(at + i, len - i, &n));

		if (w > columns - width)
			break;
		width += w;
		i += n;
	}
	if (used)
		*used = width;
	return i;
}
