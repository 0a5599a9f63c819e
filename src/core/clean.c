/* SPDX-License-Identifier: PostgreSQL */
#include "core/clean.h"

#include <stdio.h>
#include <utf8proc.h>

#include "core/utf8.h"

enum { TAB_STOP = 8 };

/* Characters that show nothing, but whose category says letter or mark (Unicode: Default_Ignorable_Code_Point). */
static bool is_invisible(uint32_t cp)
{
	return cp == 0x034f || cp == 0x115f || cp == 0x1160 || cp == 0x17b4 || cp == 0x17b5 ||
	       (cp >= 0x180b && cp <= 0x180f) || cp == 0x3164 || (cp >= 0xfe00 && cp <= 0xfe0f) || cp == 0xffa0 ||
	       (cp >= 0xe0000 && cp <= 0xe0fff);
}

/* True when the character may be shown as it is. Unassigned ones may not: their width is anybody's guess. */
static bool is_shown(uint32_t cp, bool first, unsigned flags)
{
	if (cp < 0x7f)
		return cp >= 0x20;
	if (cp < 0xa0 || (flags & CLEAN_ASCII) || is_invisible(cp))
		return false;
	switch (utf8proc_category((utf8proc_int32_t)cp)) {
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
		return false;
	case UTF8PROC_CATEGORY_ZS:
		return !(flags & CLEAN_EXACT); /* a blank that is not the blank */
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_MC:
		return !first; /* would sit on whatever stands before the text */
	default:
		return true;
	}
}

/* Appends len bytes of whole characters; at the ceiling as many characters as there is place for. */
static void add_run(struct buf *out, const char *at, size_t len)
{
	size_t left = out->limit - out->len;
	size_t fit = 0, n;

	if (out->failed || out->len > out->limit)
		return;
	if (len <= left) {
		if (len)
			buf_add(out, at, len);
		return;
	}
	for (; fit < len; fit += n) {
		utf8_decode(at + fit, len - fit, &n);
		if (fit + n > left)
			break;
	}
	buf_add(out, at, fit);
	out->failed = true;
}

static void add_escape(struct buf *out, uint32_t cp, bool is_byte)
{
	char text[16];
	int len;

	if (is_byte || cp < 0x80)
		len = snprintf(text, sizeof(text), "\\x%02X", (unsigned)cp);
	else if (cp < 0x10000)
		len = snprintf(text, sizeof(text), "\\u%04X", (unsigned)cp);
	else
		len = snprintf(text, sizeof(text), "\\U%08X", (unsigned)cp);
	buf_add(out, text, (size_t)len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Visible ASCII; char may be signed or not. */
static bool is_plain(char c)
{
	return c > ' ' && c < 0x7f;
}

static bool starts_run(const char *at, size_t len)
{
	return at[0] == ' ' && len > 1 && is_blank(at[1]);
}

static void add_tab(struct buf *out, size_t line_start)
{
	int column = utf8_text_width(buf_text(out) + line_start, out->len - line_start);

	for (int i = column % TAB_STOP; i < TAB_STOP; i++)
		buf_addc(out, ' ');
}

/* White space controls, by the flags. Returns how many bytes of the input are done, 0 when at[0] is none of them.
 * *line is where the present line of out began. */
static size_t add_blank(struct buf *out, const char *at, size_t len, unsigned flags, size_t *line)
{
	size_t n = 1;

	if (!is_blank(at[0]) || (at[0] == ' ' && (flags & (CLEAN_EXACT | CLEAN_KEEP_LINES))))
		return 0;
	if (flags & CLEAN_EXACT) {
		buf_adds(out, at[0] == '\n' ? "\\n" : at[0] == '\r' ? "\\r" : "\\t");
		return 1;
	}
	if (flags & CLEAN_KEEP_LINES) {
		if (at[0] == '\t') {
			add_tab(out, *line);
			return 1;
		}
		if (at[0] == '\r' && (len < 2 || at[1] != '\n'))
			return 0; /* alone it would overwrite the line: escaped */
		buf_addc(out, '\n');
		*line = out->len;
		return at[0] == '\r' ? 2 : 1;
	}
	while (n < len && is_blank(at[n]))
		n++;
	buf_addc(out, ' ');
	return n;
}

void clean_text(struct buf *out, const char *bytes, size_t len, unsigned flags)
{
	bool one_blank = !(flags & (CLEAN_EXACT | CLEAN_KEEP_LINES));
	size_t run = 0; /* start of what can go out as it is */
	size_t line = out->len;
	size_t i = 0, n;

	while (i < len && !out->failed) {
		uint32_t cp;
		bool is_bad;

		while (i < len && (is_plain(bytes[i]) || (bytes[i] == ' ' && i + 1 < len && is_plain(bytes[i + 1]))))
			i++; /* most of all texts */
		if (i == len)
			break;
		cp = utf8_decode(bytes + i, len - i, &n);
		is_bad = n == 1 && (unsigned char)bytes[i] >= 0x80;
		if (!is_bad && is_shown(cp, i == 0, flags) && !(one_blank && starts_run(bytes + i, len - i))) {
			i += n;
			continue;
		}
		add_run(out, bytes + run, i - run);
		run = i;
		n = is_bad ? 0 : add_blank(out, bytes + i, len - i, flags, &line);
		if (n == 0) {
			add_escape(out, is_bad ? (unsigned char)bytes[i] : cp, is_bad);
			utf8_decode(bytes + i, len - i, &n);
		}
		i += n;
		run = i;
	}
	add_run(out, bytes + run, i - run);
}

bool clean_is_clean(const char *bytes, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t cp = utf8_decode(bytes + i, len - i, &n);

		if ((n == 1 && (unsigned char)bytes[i] >= 0x80) || !is_shown(cp, i == 0, CLEAN_LINE))
			return false;
		if (starts_run(bytes + i, len - i))
			return false;
	}
	return true;
}

void clean_utf8(struct buf *out, const char *bytes, size_t len)
{
	size_t run = 0, i = 0, n;

	while (i < len && !out->failed) {
		utf8_decode(bytes + i, len - i, &n);
		if (n == 1 && (unsigned char)bytes[i] >= 0x80) {
			add_run(out, bytes + run, i - run);
			buf_adds(out, "\xef\xbf\xbd");
			run = i + 1;
		}
		i += n;
	}
	add_run(out, bytes + run, i - run);
}
