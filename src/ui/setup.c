/* SPDX-License-Identifier: PostgreSQL */
/* The windows with a list: columns of the table and the theme, with the table drawn above as it will be; and the column to
 * sort by. */
#include <stdio.h>

#include "core/utf8.h"
#include "ui/state.h"

enum { NAME_WIDTH = 14, PREVIEW_MIN = 4 };

/* The setup window has the theme first, then the columns in their order. */
int setup_items(const struct ui *u, const struct ui_host *h)
{
	const struct ui_table *t = screens_table(u);
	int list[UI_PLACES_MAX];

	if (u->window == WINDOW_MENU)
		return menu_items(u, h);
	if (u->window == WINDOW_JOBS)
		return jobs_items(h);
	if (u->window == WINDOW_SORT)
		return t ? columns_taking_part(t, list) : 0;
	return 1 + (t ? t->p->column_count : 0);
}

static void draw_title(struct canvas *c, int y, const char *title)
{
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	cells_draw_cut(c, 1, y, c->width - 1, SLOT_DIALOG_TITLE, str_from(title));
}

int setup_scroll(struct ui *u, const struct ui_host *h, int rows)
{
	int count = setup_items(u, h);

	if (u->item >= count)
		u->item = count - 1;
	if (u->item < 0)
		u->item = 0;
	if (u->item_top > u->item)
		u->item_top = u->item;
	if (rows > 0 && u->item >= u->item_top + rows)
		u->item_top = u->item - rows + 1;
	return u->item_top;
}

static void draw_column(struct canvas *c, int y, const struct panel_column *k, const char *sign)
{
	int x = 1 + canvas_puts(c, 1, y, c->width - 1, SLOT_DIALOG, 0, sign);

	cells_draw_cut(c, x, y, NAME_WIDTH < c->width - x ? NAME_WIDTH : c->width - x, SLOT_DIALOG, str_from(k->title));
	x += NAME_WIDTH + 1;
	cells_draw_cut(c, x, y, NAME_WIDTH < c->width - x ? NAME_WIDTH : c->width - x, SLOT_DIM, str_from(k->name));
	x += NAME_WIDTH + 1;
	cells_draw_cut(c, x, y, c->width - x, SLOT_DIALOG, str_from(k->about ? k->about : ""));
}

static void draw_setup_item(struct ui *u, struct canvas *c, int y, int item)
{
	const struct ui_table *t = screens_table(u);
	char text[96];

	if (item == 0) {
		snprintf(text, sizeof(text), "theme < %s >", u->theme);
		canvas_puts(c, 1, y, c->width - 1, SLOT_DIALOG, 0, text);
	} else {
		int column = t->column[item - 1];

		draw_column(c, y, &t->p->column[column], t->shown[column] ? "[x] " : "[ ] ");
	}
	if (item == u->item)
		canvas_flag_row(c, y, CANVAS_CURSOR);
}

void setup_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_table *t = screens_table(u);
	int items = setup_items(u, h);
	int rows = items < (end - y) * 2 / 3 ? items : (end - y) * 2 / 3;
	int from = end - rows, first;

	if (t && from - 1 - y >= PREVIEW_MIN)
		table_draw(u, h, c, t, y, from - 1);
	else
		from = y + 1;
	u->hit_count = 0; /* the table above is a picture only */
	draw_title(c, from - 1, t ? "Columns and theme   Space on/off   [ ] move   W saves" : "Theme");
	first = setup_scroll(u, h, end - from);
	for (int i = first; i < items && from + i - first < end; i++)
		draw_setup_item(u, c, from + i - first, i);
	for (int i = first; i < items && from + i - first < end; i++)
		ui_hit(u, 0, from + i - first, c->width, HIT_ITEM, i);
}

void sort_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_table *t = screens_table(u);
	int list[UI_PLACES_MAX], count, first;

	draw_title(c, y, "Sort by");
	if (!t)
		return;
	count = columns_taking_part(t, list);
	first = setup_scroll(u, h, end - y - 1);
	for (int i = first; i < count && y + 1 + i - first < end; i++) {
		bool here = t->view.sort == list[i];
		int row = y + 1 + i - first;

		draw_column(c, row, &t->p->column[list[i]], !here ? "  " : t->view.descending ? "▼ " : "▲ ");
		if (i == u->item)
			canvas_flag_row(c, row, CANVAS_CURSOR);
		ui_hit(u, 0, row, c->width, HIT_ITEM, i);
	}
}

void window_close(struct ui *u)
{
	if (u->window == WINDOW_HELP) {
		u->window = u->under;
		u->under = WINDOW_NONE;
		return;
	}
	if (u->window == WINDOW_JOB) {
		u->window = WINDOW_JOBS;
		return;
	}
	u->window = WINDOW_NONE;
	u->item = u->item_top = 0;
}

void window_close_all(struct ui *u)
{
	while (u->window != WINDOW_NONE)
		window_close(u);
}

struct pager *window_pager(struct ui *u)
{
	switch (u->window) {
	case WINDOW_HELP:
		return &u->help;
	case WINDOW_DETAIL:
		return &u->pager;
	case WINDOW_PLAN:
		return &u->plan.pager;
	case WINDOW_JOB:
		return &u->job_pager;
	default:
		return NULL;
	}
}
