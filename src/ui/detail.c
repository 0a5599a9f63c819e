/* SPDX-License-Identifier: PostgreSQL */
/*
 * The detail window: every column of one row with its meaning, then its long texts in full. It follows its row by key while
 * new samples come; when the row is gone, what was last known of it stays.
 */
#include <stdio.h>

#include "core/clean.h"
#include "core/utf8.h"
#include "ui/state.h"
#include "ui/text.h"

enum { TITLE_WIDTH_MAX = 18, VALUE_WIDTH = 14, LONG_TEXT = 40, TEXT_INDENT = 2 };

struct writer {
	struct ui *u;
	const struct ui_table *t;
	const struct feed *f;
	int row;
	int64_t wall_us;
	int width;
	int title_width;
	bool ascii;
	struct buf text;
};

int detail_row(const struct ui *u, const struct ui_host *h)
{
	const struct ui_table *t = &u->table[u->detail_table];
	const struct feed *f = screens_feed(u, h, t->panel);

	return f ? feed_row_of(f, u->detail_key) : -1;
}

/* How good a figure is, and for a quantile by which method it was found. */
static const char *mark_words(const struct cell *c)
{
	if (c->kind == CELL_UNKNOWN)
		return "not known here";
	switch (c->mark) {
	case MARK_ESTIMATED:
		return "estimated";
	case MARK_BOUND:
		return "at most";
	case MARK_LIFETIME:
		return "since the last reset";
	default:
		return "";
	}
}

static bool is_long(const struct cell *c)
{
	return c->kind == CELL_TEXT && (c->text.len > LONG_TEXT || memchr(c->text.at, '\n', c->text.len));
}

static void write_column(struct writer *w, int column)
{
	const struct panel_column *k = &w->t->p->column[column];
	struct cell cell = feed_cell(w->f, w->row, column, w->wall_us);
	int alert = k->warn || k->crit ? feed_alert(w->f, w->row, column, w->wall_us) : 0;
	unsigned slot = cells_slot(&cell, alert, feed_state(w->f) == FEED_STALE);
	struct pager *p = &w->u->pager;
	const char *over = "", *rung = cell.kind == CELL_UNKNOWN ? "" : feed_column_rung(w->f, w->row, column, &over);
	char words[64];
	int left;

	snprintf(words, sizeof(words), "%s%s%s%s", rung[0] && cell.mark == MARK_EXACT ? "exact" : mark_words(&cell),
	         rung[0] ? ", " : "", rung, over);

	if (strcmp(k->name, "trend") == 0)
		return;
	pager_puts(p, SLOT_TEXT, " ");
	pager_pad(p, SLOT_LABEL, str_from(k->title), w->title_width + 2);
	if (is_long(&cell)) {
		pager_puts(p, SLOT_DIM, "below");
	} else {
		buf_clear(&w->text);
		cells_text(&w->text, &cell, k->unit, w->wall_us, 200, w->ascii);
		buf_adds(&w->text, cells_sign(alert));
		pager_pad(p, slot, buf_str(&w->text), w->title_width + 2 + VALUE_WIDTH);
	}
	if (words[0]) {
		pager_puts(p, SLOT_DIM, " ");
		pager_puts(p, slot == SLOT_TEXT ? SLOT_DIM : slot, words);
		if (k->about && k->about[0])
			pager_puts(p, SLOT_DIM, ";");
	}
	pager_puts(p, SLOT_DIM, " ");
	left = w->width - w->title_width - VALUE_WIDTH - 5 - (int)strlen(words);
	if (k->about && left > 8)
		pager_wrap(p, SLOT_DIM, w->title_width + VALUE_WIDTH + 3, left, str_from(k->about));
	else
		pager_end(p);
}

/* True when a later column has all of this text (and perhaps more of it). */
static bool comes_again(const struct writer *w, int column, struct str text)
{
	for (int i = column + 1; i < w->t->p->column_count; i++) {
		struct cell cell = feed_cell(w->f, w->row, i, w->wall_us);

		if (cell.kind == CELL_TEXT && cell.text.len >= text.len && memcmp(cell.text.at, text.at, text.len) == 0)
			return true;
	}
	return false;
}

