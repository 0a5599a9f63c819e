/* SPDX-License-Identifier: PostgreSQL */
/* Actions on the rows of a table: search, filter, sort, tags, and how the rows are shown. */
#include <stdio.h>

#include "ui/state.h"

/* The table that actions work on; a note when this screen has none. */
static struct ui_table *need_table(struct ui *u, const struct ui_host *h)
{
	struct ui_table *t = screens_table(u);

	if (!t)
		ui_note(u, h, "there is no table on this screen");
	return t;
}

unsigned act_detail(struct ui *u, const struct ui_host *h, int key)
{
	const struct ui_table *t = need_table(u, h);

	(void)key;
	if (!t || t->view.count == 0)
		return UI_REDRAW;
	detail_open(u, h);
	return UI_RESULT_REDRAW_WANT | UI_DETAIL;
}

/* --- search ------------------------------------------------------------------------------------------------------------- */

unsigned act_search(struct ui *u, const struct ui_host *h, int key)
{
	const struct ui_table *t = screens_table(u);

	(void)h;
	(void)key;
	u->search_from = t ? t->view.cursor : 0;
	u->search_top = window_pager(u) ? window_pager(u)->top : t ? t->view.top : 0;
	prompt_open(&u->prompt, PROMPT_SEARCH, "");
	return UI_REDRAW;
}

static unsigned search_again(struct ui *u, const struct ui_host *h, int direction)
{
	struct ui_table *t = screens_table(u);
	int row;

	if (!u->search[0]) {
		ui_note(u, h, "nothing to search for yet: / begins a search");
		return UI_REDRAW;
	}
	if (window_pager(u)) {
		if (!pager_search(window_pager(u), u->search, direction, false))
			ui_note(u, h, "not found: %s", u->search);
		return UI_REDRAW;
	}
	row = t && t->feed ? view_search(&t->view, t->feed, u->search, direction, screens_wall(t->feed, h)) : -1;
	if (row >= 0)
		view_move(&t->view, row);
	else
		ui_note(u, h, "not found: %s", u->search);
	return UI_REDRAW;
}

unsigned act_search_next(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return search_again(u, h, 1);
}

unsigned act_search_previous(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return search_again(u, h, -1);
}

/* --- filter --------------------------------------------------------------------------------------------------------------- */

unsigned act_filter(struct ui *u, const struct ui_host *h, int key)
{
	const struct ui_table *t = need_table(u, h);

	(void)key;
	if (t)
		prompt_open(&u->prompt, PROMPT_FILTER, t->view.filter_text);
	return UI_REDRAW;
}

unsigned act_clear(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);
	struct err why;

	(void)key;
	if (!t)
		return UI_REDRAW;
	if (view_set_filter(&t->view, NULL, &why) < 0)
		ui_error(u, h, "%s", why.text);
	t->view.show_hidden = true;
	t->view.dirty = true;
	map_clear(&t->view.tagged);
	return UI_RESULT_REDRAW_WANT;
}

/* --- sort ------------------------------------------------------------------------------------------------------------------- */

