/* SPDX-License-Identifier: PostgreSQL */
#include "ui/term_paint.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/mem.h"
#include "core/utf8.h"

enum {
	JUMP_MIN = 5,  /* unchanged cells that are cheaper to jump over than to write again */
	BLANK_MIN = 4, /* blanks at the end of a row that are cheaper to erase than to write */
};

static const struct term_look plain = {.fg = -1, .bg = -1, .ready = true};

void paint_resize(struct term_paint *p, int width, int height)
{
	free(p->shown);
	p->shown = mem_calloc((size_t)width * (size_t)height, sizeof(*p->shown));
	p->width = width;
	p->height = height;
	paint_forget(p, true);
}

void paint_release(struct term_paint *p)
{
	free(p->shown);
	p->shown = NULL;
}

void paint_forget(struct term_paint *p, bool all)
{
	p->all |= all;
	p->pen_known = false;
	p->x = -1;
}

/* --- the pen -------------------------------------------------------------------------------------------------------- */

static bool same_look(const struct term_look *a, const struct term_look *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

static void add_int(struct buf *out, int n)
{
	char digits[12];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	buf_add(out, digits + at, sizeof(digits) - at);
}

/* One more number of an SGR sequence, which is begun with the first. */
static void add_sgr(struct buf *out, bool *begun, int n)
{
	buf_adds(out, *begun ? ";" : "\x1b[");
	add_int(out, n);
	*begun = true;
}

static void add_colour(struct buf *out, bool *begun, int base, int colour)
{
	if (colour < 0) {
		add_sgr(out, begun, base + 9);
	} else if (colour < 8) {
		add_sgr(out, begun, base + colour);
	} else if (colour < 16) {
		add_sgr(out, begun, base + 60 + colour - 8);
	} else {
		add_sgr(out, begun, base + 8);
		add_sgr(out, begun, 5);
		add_sgr(out, begun, colour);
	}
}

/* True when an attribute or a colour goes that only a reset takes away. */
static bool needs_reset(const struct term_paint *p, const struct term_look *to)
{
	return !p->pen_known || (p->pen.attrs & ~to->attrs) ||
	       (!p->looks.has_default && ((p->pen.fg >= 0 && to->fg < 0) || (p->pen.bg >= 0 && to->bg < 0)));
}

static void set_pen_ansi(struct term_paint *p, const struct term_look *to, struct buf *out)
{
	static const struct {
		unsigned attr;
		int sgr;
	} attrs[] = {{THEME_BOLD, 1}, {THEME_DIM, 2}, {THEME_UNDERLINE, 4}, {THEME_REVERSE, 7}};
	bool begun = false;

	if (needs_reset(p, to)) {
		if (same_look(to, &plain)) {
			buf_adds(out, "\x1b[m");
			return;
		}
		add_sgr(out, &begun, 0);
		p->pen = plain;
	}
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (to->attrs & ~p->pen.attrs & attrs[i].attr)
			add_sgr(out, &begun, attrs[i].sgr);
	if (to->fg != p->pen.fg && to->bg != p->pen.bg && same_look(to, &plain)) {
		buf_adds(out, "\x1b[m");
		return;
	}
	if (to->fg != p->pen.fg)
		add_colour(out, &begun, 30, to->fg);
	if (to->bg != p->pen.bg)
		add_colour(out, &begun, 40, to->bg);
	buf_addc(out, 'm');
}

static void add_cap(struct buf *out, const char *text)
{
	if (text)
		buf_adds(out, text);
}

static void set_pen_terminfo(struct term_paint *p, const struct term_look *to, struct buf *out)
{
	const struct term_caps *c = &p->caps;

	add_cap(out, c->sgr0);
	if (p->looks.colours)
		add_cap(out, c->op);
	if (to->attrs & THEME_BOLD)
		add_cap(out, c->bold);
	if (to->attrs & THEME_DIM)
		add_cap(out, c->dim);
	if (to->attrs & THEME_UNDERLINE)
		add_cap(out, c->smul);
	if (to->attrs & THEME_REVERSE)
		add_cap(out, c->rev);
	if (to->fg >= 0 && c->setaf)
		add_cap(out, tiparm(c->setaf, (int)to->fg));
	if (to->bg >= 0 && c->setab)
		add_cap(out, tiparm(c->setab, (int)to->bg));
}

static void set_pen(struct term_paint *p, const struct term_look *to, struct buf *out)
{
	if (p->pen_known && same_look(&p->pen, to))
		return;
	if (p->caps.ansi)
		set_pen_ansi(p, to, out);
	else
		set_pen_terminfo(p, to, out);
	p->pen = *to;
	p->pen_known = true;
}

void paint_plain(struct term_paint *p, struct buf *out)
{
	add_cap(out, p->caps.sgr0);
	if (p->looks.colours)
		add_cap(out, p->caps.op);
	p->pen = plain;
	p->pen_known = true;
}

/* --- the cursor ------------------------------------------------------------------------------------------------------ */

static void move_ansi(struct term_paint *p, int x, int y, struct buf *out)
{
	if (p->x >= 0 && x == 0 && y == p->y) {
		buf_addc(out, '\r');
	} else if (p->x >= 0 && x == 0 && y == p->y + 1) {
		buf_adds(out, "\r\n"); /* output is not translated: one row down, never beyond the last */
	} else if (p->x >= 0 && y == p->y && x == p->x - 1) {
		buf_addc(out, '\b');
	} else if (p->x >= 0 && y == p->y && x > p->x) {
		buf_adds(out, "\x1b[");
		add_int(out, x - p->x);
		buf_addc(out, 'C');
	} else {
		buf_adds(out, "\x1b[");
		if (x > 0 || y > 0)
			add_int(out, y + 1);
		if (x > 0) {
			buf_addc(out, ';');
			add_int(out, x + 1);
		}
		buf_addc(out, 'H');
	}
}

void paint_move(struct term_paint *p, int x, int y, struct buf *out)
{
	if (p->x == x && p->y == y)
		return;
	if (p->caps.ansi)
		move_ansi(p, x, y, out);
	else
		add_cap(out, tiparm(p->caps.cup, y, x));
	p->x = x;
	p->y = y;
}

/* --- cells ----------------------------------------------------------------------------------------------------------- */

static const struct term_look *look_of(struct term_paint *p, const struct canvas_cell *cell)
{
	return cell->slot == SLOT_COUNT ? &plain : term_look_get(&p->looks, cell->slot, cell->flags);
}

static bool is_blank(const struct canvas_cell *cell)
{
	return cell->cp == ' ' && cell->mark[0] == 0;
}

/* A blank shows nothing of the pen but its ground. */
static bool same_blank(const struct term_look *a, const struct term_look *b)
{
	return a->bg == b->bg && !((a->attrs | b->attrs) & (THEME_REVERSE | THEME_UNDERLINE));
}

static bool same_cell(struct term_paint *p, const struct canvas_cell *a, const struct canvas_cell *b)
{
	const struct term_look *look_a, *look_b;

	if (memcmp(a, b, sizeof(*a)) == 0)
		return true;
	if (a->cp != b->cp || a->mark[0] != b->mark[0] || a->mark[1] != b->mark[1])
		return false;
	look_a = look_of(p, a);
	look_b = look_of(p, b);
	return same_look(look_a, look_b) || (is_blank(a) && same_blank(look_a, look_b));
}

/* Writes one character with its marks. What the terminal would probably measure otherwise than the canvas (its tables are the
 * locale's, ours utf8proc's) becomes question marks, or the row would shift. */
static void put_text(struct term_paint *p, const struct canvas_cell *cell, bool wide, struct buf *out)
{
	char bytes[4];

	if (cell->cp >= 0x20 && cell->cp < 0x7f) {
		buf_addc(out, (char)cell->cp);
	} else if (p->ascii || wcwidth((wchar_t)cell->cp) != 1 + wide) {
		buf_adds(out, wide ? "??" : "?");
		return;
	} else {
		buf_add(out, bytes, utf8_encode(cell->cp, bytes));
	}
	for (size_t i = 0; i < ARRAY_LEN(cell->mark) && cell->mark[i] && !p->ascii; i++)
		if (wcwidth((wchar_t)cell->mark[i]) == 0)
			buf_add(out, bytes, utf8_encode(cell->mark[i], bytes));
}

/* The row as the terminal has room for it: nothing of a wide character that does not fit. */
static struct canvas_cell cell_at(const struct term_paint *p, const struct canvas *c, int x, int y, bool *wide)
{
	const struct canvas_cell *at = &c->cell[(size_t)y * (size_t)c->width + (size_t)x];
	struct canvas_cell cell = *at;

	*wide = cell.cp != 0 && x + 1 < c->width && at[1].cp == 0;
	if (*wide && x + 1 >= p->width) {
		cell.cp = ' ';
		*wide = false;
	}
	return cell;
}

static void put_cell(struct term_paint *p, const struct canvas *c, int x, int y, struct buf *out)
{
	bool wide;
	struct canvas_cell cell = cell_at(p, c, x, y, &wide);
	const struct term_look *look = look_of(p, &cell);

	if (cell.cp == 0)
		return; /* came with its left half */
	if (x == p->width - 1 && y == p->height - 1 && !p->caps.keeps_wrap)
		return;
	paint_move(p, x, y, out);
	if (!is_blank(&cell) || !p->pen_known || !same_blank(&p->pen, look))
		set_pen(p, look, out);
	put_text(p, &cell, wide, out);
	p->x = x + 1 + wide < p->width ? x + 1 + wide : -1; /* at the edge terminals differ */
}

/* Writes the characters behind x that changed, too, and need neither another pen nor any care; x is what put_cell() just wrote.
 * Returns the last one. */
static int put_more(struct term_paint *p, const struct canvas_cell *now, const struct canvas_cell *shown, int x, int to, struct buf *out)
{
	char bytes[256];
	size_t len = 0;
	int first = x;

	if (p->x != x + 1 || !same_look(&p->pen, look_of(p, &now[x])))
		return x;
	if (to > p->width - 1)
		to = p->width - 1; /* at the edge terminals differ */
	for (; x + 1 < to && len < sizeof(bytes); x++) {
		const struct canvas_cell *next = &now[x + 1];

		if (next->slot != now[first].slot || next->flags != now[first].flags || next->cp < 0x20 || next->cp >= 0x7f ||
		    next->mark[0] || same_cell(p, next, &shown[x + 1]))
			break;
		bytes[len++] = (char)next->cp;
	}
	buf_add(out, bytes, len);
	p->x = x + 1;
	return x;
}

/* From where on the row is blank and can be erased; width when it cannot. */
static int blank_from(struct term_paint *p, const struct canvas_cell *row, int width)
{
	int x = width;

	if (!p->caps.el || width < p->width)
		return width;
	while (x > 0 && is_blank(&row[x - 1])) {
		const struct term_look *look = look_of(p, &row[x - 1]);

		if (look->bg >= 0 || (look->attrs & (THEME_REVERSE | THEME_UNDERLINE)))
			break;
		x--;
	}
	return width - x >= BLANK_MIN ? x : width;
}

static void erase_rest(struct term_paint *p, int x, int y, struct buf *out)
{
	paint_move(p, x, y, out);
	if (!p->pen_known || !same_blank(&p->pen, &plain))
		set_pen(p, &plain, out);
	add_cap(out, p->caps.el);
}

static bool differs(struct term_paint *p, const struct canvas_cell *now, const struct canvas_cell *shown, int from, int to)
{
	for (int x = from; x < to; x++)
		if (!same_cell(p, &now[x], &shown[x]))
			return true;
	return false;
}

/* Unchanged cells between two that changed: a few that need no other pen are written again, which is shorter than a jump. */
static void fill_gap(struct term_paint *p, const struct canvas *c, int from, int to, int y, struct buf *out)
{
	const struct canvas_cell *row = c->cell + (size_t)y * (size_t)c->width;

	if (to - from >= JUMP_MIN || p->x != from || !p->pen_known)
		return;
	for (int x = from; x < to; x++) {
		const struct term_look *look = look_of(p, &row[x]);

		if (row[x].cp < 0x20 || row[x].cp >= 0x7f || row[x].mark[0] ||
		    !(is_blank(&row[x]) ? same_blank(look, &p->pen) : same_look(look, &p->pen)))
			return;
	}
	for (int x = from; x < to; x++)
		put_cell(p, c, x, y, out);
}

static void paint_row(struct term_paint *p, const struct canvas *c, int y, struct buf *out)
{
	const struct canvas_cell *now = c->cell + (size_t)y * (size_t)c->width;
	struct canvas_cell *shown = p->shown + (size_t)y * (size_t)p->width;
	int width = c->width < p->width ? c->width : p->width;
	int blank, last = -1;

	if (memcmp(now, shown, (size_t)width * sizeof(*now)) == 0)
		return;
	blank = blank_from(p, now, width);
	for (int x = 0; x < blank; x++) {
		int at = x;

		if (same_cell(p, &now[x], &shown[x]))
			continue;
		if (now[x].cp == 0 && x > 0 && last < x - 1)
			at--; /* its left half draws both */
		if (last >= 0)
			fill_gap(p, c, last + 1, at, y, out);
		put_cell(p, c, at, y, out);
		x = at == x ? put_more(p, now, shown, x, blank, out) : x;
		last = x;
	}
	if (blank < width && differs(p, now, shown, blank, width))
		erase_rest(p, blank, y, out);
	memcpy(shown, now, (size_t)width * sizeof(*now));
}

static void begin_all(struct term_paint *p, struct buf *out)
{
	const struct canvas_cell blank = {.cp = ' ', .slot = SLOT_COUNT};

	paint_plain(p, out);
	add_cap(out, p->caps.clear);
	p->x = p->y = 0;
	for (size_t i = 0; i < (size_t)p->width * (size_t)p->height; i++)
		p->shown[i] = blank;
	p->all = false;
}

void paint_canvas(struct term_paint *p, const struct canvas *c, struct buf *out)
{
	int height = c->height < p->height ? c->height : p->height;

	if (p->all)
		begin_all(p, out);
	for (int y = 0; y < height; y++)
		paint_row(p, c, y, out);
}
