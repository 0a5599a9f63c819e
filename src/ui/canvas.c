/* SPDX-License-Identifier: PostgreSQL */
#include "ui/canvas.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

enum {
	SIDE_MAX = 4096, /* columns or rows; more than any terminal, and the product stays small */
	ASCII_FORM_MAX = 10,
};

/* One-column stand-ins, in order of the code points. What is not here is written as an escape. */
static const struct ascii_form {
	uint32_t first, last;
	char form[9]; /* one character for each, or one for all */
} ascii_forms[] = {
	{0x00b1, 0x00b1, "+"},           /* plus-minus */
	{0x00b5, 0x00b5, "u"},           /* micro */
	{0x00b7, 0x00b7, "."},           /* middle dot */
	{0x00d7, 0x00d7, "x"},           /* times */
	{0x2010, 0x2015, "-"},           /* dashes */
	{0x2018, 0x2019, "'"},
	{0x201c, 0x201d, "\""},
	{0x2022, 0x2022, "*"},           /* bullet */
	{0x2026, 0x2026, ">"},           /* ellipsis: more to the right */
	{0x2190, 0x2193, "<^>v"},        /* arrows */
	{0x2248, 0x2248, "~"},
	{0x2264, 0x2265, "<>"},
	{0x2500, 0x2501, "-"},
	{0x2502, 0x2503, "|"},
	{0x2504, 0x2505, "-"},
	{0x2506, 0x2507, "|"},
	{0x2508, 0x2509, "-"},
	{0x250a, 0x250b, "|"},
	{0x250c, 0x254b, "+"},           /* corners, tees, crosses */
	{0x254c, 0x254d, "-"},
	{0x254e, 0x254f, "|"},
	{0x2550, 0x2550, "-"},
	{0x2551, 0x2551, "|"},
	{0x2552, 0x2570, "+"},
	{0x2574, 0x2574, "-"},
	{0x2581, 0x2588, "_.:-=+*#"},    /* eighths, from below */
	{0x2589, 0x258f, "###==--"},     /* eighths, from the left, falling */
	{0x2591, 0x2593, ".:#"},         /* shades */
	{0x25a0, 0x25a0, "#"},
	{0x25b2, 0x25b5, "^"},           /* triangles */
	{0x25b6, 0x25bb, ">"},
	{0x25bc, 0x25bf, "v"},
	{0x25c0, 0x25c5, "<"},
	{0x25c6, 0x25c7, "*"},
	{0x25cb, 0x25cb, "o"},
	{0x25cf, 0x25cf, "*"},
	{0x2713, 0x2714, "+"},           /* check marks */
	{0x2717, 0x2718, "x"},
	{0x2801, 0x28ff, "."},           /* braille; charts draw their own ASCII form */
};

void canvas_init(struct canvas *c, int width, int height)
{
	*c = (struct canvas){.cursor_x = -1, .cursor_y = -1};
	canvas_resize(c, width, height);
}

void canvas_release(struct canvas *c)
{
	free(c->cell);
	c->cell = NULL;
	c->width = c->height = 0;
}

static int clamp_side(int n)
{
	return n < 0 ? 0 : n > SIDE_MAX ? SIDE_MAX : n;
}

void canvas_resize(struct canvas *c, int width, int height)
{
	width = clamp_side(width);
	height = clamp_side(height);
	if (!c->cell || width != c->width || height != c->height) {
		free(c->cell);
		c->cell = mem_calloc((size_t)width * (size_t)height, sizeof(*c->cell));
		c->width = width;
		c->height = height;
	}
	canvas_clear(c);
}

void canvas_clear(struct canvas *c)
{
	const struct canvas_cell blank = {.cp = ' ', .slot = SLOT_TEXT};
	size_t row = (size_t)c->width;

	for (size_t i = 0; i < row && c->height > 0; i++)
		c->cell[i] = blank;
	for (size_t y = 1; y < (size_t)c->height; y++)
		memcpy(c->cell + y * row, c->cell, row * sizeof(*c->cell));
	c->cursor_x = c->cursor_y = -1;
}