static unsigned sort_by(struct ui *u, const struct ui_host *h, int by)
{
	struct ui_table *t = need_table(u, h);
	int list[UI_PLACES_MAX], count, at = -1;

	if (!t)
		return UI_REDRAW;
	count = columns_taking_part(t, list);
	for (int i = 0; i < count; i++)
		at = list[i] == t->view.sort ? i : at;
	at = at < 0 ? (by > 0 ? 0 : count - 1) : at + by;
	if (at < 0 || at >= count)
		return UI_REDRAW;
	view_sort(&t->view, list[at], columns_right(&t->p->column[list[at]]));
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_sort_left(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return sort_by(u, h, -1);
}

unsigned act_sort_right(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return sort_by(u, h, 1);
}

unsigned act_sort_list(struct ui *u, const struct ui_host *h, int key)
{
	const struct ui_table *t = need_table(u, h);
	int list[UI_PLACES_MAX], count;

	(void)key;
	if (!t)
		return UI_REDRAW;
	u->window = WINDOW_SORT;
	u->item = u->item_top = 0;
	count = columns_taking_part(t, list);
	for (int i = 0; i < count; i++)
		u->item = list[i] == t->view.sort ? i : u->item;
	return UI_REDRAW;
}

unsigned act_pick(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = screens_table(u);
	int list[UI_PLACES_MAX];
	int count = t ? columns_taking_part(t, list) : 0;

	(void)key;
	if (u->window == WINDOW_MENU)
		return menu_pick(u, h);
	if (u->item >= 0 && u->item < count)
		view_sort(&t->view, list[u->item],
		          t->view.sort == list[u->item] ? !t->view.descending
		                                        : columns_right(&t->p->column[list[u->item]]));
	window_close(u);
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_sort_invert(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (t && t->view.sort >= 0)
		view_sort(&t->view, t->view.sort, !t->view.descending);
	else if (t)
		ui_note(u, h, "in the server's order; > sorts");
	return UI_REDRAW;
}

/* --- tags ------------------------------------------------------------------------------------------------------------------- */

unsigned act_tag(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);
	uint64_t row;

	(void)key;
	if (!t || t->view.count == 0 || !t->feed)
		return UI_REDRAW;
	row = feed_key(t->feed, t->view.order[t->view.cursor]);
	view_tag(&t->view, row, !view_is_tagged(&t->view, row));
	act_move(u, h, 1);
	return UI_REDRAW;
}

unsigned act_untag(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (t)
		map_clear(&t->view.tagged);
	return UI_REDRAW;
}

/* --- how rows are shown ------------------------------------------------------------------------------------------------ */

unsigned act_follow(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (!t)
		return UI_REDRAW;
	t->view.follow = !t->view.follow;
	ui_note(u, h, t->view.follow ? "the cursor follows its row" : "the cursor keeps its place");
	return UI_REDRAW;
}

unsigned act_hidden(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (!t)
		return UI_REDRAW;
	if (!t->p->hide) {
		ui_note(u, h, "%s hides no rows", t->p->title);
		return UI_REDRAW;
	}
	t->view.show_hidden = !t->view.show_hidden;
	t->view.dirty = true;
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_tree(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (!t)
		return UI_REDRAW;
	if (t->p->tree_id < 0) {
		ui_note(u, h, "%s is no tree", t->p->title);
		return UI_REDRAW;
	}
	t->view.tree = !t->view.tree;
	t->view.dirty = true;
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_cycle(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);
	int was;

	(void)key;
	if (!t)
		return UI_REDRAW;
	if (t->p->cycle_count < 2) {
		ui_note(u, h, "%s has no columns that share a place", t->p->title);
		return UI_REDRAW;
	}
	was = t->p->cycle[t->cycle];
	t->cycle = (t->cycle + 1) % t->p->cycle_count;
	if (t->view.sort == was)
		view_sort(&t->view, t->p->cycle[t->cycle], t->view.descending);
	ui_note(u, h, "%s", t->p->column[t->p->cycle[t->cycle]].about);
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_cumulative(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);
	enum feed_mode *mode;

	(void)key;
	if (!t)
		return UI_REDRAW;
	mode = &u->mode[t->panel];
	*mode = *mode == FEED_INTERVAL || u->diff ? FEED_LIFETIME : FEED_INTERVAL;
	u->diff = false;
	t->view.dirty = true;
	ui_note(u, h, *mode == FEED_LIFETIME ? "figures since the last reset" : "figures of the interval");
	return UI_RESULT_REDRAW_WANT | UI_MODE;
}

unsigned act_mark(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_want pair[UI_MARKS_MAX];
	int count = ui_marks(u, h, pair, UI_MARKS_MAX), sampled = 0;
	char clock[16];

	(void)key;
	for (int i = 0; i < count; i++) {
		const struct feed *f = h->feed(h->ctx, pair[i].panel, pair[i].server);

		sampled += f && feed_sample(f);
	}
	if (sampled == 0) {
		ui_error(u, h, "there is no sample yet: nothing to mark");
		return UI_REDRAW;
	}
	u->mark_us = h->now.wall_us;
	clock_local_time(u->mark_us, clock);
	ui_note(u, h, u->diff ? "marked %s: figures since then" : "marked %s: D shows what happened since", clock);
	return UI_RESULT_REDRAW_WANT | UI_MARK;
}

unsigned act_diff(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (u->mark_us == 0) {
		ui_error(u, h, "nothing is marked: ! marks this moment, D then shows what happened since");
		return UI_REDRAW;
	}
	u->diff = !u->diff;
	for (int i = 0; i < u->table_count; i++)
		u->table[i].view.dirty = true;
	if (!u->diff)
		ui_note(u, h, "figures of the interval");
	return UI_RESULT_REDRAW_WANT | UI_MODE;
}

unsigned act_wrap(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = need_table(u, h);

	(void)key;
	if (!t)
		return UI_REDRAW;
	if (u->window == WINDOW_DETAIL) {
		u->detail_wrap = !u->detail_wrap;
		u->detail_seen = u->detail_width = 0;
		return UI_REDRAW;
	}
	t->wrap = !t->wrap;
	t->shift = 0;
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_copy(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (u->window == WINDOW_PLAN)
		return planview_copy(u, h, false);
	return copy_rows(u, h, false);
}

unsigned act_copy_row(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (u->window == WINDOW_PLAN)
		return planview_copy(u, h, true);
	return copy_rows(u, h, true);
}
