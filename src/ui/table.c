/* SPDX-License-Identifier: PostgreSQL */
/* A table on the canvas: head, rows, cursor, tags, warnings, trends, tree. */
#include <stdio.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "ui/state.h"
#include "ui/text.h"

enum { MARGIN = 1, CELL_BYTES_MAX = 64 * 1024, GROWN_MAX = 14, WRAP_ROWS_MAX = 12 };

/* What all the functions that draw one table need. */
struct painter {
	struct ui *u;
	struct ui_table *t;
	struct canvas *c;
	const struct feed *f;
	struct place place[UI_PLACES_MAX];
	int places;
	int flex;          /* the column that takes the room left, -1 */
	int64_t wall_us;
	bool stale;
	bool less, more;
	bool grew;         /* a number was wider than its column: draw again */
	struct buf text;
};

static bool in_tree(const struct painter *p, int column)
{
	return p->t->view.tree && p->t->p->column[column].tree;
}

static void draw_head(struct painter *p, int y)
{
	const struct view *v = &p->t->view;

	canvas_fill(p->c, 0, y, p->c->width, SLOT_HEAD, 0, ' ');
	for (int i = 0; i < p->places; i++) {
		const struct place *at = &p->place[i];
		const struct panel_column *column = &p->t->p->column[at->column];
		bool sorts = v->sort == at->column;
		int title = utf8_text_width(column->title, strlen(column->title));
		bool right = columns_right(column) && !in_tree(p, at->column);
		int x = at->x + (right && title < at->width ? at->width - title : 0);
		int used = canvas_puts(p->c, x, y, at->x + at->width - x, sorts ? SLOT_HEAD_SORT : SLOT_HEAD, 0,
		                       column->title);

		if (sorts)
			canvas_puts(p->c, x + used, y, 1, SLOT_HEAD_SORT, 0, v->descending ? "▼" : "▲");
		ui_hit(p->u, at->x, y, at->width + at->sign, HIT_HEAD, at->column);
	}
	if (p->less && p->places > 0)
		canvas_puts(p->c, p->place[0].x + p->place[0].width, y, 1, SLOT_KEY, 0, "<");
	if (p->more)
		canvas_puts(p->c, p->c->width - 1, y, 1, SLOT_KEY, 0, ">");
	for (int i = 0; i < p->places && p->t->shift > 0; i++)
		if (p->place[i].column == p->flex && i > 0)
			canvas_puts(p->c, p->place[i].x - 1, y, 1, SLOT_KEY, 0, "<");
}

static void draw_trend(struct painter *p, const struct place *at, int y, int row)
{
	const struct series *s = feed_trend(p->f, row);

	if (s)
		cells_spark(p->c, at->x, y, at->width, p->stale ? SLOT_STALE : SLOT_CHART_1, s, feed_steps(p->f));
	else
		canvas_puts(p->c, at->x, y, at->width, SLOT_DIM, 0, "-");
}

/* "└ " before the branches of a tree, as deep as the text of that width lets it; returns the columns used. */
static int draw_branch(struct painter *p, const struct place *at, int y, int shown, int text_width)
{
	int depth = in_tree(p, at->column) ? p->t->view.depth[shown] : 0;
	int most = at->width - text_width > at->width / 2 ? at->width - text_width : at->width / 2;
	int indent = depth * 2 < most ? depth * 2 : most;

	if (indent < 2)
		return 0;
	canvas_puts(p->c, at->x + indent - 2, y, 2, SLOT_DIM, 0, "└ ");
	return indent;
}

static void draw_number(struct painter *p, const struct place *at, int y, unsigned slot, struct str text)
{
	int width = utf8_text_width(text.at, text.len);
	int *grown = &p->t->grown[at->column];
	int x = at->x + at->width - width;

	if (width > at->width) { /* never cut a number: 1204 is not 120 */
		x = at->x;
		if (*grown + width - at->width <= GROWN_MAX) {
			*grown += width - at->width;
			p->grew = true;
		}
		cells_draw_cut(p->c, x, y, at->width, slot, text);
		return;
	}
	canvas_text(p->c, x, y, width, slot, 0, text);
}

/* Draws a wrapped text over `lines` rows. */
static void draw_lines(struct painter *p, const struct place *at, int y, int lines, unsigned slot)
{
	struct str left = buf_str(&p->text);

	for (int i = 0; i < lines && left.len > 0; i++) {
		size_t fit = utf8_fit(left.at, left.len, at->width, NULL);

		if (i == lines - 1)
			fit = left.len;
		cells_draw_cut(p->c, at->x, y + i, at->width, slot, (struct str){left.at, fit});
		left.at += fit;
		left.len -= fit;
	}
}

