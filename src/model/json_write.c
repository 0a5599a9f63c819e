/* SPDX-License-Identifier: PostgreSQL */
#include "model/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/utf8.h"

#define EXACT_MAX (INT64_C(1) << 53)

void json_begin(struct json_writer *w, struct buf *out, bool indent)
{
	*w = (struct json_writer){.out = out, .indent = indent, .list = {true}};
}

static void new_line(struct json_writer *w)
{
	buf_addc(w->out, '\n');
	for (int i = 0; i < w->depth; i++)
		buf_adds(w->out, "  ");
}

/* What stands before a value: the comma, the line and the key. */
static void lead(struct json_writer *w, const char *key)
{
	if (w->depth > 0) {
		if (w->any[w->depth])
			buf_addc(w->out, ',');
		if (w->indent)
			new_line(w);
	}
	w->any[w->depth] = true;
	if (key != NULL && !w->list[w->depth]) {
		json_quote(w->out, str_from(key));
		buf_adds(w->out, w->indent ? ": " : ":");
	}
}

static void open_level(struct json_writer *w, const char *key, bool list)
{
	lead(w, key);
	if (w->depth >= JSON_DEPTH_MAX) {
		w->out->failed = true;
		return;
	}
	buf_addc(w->out, list ? '[' : '{');
	w->depth++;
	w->any[w->depth] = false;
	w->list[w->depth] = list;
}

void json_open_map(struct json_writer *w, const char *key)
{
	open_level(w, key, false);
}

void json_open_list(struct json_writer *w, const char *key)
{
	open_level(w, key, true);
}

void json_close(struct json_writer *w)
{
	bool any, list;

	if (w->depth == 0) {
		w->out->failed = true;
		return;
	}
	any = w->any[w->depth];
	list = w->list[w->depth];
	w->depth--;
	if (any && w->indent)
		new_line(w);
	buf_addc(w->out, list ? ']' : '}');
}

static const char *escape_of(unsigned char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static bool is_plain(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)at[i];

		if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* A character beyond ASCII that may stand as it is: not C1, bidi, zero width and the like (core/clean decides). */
static bool may_stand(const char *at, size_t len)
{
	char text[5] = "a"; /* so that a combining mark has something to sit on */

	memcpy(text + 1, at, len);
	return clean_is_clean(text, len + 1);
}

static void escape_code(struct buf *out, uint32_t cp)
{
	if (cp >= 0x10000)
		buf_addf(out, "\\u%04x\\u%04x", 0xD800 + ((cp - 0x10000) >> 10), 0xDC00 + ((cp - 0x10000) & 0x3FF));
	else
		buf_addf(out, "\\u%04x", cp);
}

static void quote_valid(struct buf *out, struct str text)
{
	size_t start = 0, length;

	for (size_t i = 0; i < text.len; i += length) {
		unsigned char c = (unsigned char)text.at[i];
		const char *escape = escape_of(c);
		uint32_t cp = utf8_decode(text.at + i, text.len - i, &length);

		/* Much of this is legal in JSON, but a terminal must never get it from us. */
		if (escape == NULL && c >= 0x20 && c != 0x7F && (c < 0x80 || may_stand(text.at + i, length)))
			continue;
		buf_add(out, text.at + start, i - start);
		if (escape != NULL)
			buf_adds(out, escape);
		else
			escape_code(out, cp);
		start = i + length;
	}
	buf_add(out, text.at + start, text.len - start);
}

void json_quote(struct buf *out, struct str text)
{
	buf_addc(out, '"');
	if (text.len > 0 && is_plain(text.at, text.len)) {
		buf_addstr(out, text);
	} else if (text.len > 0) {
		struct buf valid = BUF_INIT(text.len * 3); /* an invalid byte becomes U+FFFD: three */

		clean_utf8(&valid, text.at, text.len);
		quote_valid(out, buf_str(&valid));
		buf_release(&valid);
	}
	buf_addc(out, '"');
}

size_t json_number_text(char out[JSON_NUMBER_MAX], double value)
{
	char *point;

	if (!isfinite(value))
		return (size_t)snprintf(out, JSON_NUMBER_MAX, "null");
	if (fabs(value) < 1e15 && value == floor(value)) /* also makes -0 a plain 0 */
		return (size_t)snprintf(out, JSON_NUMBER_MAX, "%" PRId64, (int64_t)value);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, JSON_NUMBER_MAX, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	point = strchr(out, ','); /* of a locale */
	if (point != NULL)
		*point = '.';
	return strlen(out);
}

void json_put_text(struct json_writer *w, const char *key, struct str text)
{
	lead(w, key);
	json_quote(w->out, text);
}

void json_put_string(struct json_writer *w, const char *key, const char *text)
{
	if (text == NULL)
		json_put_null(w, key);
	else
		json_put_text(w, key, str_from(text));
}

void json_put_int(struct json_writer *w, const char *key, int64_t value)
{
	lead(w, key);
	buf_addf(w->out, "%" PRId64, value);
}

void json_put_id(struct json_writer *w, const char *key, int64_t value)
{
	bool wide = value > EXACT_MAX || value < -EXACT_MAX;

	lead(w, key);
	buf_addf(w->out, wide ? "\"%" PRId64 "\"" : "%" PRId64, value);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
	char text[JSON_NUMBER_MAX];
	size_t len = json_number_text(text, value);

	lead(w, key);
	buf_add(w->out, text, len);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	lead(w, key);
	buf_adds(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
	lead(w, key);
	buf_adds(w->out, "null");
}

void json_put_cell(struct json_writer *w, const char *key, const struct cell *c)
{
	switch (c->kind) {
	case CELL_INT:
		json_put_int(w, key, c->integer);
		break;
	case CELL_NUMBER:
		json_put_number(w, key, c->number);
		break;
	case CELL_TEXT:
		json_put_text(w, key, c->text);
		break;
	case CELL_BOOL:
		json_put_bool(w, key, c->integer != 0);
		break;
	case CELL_UNKNOWN:
		json_put_null(w, key);
		break;
	}
}
