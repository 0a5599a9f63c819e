/* SPDX-License-Identifier: PostgreSQL */
#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"

enum { FIRST_ROOM = 64 };

void buf_init(struct buf *b, size_t limit)
{
	*b = BUF_INIT(limit);
}

void buf_release(struct buf *b)
{
	free(b->data);
	*b = BUF_INIT(b->limit);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
	char *data = b->data ? b->data : mem_strdup("");

	*b = BUF_INIT(b->limit);
	return data;
}

/* Makes place for `more` bytes and the NUL, or refuses. A buffer that refused once refuses everything until it is cleared,
 * so what it holds is always a prefix of what was appended. */
bool buf_reserve(struct buf *b, size_t more)
{
	size_t need, room;

	if (b->failed || b->len > b->limit || more > b->limit - b->len || b->len + more > SIZE_MAX - 1) {
		b->failed = true;
		return false;
	}
	need = b->len + more + 1;
	if (need <= b->room)
		return true;
	room = b->room ? b->room : FIRST_ROOM;
	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	if (b->limit < SIZE_MAX && room > b->limit + 1)
		room = b->limit + 1;
	b->data = mem_resize(b->data, room, 1);
	b->room = room;
	return true;
}

bool buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!buf_reserve(b, len))
		return false;
	if (len)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
	return true;
}

bool buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

bool buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

bool buf_addstr(struct buf *b, struct str text)
{
	return buf_add(b, text.at, text.len);
}

bool buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	bool ok;

	va_start(args, format);
	ok = buf_vaddf(b, format, args);
	va_end(args);
	return ok;
}

bool buf_vaddf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	size_t left = b->room - b->len;
	int wanted;

	va_copy(again, args);
	wanted = vsnprintf(left ? b->data + b->len : NULL, left, format, again);
	va_end(again);
	if (wanted >= 0 && buf_reserve(b, (size_t)wanted)) {
		if ((size_t)wanted >= left)
			vsnprintf(b->data + b->len, (size_t)wanted + 1, format, args);
		b->len += (size_t)wanted;
		return true;
	}
	b->failed = true;
	if (left)
		b->data[b->len] = '\0'; /* the first attempt wrote behind the end */
	return false;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

struct str buf_str(const struct buf *b)
{
	return (struct str){buf_text(b), b->len};
}

void buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	b->len = len;
	b->data[len] = '\0';
}

void buf_drop(struct buf *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len + 1);
	b->len -= len;
}