/* Returns the columns used. */
static int draw_text(struct painter *p, const struct place *at, int y, int lines, unsigned slot, int shown)
{
	bool flex = at->column == p->flex;
	struct str text = buf_str(&p->text);
	int indent = draw_branch(p, at, y, shown, utf8_text_width(text.at, text.len));

	if (flex && lines > 1) {
		draw_lines(p, at, y, lines, slot);
		return at->width;
	}
	if (flex && p->t->shift > 0) {
		size_t skip = utf8_fit(text.at, text.len, p->t->shift, NULL);

		text.at += skip;
		text.len -= skip;
	}
	return indent + cells_draw_cut(p->c, at->x + indent, y, at->width - indent, slot, text);
}

static void format_cell(struct painter *p, const struct place *at, const struct cell *cell, int lines)
{
	int width = at->column == p->flex ? at->width * lines + p->t->shift : at->width;

	buf_clear(&p->text);
	cells_text(&p->text, cell, p->t->p->column[at->column].unit, p->wall_us, width, p->c->ascii);
}

static void draw_cell(struct painter *p, const struct place *at, int y, int lines, int shown)
{
	const struct panel_column *column = &p->t->p->column[at->column];
	int row = p->t->view.order[shown];
	struct cell cell;
	unsigned slot;
	int alert, used = at->width;

	if (strcmp(column->name, "trend") == 0) {
		draw_trend(p, at, y, row);
		return;
	}
	cell = feed_cell(p->f, row, at->column, p->wall_us);
	alert = column->warn || column->crit ? feed_alert(p->f, row, at->column, p->wall_us) : 0;
	slot = cells_slot(&cell, alert, p->stale);
	if (slot == SLOT_TEXT && feed_row_is_new(p->f, row))
		slot = SLOT_NEW;
	format_cell(p, at, &cell, lines);
	if (columns_right(column) && !in_tree(p, at->column))
		draw_number(p, at, y, slot, buf_str(&p->text));
	else
		used = draw_text(p, at, y, lines, slot, shown);
	if (alert > 0)
		canvas_puts(p->c, at->x + used, y, at->width - used + at->sign - 1, slot, 0, cells_sign(alert));
}

/* The sign of the margin: a tagged row, a new one. */
static const char *margin(const struct painter *p, int shown)
{
	int row = p->t->view.order[shown];

	if (p->t->view.tagged.count > 0 && view_is_tagged(&p->t->view, feed_key(p->f, row)))
		return "*";
	return feed_row_is_new(p->f, row) ? "+" : "";
}

/* Rows of the screen that a row of the table takes. */
static int row_lines(struct painter *p, int shown)
{
	int flex = p->t->wrap ? p->flex : -1;

	for (int i = 0; i < p->places && flex >= 0; i++) {
		struct cell cell;
		int lines;

		if (p->place[i].column != flex || p->place[i].width < 1)
			continue;
		cell = feed_cell(p->f, p->t->view.order[shown], flex, p->wall_us);
		format_cell(p, &p->place[i], &cell, WRAP_ROWS_MAX);
		lines = (utf8_text_width(p->text.data ? p->text.data : "", p->text.len) + p->place[i].width - 1) /
		        p->place[i].width;
		return lines < 1 ? 1 : lines > WRAP_ROWS_MAX ? WRAP_ROWS_MAX : lines;
	}
	return 1;
}

static void draw_row(struct painter *p, int y, int lines, int shown)
{
	const struct view *v = &p->t->view;
	const char *sign = margin(p, shown);

	canvas_puts(p->c, 0, y, 1, *sign == '*' ? SLOT_TAGGED : SLOT_NEW, 0, sign);
	for (int i = 0; i < p->places; i++)
		draw_cell(p, &p->place[i], y, lines, shown);
	for (int i = 0; i < lines; i++) {
		if (*sign == '*')
			canvas_flag_row(p->c, y + i, CANVAS_TAGGED);
		if (shown == v->cursor)
			canvas_flag_row(p->c, y + i, CANVAS_CURSOR);
		ui_hit(p->u, 0, y + i, p->c->width, HIT_ROW, shown);
	}
}

/* Moves the first shown row so that the cursor is on the screen and no rows are left unused. */
static void scroll_to_cursor(struct painter *p, int rows)
{
	struct view *v = &p->t->view;
	int used = 0, first;

	if (v->top > v->cursor)
		v->top = v->cursor;
	if (v->top < 0)
		v->top = 0;
	if (!p->t->wrap) {
		if (v->cursor >= v->top + rows)
			v->top = v->cursor - rows + 1;
		if (v->top > v->count - rows)
			v->top = v->count > rows ? v->count - rows : 0;
		return;
	}
	for (first = v->cursor; first >= v->top; first--) {
		used += row_lines(p, first);
		if (used > rows)
			break;
	}
	if (first >= v->top)
		v->top = first + 1 < v->cursor ? first + 1 : v->cursor;
}

static void note_visible(struct ui_table *t, int row)
{
	if (t->visible_count == t->visible_room) {
		t->visible_room = t->visible_room ? t->visible_room * 2 : 64;
		t->visible = mem_resize(t->visible, (size_t)t->visible_room, sizeof(*t->visible));
	}
	t->visible[t->visible_count++] = row;
}

