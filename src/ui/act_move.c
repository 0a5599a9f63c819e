/* SPDX-License-Identifier: PostgreSQL */
/* Actions that move: cursor, pages, columns, screens, tables, servers. */
#include <limits.h>

#include "ui/state.h"

/* Rows of the screen that one page has, in the window or the table. */
static int page(struct ui *u)
{
	const struct ui_table *t = screens_table(u);
	int rows = 10;

	if (window_pager(u))
		rows = window_pager(u)->height;
	else if (u->window != WINDOW_NONE)
		rows = u->height / 2;
	else if (t)
		rows = t->rows;
	return rows > 1 ? rows - 1 : 1;
}

static int clamp(int value, int by, int count)
{
	if (by > 0)
		return by > count - 1 - value ? count - 1 : value + by;
	return -by > value ? 0 : value + by;
}

void act_move(struct ui *u, const struct ui_host *h, int by)
{
	struct ui_table *t = screens_table(u);

	if (u->window == WINDOW_PLAN)
		planview_move(u, by);
	else if (window_pager(u))
		pager_scroll(window_pager(u), by);
	else if (u->window != WINDOW_NONE)
		u->item = clamp(u->item, by, setup_items(u, h));
	else if (t && t->view.count > 0)
		view_move(&t->view, clamp(t->view.cursor, by, t->view.count));
}

static unsigned move(struct ui *u, const struct ui_host *h, int by)
{
	act_move(u, h, by);
	return UI_REDRAW;
}

unsigned act_up(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, -1);
}

unsigned act_down(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, 1);
}

unsigned act_page_up(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, -page(u));
}

unsigned act_page_down(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, page(u));
}

unsigned act_half_up(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, -((page(u) + 1) / 2));
}

unsigned act_half_down(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, (page(u) + 1) / 2);
}

unsigned act_top(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, -INT_MAX);
}

unsigned act_bottom(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return move(u, h, INT_MAX);
}

static unsigned scroll_columns(struct ui *u, const struct ui_host *h, int by)
{
	struct ui_table *t = screens_table(u);

	if (t && !columns_scroll(t, u->width, by))
		ui_note(u, h, "no more columns there");
	return UI_REDRAW;
}

unsigned act_left(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return scroll_columns(u, h, -1);
}

unsigned act_right(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return scroll_columns(u, h, 1);
}

/* --- screens ------------------------------------------------------------------------------------------------------------ */

unsigned act_screen(struct ui *u, const struct ui_host *h, int key)
{
	for (int i = 0; i < u->screen_count; i++)
		if (u->screen[i].digit >= 0 && key == '0' + u->screen[i].digit)
			return screens_go(u, h, i);
	ui_note(u, h, "no screen has that digit; Tab goes through all of them");
	return UI_REDRAW;
}

unsigned act_next(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return screens_go(u, h, (u->here + 1) % u->screen_count);
}

unsigned act_previous(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return screens_go(u, h, (u->here + u->screen_count - 1) % u->screen_count);
}

static unsigned go_table(struct ui *u, const struct ui_host *h, int by)
{
	struct ui_screen *s = &u->screen[u->here];

	if (s->table_count < 2) {
		ui_note(u, h, "this screen has one table");
		return UI_REDRAW;
	}
	s->here = (s->here + by + s->table_count) % s->table_count;
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_table_next(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return go_table(u, h, 1);
}

unsigned act_table_previous(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return go_table(u, h, -1);
}

unsigned act_server_next(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return screens_switch_server(u, h, 1);
}

unsigned act_server_previous(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return screens_switch_server(u, h, -1);
}

unsigned act_servers(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return screens_go(u, h, screens_by_name(u, STR("servers")));
}
