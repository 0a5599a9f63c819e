/* SPDX-License-Identifier: PostgreSQL */
/* What y and Y put on the clipboard: always cleaned, so that pasting it into a shell's line editor does nothing else. */
#include "core/clean.h"
#include "core/utf8.h"
#include "ui/state.h"
#include "ui/text.h"

/* Appends one cell as text without its screen form: a whole text, or the figure as shown. */
static void add_cell(struct buf *out, const struct panel_column *k, const struct cell *c, int64_t wall_us, bool lines)
{
	if (c->kind == CELL_TEXT) {
		struct str head = text_head(c->text, UI_TEXT_MAX / 4);

		clean_text(out, head.at, head.len, lines ? CLEAN_KEEP_LINES : CLEAN_LINE);
		return;
	}
	cell_format(out, c, k->unit, wall_us, 0);
}

/* The column whose text a person wants: the flex one, else the first text, else the first. */
static int text_column(const struct ui_table *t)
{
	int list[UI_PLACES_MAX], flex = columns_flex(t);
	int count = columns_taking_part(t, list);

	if (flex >= 0)
		return flex;
	for (int i = 0; i < count; i++)
		if (t->p->column[list[i]].unit == UNIT_TEXT)
			return list[i];
	return count > 0 ? list[0] : -1;
}

static void add_row(struct buf *out, const struct ui_table *t, const struct feed *f, int row, int64_t wall, bool whole)
{
	int list[UI_PLACES_MAX], only = text_column(t);
	int count = columns_taking_part(t, list);
	struct cell cell;

	if (only < 0)
		return;
	if (!whole) {
		cell = feed_cell(f, row, only, wall);
		add_cell(out, &t->p->column[only], &cell, wall, true);
		return;
	}
	for (int i = 0; i < count; i++) {
		if (i > 0)
			buf_addc(out, '\t');
		cell = feed_cell(f, row, list[i], wall);
		add_cell(out, &t->p->column[list[i]], &cell, wall, false);
	}
}

static void add_heads(struct buf *out, const struct ui_table *t)
{
	int list[UI_PLACES_MAX];
	int count = columns_taking_part(t, list);

	for (int i = 0; i < count; i++)
		buf_addf(out, "%s%s", i ? "\t" : "", t->p->column[list[i]].name);
	buf_addc(out, '\n');
}

/* The rows meant: those tagged, or the one of the window or cursor. */
static int add_rows(struct ui *u, const struct ui_table *t, const struct feed *f, int64_t wall, bool whole)
{
	int rows = 0;

	if (u->window == WINDOW_DETAIL || t->view.tagged.count == 0) {
		int row = u->window == WINDOW_DETAIL ? feed_row_of(f, u->detail_key)
		          : t->view.count > 0        ? t->view.order[t->view.cursor]
		                                     : -1;

		if (row >= 0)
			add_row(&u->copy, t, f, row, wall, whole);
		return row >= 0;
	}
	for (int i = 0; i < t->view.count; i++) {
		if (!view_is_tagged(&t->view, feed_key(f, t->view.order[i])))
			continue;
		if (rows > 0 && !whole)
			buf_addc(&u->copy, '\n');
		add_row(&u->copy, t, f, t->view.order[i], wall, whole);
		if (whole)
			buf_addc(&u->copy, '\n');
		rows++;
	}
	return rows;
}

unsigned copy_rows(struct ui *u, const struct ui_host *h, bool whole)
{
	const struct ui_table *t = screens_table(u);
	int rows;

	buf_clear(&u->copy);
	if (!t || !t->feed) {
		ui_note(u, h, "nothing to copy");
		return UI_REDRAW;
	}
	if (whole)
		add_heads(&u->copy, t);
	rows = add_rows(u, t, t->feed, screens_wall(t->feed, h), whole);
	if (rows == 0) {
		ui_note(u, h, "nothing to copy");
		return UI_REDRAW;
	}
	ui_note(u, h, "copied %d row%s, %zu bytes%s", rows, rows == 1 ? "" : "s", u->copy.len,
	        u->copy.failed ? " (cut)" : "");
	return UI_REDRAW | UI_COPY;
}
