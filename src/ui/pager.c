/* SPDX-License-Identifier: PostgreSQL */
#include "ui/pager.h"

#include <stdlib.h>
#include <strings.h>

#include "core/mem.h"
#include "core/utf8.h"

enum { PAGER_BYTES_MAX = 1 << 20, PAGER_LINE_MAX = 64 * 1024 };

void pager_release(struct pager *p)
{
	buf_release(&p->text);
	free(p->span);
	free(p->line);
	*p = (struct pager){0};
}

void pager_clear(struct pager *p)
{
	p->text.limit = PAGER_BYTES_MAX;
	buf_clear(&p->text);
	p->span_count = p->line_count = 0;
	p->open_line = false;
}

static void begin_line(struct pager *p)
{
	if (p->open_line)
		return;
	if (p->line_count == p->line_room) {
		p->line_room = p->line_room ? p->line_room * 2 : 64;
		p->line = mem_resize(p->line, (size_t)p->line_room, sizeof(*p->line));
	}
	p->line[p->line_count++] = p->span_count;
	p->open_line = true;
}

void pager_add(struct pager *p, unsigned slot, struct str text)
{
	begin_line(p);
	if (text.len == 0 || p->text.failed)
		return;
	if (p->span_count == p->span_room) {
		p->span_room = p->span_room ? p->span_room * 2 : 128;
		p->span = mem_resize(p->span, (size_t)p->span_room, sizeof(*p->span));
	}
	p->span[p->span_count] = (struct pager_span){
		.offset = (uint32_t)p->text.len, .len = (uint32_t)text.len, .slot = (uint8_t)slot};
	if (buf_addstr(&p->text, text))
		p->span_count++;
}

void pager_puts(struct pager *p, unsigned slot, const char *text)
{
	pager_add(p, slot, str_from(text));
}

void pager_pad(struct pager *p, unsigned slot, struct str text, int columns)
{
	static const char blanks[] = "                                        ";
	int used;

	begin_line(p);
	pager_add(p, slot, text);
	used = 0;
	for (int i = p->line[p->line_count - 1]; i < p->span_count; i++)
		used += utf8_text_width(p->text.data + p->span[i].offset, p->span[i].len);
	while (used < columns) {
		int n = columns - used < (int)sizeof(blanks) - 1 ? columns - used : (int)sizeof(blanks) - 1;

		pager_add(p, slot, (struct str){blanks, (size_t)n});
		used += n;
	}
}

void pager_end(struct pager *p)
{
	begin_line(p);
	p->open_line = false;
}

/* Bytes of the next piece of a line that fits: up to the last blank, or to the edge when there is none. */
static size_t piece(const char *at, size_t len, int width)
{
	size_t fit = utf8_fit(at, len, width, NULL);

	if (fit == 0)
		return len ? 1 : 0; /* not even one wide character fits: go on all the same */
	if (fit == len || at[fit] == ' ')
		return fit;
	for (size_t i = fit; i > fit / 2; i--)
		if (at[i - 1] == ' ')
			return i;
	return fit;
}

static void wrap_line(struct pager *p, unsigned slot, int indent, int width, struct str text)
{
	bool first = true;

	do {
		size_t n;

		if (!first || !p->open_line)
			pager_pad(p, slot, STR(""), indent);
		n = piece(text.at, text.len, width > 1 ? width : 1);
		pager_add(p, slot, (struct str){text.at, n});
		pager_end(p);
		text.at += n;
		text.len -= n;
		while (text.len > 0 && *text.at == ' ' && n > 0) {
			text.at++;
			text.len--;
		}
		first = false;
	} while (text.len > 0 && !p->text.failed);
}

void pager_wrap(struct pager *p, unsigned slot, int indent, int width, struct str text)
{
	for (;;) {
		const char *feed = text.len ? memchr(text.at, '\n', text.len) : NULL;
		size_t n = feed ? (size_t)(feed - text.at) : text.len;

		wrap_line(p, slot, indent, width, (struct str){text.at, n});
		if (!feed || p->text.failed)
			return;
		text.at += n + 1;
		text.len -= n + 1;
	}
}

void pager_scroll(struct pager *p, int lines)
{
	int last = p->line_count - p->height;

	p->top = lines > 0 && p->top > last ? last : p->top;
	if (lines > 0)
		p->top = lines > last - p->top ? last : p->top + lines;
	else
		p->top = -lines > p->top ? 0 : p->top + lines;
	if (p->top < 0)
		p->top = 0;
}

void pager_line(const struct pager *p, int line, struct buf *out)
{
	int end;

	if (line < 0 || line >= p->line_count)
		return;
	end = line + 1 < p->line_count ? p->line[line + 1] : p->span_count;
	for (int i = p->line[line]; i < end; i++)
		buf_add(out, p->text.data + p->span[i].offset, p->span[i].len);
}

bool pager_search(struct pager *p, const char *text, int direction, bool from_here)
{
	struct buf line = BUF_INIT(PAGER_LINE_MAX);
	bool found = false;

	for (int i = from_here ? 0 : 1; i <= p->line_count && !found && p->line_count > 0; i++) {
		int at = ((p->top + i * direction) % p->line_count + p->line_count) % p->line_count;

		buf_clear(&line);
		pager_line(p, at, &line);
		if (strcasestr(buf_text(&line), text)) {
			p->top = at;
			found = true;
		}
	}
	buf_release(&line);
	return found;
}

void pager_draw(struct pager *p, struct canvas *c, int x, int y, int width, int end)
{
	p->height = end - y;
	if (p->top > p->line_count - p->height)
		p->top = p->line_count - p->height;
	if (p->top < 0)
		p->top = 0;
	for (int row = y; row < end && p->top + row - y < p->line_count; row++) {
		int line = p->top + row - y;
		int last = line + 1 < p->line_count ? p->line[line + 1] : p->span_count;
		int used = 0;

		for (int i = p->line[line]; i < last && used < width; i++) {
			const struct pager_span *s = &p->span[i];

			used += canvas_text(c, x + used, row, width - used, s->slot, 0,
			                    (struct str){p->text.data + s->offset, s->len});
		}
	}
}