static void draw_rows(struct painter *p, int y, int end)
{
	struct view *v = &p->t->view;

	p->t->visible_count = 0;
	for (int i = v->top; i < v->count && y < end; i++) {
		int lines = row_lines(p, i);

		if (lines > end - y)
			lines = end - y;
		note_visible(p->t, v->order[i]);
		draw_row(p, y, lines, i);
		for (int k = 0; k < lines; k++)
			cells_highlight(p->c, MARGIN, y + k, p->u->search);
		y += lines;
	}
}

void table_empty_reason(struct ui *u, const struct ui_host *h, const struct ui_table *t, struct buf *out)
{
	const struct server_status *s = screens_status(u, h, t->panel);
	const struct feed *f = screens_feed(u, h, t->panel);
	const struct view *v = &t->view;
	static const char *const missing[UI_KINDS] = {
		[PANEL_PG] = "no PostgreSQL server is given (dytop CONNINFO)",
		[PANEL_REDIS] = "no Redis server is given (--redis URI)",
		[PANEL_PGBOUNCER] = "no PgBouncer is given (--pgbouncer CONNINFO)",
		[PANEL_SELF] = "nothing yet",
	};

	if (v->count > 0)
		return;
	if (!s && h->server_count == 0)
		buf_adds(out, "starting ...");
	else if (!s && t->p->source != PANEL_SELF)
		buf_adds(out, missing[t->p->source]);
	else if (f && feed_state(f) == FEED_UNAVAILABLE)
		buf_adds(out, feed_reason(f));
	else if (s && !header_server_ok(s) && (!f || feed_state(f) == FEED_EMPTY))
		buf_addf(out, "%s: %s%s%s", s->name, server_state_name(s->state), s->reason[0] ? ": " : "", s->reason);
	else if (f && feed_state(f) == FEED_EMPTY && feed_reason(f)[0])
		buf_adds(out, feed_reason(f));
	else if (!f || feed_state(f) == FEED_EMPTY)
		buf_adds(out, h->replay ? "the recording has none of this moment"
		              : u->paused ? "paused before this was asked (p goes on)" : "asking ...");
	else if (v->filtered_count > 0)
		buf_addf(out, "the filter leaves none of %d rows (= shows all)", v->total);
	else if (v->hidden_count > 0)
		buf_addf(out, "%d %s hidden (i shows them)", v->hidden_count, t->p->hide_title ? t->p->hide_title : "rows");
	else
		buf_addf(out, "%s", t->p->empty ? t->p->empty : "no rows");
}

static void draw_empty(struct ui *u, const struct ui_host *h, struct canvas *c, const struct ui_table *t, int y, int end)
{
	struct buf raw = BUF_INIT(2048), text = BUF_INIT(8192);
	struct pager lines = {0};

	table_empty_reason(u, h, t, &raw);
	clean_text(&text, buf_text(&raw), raw.len, c->ascii ? CLEAN_ASCII : 0);
	pager_clear(&lines);
	pager_wrap(&lines, SLOT_DIM, 0, c->width - 2 * MARGIN - 1, buf_str(&text));
	pager_draw(&lines, c, MARGIN + 1, y, c->width - 2 * MARGIN - 1, end);
	pager_release(&lines);
	buf_release(&raw);
	buf_release(&text);
}

void table_draw(struct ui *u, const struct ui_host *h, struct canvas *c, struct ui_table *t, int y, int end)
{
	struct painter p = {.u = u, .t = t, .c = c, .f = screens_feed(u, h, t->panel), .text = BUF_INIT(CELL_BYTES_MAX)};
	const struct server_status *s = screens_status(u, h, t->panel);
	int rows = end - y - 1, hits = u->hit_count;

	t->visible_count = 0;
	table_update(u, h, t);
	t->rows = rows > 0 ? rows : 0;
	if (y >= end)
		return;
	p.wall_us = screens_wall(p.f, h);
	p.stale = (p.f && feed_state(p.f) == FEED_STALE) || (s && !header_server_ok(s));
	for (int pass = 0; pass < 3; pass++) {
		for (int row = y; row < end; row++)
			canvas_fill(c, 0, row, c->width, SLOT_TEXT, 0, ' ');
		u->hit_count = hits;
		p.grew = false;
		p.flex = columns_flex(t);
		p.places = columns_place(t, MARGIN, c->width - MARGIN, p.place, &p.less, &p.more);
		draw_head(&p, y);
		if (p.f && t->view.count > 0 && rows > 0) {
			scroll_to_cursor(&p, rows);
			draw_rows(&p, y + 1, end);
		}
		if (!p.grew)
			break;
	}
	if (t->view.count == 0 && rows > 0)
		draw_empty(u, h, c, t, y + 1, end);
	buf_release(&p.text);
}