/* The cells that are going to be written, which are there; a wide character that is covered by half leaves no half behind. */
static struct canvas_cell *uncover(struct canvas *c, int x, int y, int width)
{
	struct canvas_cell *row = c->cell + (size_t)y * (size_t)c->width;

	if (row[x].cp == 0 && x > 0)
		row[x - 1].cp = ' ';
	if (x + width < c->width && row[x + width].cp == 0)
		row[x + width].cp = ' ';
	return row;
}

/* Puts one character, which fits. */
static struct canvas_cell *put(struct canvas *c, int x, int y, int width, struct canvas_cell cell)
{
	struct canvas_cell *row = uncover(c, x, y, width);

	row[x] = cell;
	if (width == 2) {
		row[x + 1] = cell;
		row[x + 1].cp = 0;
	}
	return &row[x];
}

/* Puts width > 0 characters of printable ASCII, which fit; returns the last. */
static struct canvas_cell *put_run(struct canvas *c, int x, int y, int width, struct canvas_cell cell, const char *at)
{
	struct canvas_cell *row = uncover(c, x, y, width);

	for (int i = 0; i < width; i++) {
		cell.cp = (unsigned char)at[i];
		row[x + i] = cell;
	}
	return &row[x + width - 1];
}

/* The ASCII stand-in of a character: one column where there is a form, else its escape. Returns its length. */
static size_t ascii_form(uint32_t cp, char out[ASCII_FORM_MAX + 1])
{
	for (size_t i = 0; i < ARRAY_LEN(ascii_forms); i++) {
		const struct ascii_form *f = &ascii_forms[i];

		if (cp < f->first || cp > f->last)
			continue;
		out[0] = f->form[1] ? f->form[cp - f->first] : f->form[0];
		out[1] = '\0';
		return 1;
	}
	return (size_t)snprintf(out, ASCII_FORM_MAX + 1, cp < 0x10000 ? "\\u%04X" : "\\U%08X", (unsigned)cp);
}

/* Draws the ASCII form of cp into at most `room` columns; returns the columns, -1 when it does not fit. */
static int put_ascii_form(struct canvas *c, int x, int y, int room, struct canvas_cell cell)
{
	char form[ASCII_FORM_MAX + 1];
	size_t len = ascii_form(cell.cp, form);

	if ((int)len > room)
		return -1;
	for (size_t i = 0; i < len; i++) {
		cell.cp = (unsigned char)form[i];
		put(c, x + (int)i, y, 1, cell);
	}
	return (int)len;
}

static void add_mark(struct canvas_cell *cell, uint32_t mark)
{
	for (size_t i = 0; i < ARRAY_LEN(cell->mark); i++) {
		if (cell->mark[i])
			continue;
		cell->mark[i] = mark;
		return;
	}
}

/* How a character takes its place: 1 or 2 columns, 0 = sits on the one before; *cp becomes '?' when it cannot be shown. */
static int place(uint32_t *cp, bool has_base)
{
	int width;

	if (*cp >= 0x20 && *cp < 0x7f)
		return 1;
	width = utf8_width(*cp);
	if (width > 0 && *cp >= 0xa0)
		return width;
	if (has_base && utf8_is_mark(*cp))
		return 0;
	*cp = '?';
	return 1;
}