/* The long texts, in full up to a ceiling. */
static void write_text(struct writer *w, int column)
{
	const struct panel_column *k = &w->t->p->column[column];
	struct cell cell = feed_cell(w->f, w->row, column, w->wall_us);
	struct pager *p = &w->u->pager;
	struct str head;
	char more[64];

	if (!is_long(&cell) || comes_again(w, column, cell.text))
		return;
	head = text_head(cell.text, UI_TEXT_MAX);
	pager_end(p);
	pager_puts(p, SLOT_DIALOG_TITLE, k->title);
	pager_end(p);
	buf_clear(&w->text);
	clean_text(&w->text, head.at, head.len, CLEAN_KEEP_LINES | (w->ascii ? CLEAN_ASCII : 0));
	pager_wrap(p, SLOT_TEXT, TEXT_INDENT, w->u->detail_wrap ? w->width - TEXT_INDENT : 1 << 20,
	           buf_str(&w->text));
	if (head.len < cell.text.len) {
		snprintf(more, sizeof(more), "  and %zu kB more", (cell.text.len - head.len + 1023) / 1024);
		pager_puts(p, SLOT_WARN, more);
		pager_end(p);
	}
}

static void build(struct ui *u, const struct ui_host *h, const struct ui_table *t, const struct feed *f, int row)
{
	struct writer w = {.u = u, .t = t, .f = f, .row = row, .wall_us = screens_wall(f, h), .width = u->width - 2,
	                   .ascii = u->ascii, .text = BUF_INIT(UI_TEXT_MAX * 4)};

	for (int i = 0; i < t->p->column_count; i++) {
		int width = utf8_text_width(t->p->column[i].title, strlen(t->p->column[i].title));

		w.title_width = width > w.title_width ? width : w.title_width;
	}
	if (w.title_width > TITLE_WIDTH_MAX)
		w.title_width = TITLE_WIDTH_MAX;
	pager_clear(&u->pager);
	for (int i = 0; i < t->p->column_count; i++)
		write_column(&w, i);
	for (int i = 0; i < t->p->column_count; i++)
		write_text(&w, i);
	buf_release(&w.text);
}

/* Writes the row again when there is something new about it; notes when it is gone. */
static void update(struct ui *u, const struct ui_host *h)
{
	struct ui_table *t = &u->table[u->detail_table];
	const struct feed *f = screens_feed(u, h, t->panel);
	int row;

	table_update(u, h, t);
	row = detail_row(u, h);
	if (row >= 0 && (feed_generation(f) != u->detail_seen || u->width != u->detail_width)) {
		build(u, h, t, f, row);
		u->detail_seen = feed_generation(f);
		u->detail_width = u->width;
	}
	if (row >= 0)
		u->detail_gone_us = 0;
	else if (u->detail_gone_us == 0)
		u->detail_gone_us = screens_wall(f, h);
}

void detail_open(struct ui *u, const struct ui_host *h)
{
	const struct ui_table *t = screens_table(u);

	u->window = WINDOW_DETAIL;
	u->detail_key = t->view.cursor_key;
	u->detail_table = (int)(t - u->table);
	u->detail_seen = 0;
	u->detail_gone_us = 0;
	u->detail_width = 0;
	u->detail_wrap = true;
	u->pager.top = 0;
	pager_clear(&u->pager);
	update(u, h);
}

void detail_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_table *t = &u->table[u->detail_table];
	char since[16], text[64], apart[UNIT_TEXT_MAX + 16];
	int x = 1;

	update(u, h);
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	x += canvas_puts(c, x, y, c->width - x, SLOT_DIALOG_TITLE, CANVAS_BOLD, t->p->title);
	x += canvas_puts(c, x, y, c->width - x, SLOT_DIALOG_TITLE, 0, ": one row");
	if (footer_apart(u, t, apart)) {
		x += canvas_puts(c, x, y, c->width - x, SLOT_DIALOG_TITLE, 0, ", ");
		x += canvas_puts(c, x, y, c->width - x, SLOT_DIALOG_TITLE, 0, apart);
	}
	if (u->detail_gone_us) {
		clock_local_time(u->detail_gone_us, since);
		snprintf(text, sizeof(text), "   gone since %s", since);
		canvas_puts(c, x, y, c->width - x, SLOT_WARN, 0, text);
	}
	pager_draw(&u->pager, c, 1, y + 1, c->width - 1, end);
	for (int row = y + 1; row < end; row++)
		cells_highlight(c, 1, row, u->search);
}
