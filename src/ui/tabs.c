/* SPDX-License-Identifier: PostgreSQL */
/* The line of screens, with what dytop costs its servers at its end, and the line of tables of one screen. */
#include <math.h>
#include <stdio.h>

#include "core/utf8.h"
#include "ui/state.h"

enum { TAB_TEXT_MAX = 64 };

#define COST_STEP_NS (10 * CLOCK_SECOND_NS)

static void tab_text(const struct ui *u, int screen, char out[TAB_TEXT_MAX])
{
	const struct ui_screen *s = &u->screen[screen];
	char digit[16] = "";

	if (s->digit >= 0)
		snprintf(digit, sizeof(digit), "%d ", s->digit);
	snprintf(out, TAB_TEXT_MAX, "%s%.40s", digit, s->name);
	for (char *at = out; *at && screen == u->here; at++)
		*at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
}

/* The tables of a screen; the one that one is on stands in brackets. */
static void table_tab_text(const struct ui *u, int table, char out[TAB_TEXT_MAX])
{
	const struct ui_screen *s = &u->screen[u->here];
	const char *title = u->table[s->table[table]].p->title;

	snprintf(out, TAB_TEXT_MAX, table == s->here ? "[%.40s]" : " %.40s ", title);
}

struct tabs {
	void (*text)(const struct ui *u, int tab, char out[TAB_TEXT_MAX]);
	int count, here;
	enum ui_hit_kind hit;
	int end;              /* column where the line ends */
};

static int tab_width(const struct ui *u, const struct tabs *tabs, int tab)
{
	char text[TAB_TEXT_MAX];

	tabs->text(u, tab, text);
	return utf8_text_width(text, strlen(text)) + 1;
}

/* One line of tabs, with marks where there are more; the one that one is on is always seen. */
static void draw_tabs(struct ui *u, struct canvas *c, int y, const struct tabs *tabs)
{
	int first = 0, x = 1, used = 0;

	for (int i = 0; i <= tabs->here; i++)
		used += tab_width(u, tabs, i);
	while (first < tabs->here && used > tabs->end - 2)
		used -= tab_width(u, tabs, first++);
	if (first > 0)
		canvas_puts(c, 0, y, 1, SLOT_KEY, 0, "<");
	for (int i = first; i < tabs->count; i++) {
		char text[TAB_TEXT_MAX];
		int width = tab_width(u, tabs, i);

		if (x + width > tabs->end && i != tabs->here) {
			canvas_puts(c, x < c->width ? x : c->width - 1, y, 1, SLOT_KEY, 0, ">");
			return;
		}
		tabs->text(u, i, text);
		canvas_puts(c, x, y, tabs->end - x, i == tabs->here ? SLOT_TAB_HERE : SLOT_TAB, 0, text);
		ui_hit(u, x, y, width, tabs->hit, i);
		x += width;
	}
}

/* What dytop costs its servers; taken over at most every ten seconds, so that the line stands still. */
static int draw_cost(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	char text[64];
	int width;

	if (u->cost_ns == 0 || h->now.mono_ns - u->cost_ns >= COST_STEP_NS || isnan(u->cost_shown)) {
		u->cost_shown = h->cost_share;
		u->cost_ns = h->now.mono_ns;
	}
	if (isnan(u->cost_shown) || c->width < 60)
		return c->width;
	snprintf(text, sizeof(text), "dytop cost ~%.*f%%", u->cost_shown < 1 ? 2 : 1, u->cost_shown);
	width = (int)strlen(text);
	canvas_puts(c, c->width - width - 1, y, width, SLOT_DIM, 0, text);
	return c->width - width - 3;
}

int header_tabs(struct ui *u, const struct ui_host *h, struct canvas *c, int y)
{
	struct tabs tabs = {tab_text, u->screen_count, u->here, HIT_TAB, draw_cost(u, h, c, y) - 1};

	draw_tabs(u, c, y, &tabs);
	return y + 1;
}

int header_table_tabs(struct ui *u, struct canvas *c, int y)
{
	const struct ui_screen *s = &u->screen[u->here];
	struct tabs tabs = {table_tab_text, s->table_count, s->here, HIT_TABLE, c->width - 1};

	if (s->table_count < 2 || c->height < UI_VERY_LOW)
		return y;
	draw_tabs(u, c, y, &tabs);
	return y + 1;
}