int canvas_text(struct canvas *c, int x, int y, int max, unsigned slot, unsigned flags, struct str text)
{
	struct canvas_cell cell = {.slot = (uint8_t)slot, .flags = (uint8_t)flags};
	struct canvas_cell *base = NULL;
	int used = 0, room;
	size_t n;

	if (x < 0 || y < 0 || x >= c->width || y >= c->height)
		return 0;
	room = max < c->width - x ? max : c->width - x;
	if (room <= 0)
		return 0;
	for (size_t i = 0; i < text.len; i += n) {
		int width;

		n = utf8_ascii_run(text.at + i, text.len - i);
		if (n > 0) {
			width = n < (size_t)(room - used) ? (int)n : room - used;
			if (width <= 0)
				break;
			base = put_run(c, x + used, y, width, cell, text.at + i);
			used += width;
			if ((size_t)width < n)
				break;
			continue;
		}
		cell.cp = utf8_decode(text.at + i, text.len - i, &n);
		if (n == 1 && cell.cp >= 0x80)
			cell.cp = '?';
		width = place(&cell.cp, base != NULL || (c->ascii && used > 0));
		if (c->ascii && cell.cp >= 0x80)
			width = put_ascii_form(c, x + used, y, room - used, cell);
		else if (width == 0)
			add_mark(base, cell.cp);
		else if (width > room - used)
			break;
		else
			base = put(c, x + used, y, width, cell);
		if (width < 0)
			break;
		used += width;
	}
	return used;
}

int canvas_puts(struct canvas *c, int x, int y, int max, unsigned slot, unsigned flags, const char *text)
{
	return canvas_text(c, x, y, max, slot, flags, str_from(text));
}

void canvas_fill(struct canvas *c, int x, int y, int width, unsigned slot, unsigned flags, uint32_t cp)
{
	struct canvas_cell cell = {.cp = cp, .slot = (uint8_t)slot, .flags = (uint8_t)flags};
	char form[ASCII_FORM_MAX + 1];

	if (x < 0 || y < 0 || x >= c->width || y >= c->height)
		return;
	if (width > c->width - x)
		width = c->width - x;
	if (place(&cell.cp, false) != 1)
		cell.cp = '?';
	if (c->ascii && cell.cp >= 0x80)
		cell.cp = ascii_form(cell.cp, form) == 1 ? (unsigned char)form[0] : '?';
	if (width <= 0)
		return;
	struct canvas_cell *row = uncover(c, x, y, width);
	for (int i = 0; i < width; i++)
		row[x + i] = cell;
}

void canvas_flag_box(struct canvas *c, int x, int y, int width, int height, unsigned flags)
{
	for (int row = y < 0 ? 0 : y; row < y + height && row < c->height; row++)
		for (int column = x < 0 ? 0 : x; column < x + width && column < c->width; column++)
			c->cell[(size_t)row * (size_t)c->width + (size_t)column].flags |= (uint8_t)flags;
}

void canvas_flag_row(struct canvas *c, int y, unsigned flags)
{
	canvas_flag_box(c, 0, y, c->width, 1, flags);
}

static void add_cp(struct buf *out, uint32_t cp)
{
	char bytes[4];

	buf_add(out, bytes, utf8_encode(cp, bytes));
}

void canvas_dump_text(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->height; y++) {
		const struct canvas_cell *row = c->cell + (size_t)y * (size_t)c->width;
		int width = c->width;

		while (width > 0 && row[width - 1].cp == ' ' && !row[width - 1].mark[0])
			width--;
		if (y > 0)
			buf_addc(out, '\n');
		for (int x = 0; x < width; x++) {
			if (row[x].cp == 0)
				continue;
			add_cp(out, row[x].cp);
			for (size_t i = 0; i < ARRAY_LEN(row[x].mark) && row[x].mark[i]; i++)
				add_cp(out, row[x].mark[i]);
		}
	}
}

void canvas_dump_style(const struct canvas *c, struct buf *out)
{
	for (int y = 0; y < c->height; y++) {
		const struct canvas_cell *row = c->cell + (size_t)y * (size_t)c->width;

		if (y > 0)
			buf_addc(out, '\n');
		for (int x = 0; x < c->width; x++) {
			unsigned slot = row[x].flags & CANVAS_CURSOR   ? SLOT_CURSOR
			                : row[x].flags & CANVAS_TAGGED ? SLOT_TAGGED
			                                               : row[x].slot;

			buf_addc(out, theme_slot_letter(slot));
		}
	}
}
