/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which columns of a table stand where. The first one is frozen, the last flex one takes the room that is left. Unscrolled,
 * columns that do not fit drop from the right by priority, so the most telling ones stay; scrolled, they come in order.
 */
#include <stdlib.h>
#include <strings.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "ui/state.h"

enum { GROWN_MAX = 12, SHIFT_STEP = 8 };

void columns_init(struct ui_table *t)
{
	size_t count = (size_t)t->p->column_count;

	t->column = mem_calloc(count + 1, sizeof(*t->column));
	t->shown = mem_calloc(count + 1, sizeof(*t->shown));
	t->grown = mem_calloc(count + 1, sizeof(*t->grown));
	columns_defaults(t);
}

void columns_release(struct ui_table *t)
{
	free(t->column);
	free(t->shown);
	free(t->grown);
}

void columns_defaults(struct ui_table *t)
{
	for (int i = 0; i < t->p->column_count; i++) {
		t->column[i] = i;
		t->shown[i] = t->p->column[i].shown;
	}
	t->scroll = t->shift = 0;
}

bool columns_right(const struct panel_column *c)
{
	return c->unit != UNIT_TEXT && c->unit != UNIT_BOOL && strcmp(c->name, "trend") != 0;
}

/* False for those columns of a cycle that wait for their turn. */
static bool has_turn(const struct ui_table *t, int column)
{
	for (int i = 0; i < t->p->cycle_count; i++)
		if (t->p->cycle[i] == column)
			return i == t->cycle;
	return true;
}

int columns_taking_part(const struct ui_table *t, int out[UI_PLACES_MAX])
{
	int count = 0;

	for (int i = 0; i < t->p->column_count && count < UI_PLACES_MAX; i++)
		if (t->shown[t->column[i]] && has_turn(t, t->column[i]))
			out[count++] = t->column[i];
	return count;
}

int columns_flex(const struct ui_table *t)
{
	int list[UI_PLACES_MAX], flex = -1;
	int count = columns_taking_part(t, list);

	for (int i = 0; i < count; i++)
		if (t->p->column[list[i]].flex)
			flex = list[i];
	return flex;
}

static int width_of(const struct ui_table *t, int column)
{
	const struct panel_column *c = &t->p->column[column];
	int title = utf8_text_width(c->title, strlen(c->title));
	int width = c->width + t->grown[column];

	return width < title ? title : width < 1 ? 1 : width;
}

/* Columns behind a figure: its warning sign, and one that is always free (the sort mark may stand there). */
static int sign_of(const struct ui_table *t, int column)
{
	const struct panel_column *c = &t->p->column[column];

	if (!c->warn && !c->crit)
		return t->view.sort == column && columns_right(c) ? 2 : 1;
	return c->crit ? 3 : 2;
}

/* Takes columns out of the list until the rest fits: highest priority number first, from the right. */
static int drop(const struct ui_table *t, int *list, int count, int width, bool *dropped)
{
	for (;;) {
		int need = -1, worst = 0;

		for (int i = 0; i < count; i++)
			need += width_of(t, list[i]) + (i + 1 < count ? sign_of(t, list[i]) : 1);
		if (need <= width)
			return count;
		for (int i = 1; i < count; i++)
			if (worst == 0 || t->p->column[list[i]].priority >= t->p->column[list[worst]].priority)
				worst = i;
		if (worst == 0 || t->p->column[list[worst]].priority <= 1)
			return count;
		memmove(list + worst, list + worst + 1, (size_t)(count - worst - 1) * sizeof(*list));
		count--;
		*dropped = true;
	}
}

/* Leaves out `scroll` columns behind the first one. */
static int scroll_list(const struct ui_table *t, int *list, int count)
{
	int out = t->scroll < count - 2 ? t->scroll : count - 2;

	if (out <= 0)
		return count;
	memmove(list + 1, list + 1 + out, (size_t)(count - 1 - out) * sizeof(*list));
	return count - out;
}

int columns_place(const struct ui_table *t, int x, int width, struct place out[UI_PLACES_MAX], bool *less, bool *more)
{
	int list[UI_PLACES_MAX], end = x + width, placed = 0;
	int flex = columns_flex(t), last = -1;
	int all = columns_taking_part(t, list);
	int count;

	*less = t->scroll > 0;
	*more = false;
	count = t->scroll > 0 ? scroll_list(t, list, all) : drop(t, list, all, width, more);
	for (int i = 0; i < count; i++) {
		int room = end - x, want = width_of(t, list[i]);

		if (room <= 0 || (placed > 0 && want > room && list[i] != flex && columns_right(&t->p->column[list[i]]))) {
			*more = true;
			break;
		}
		if (want > room) { /* the first column, or a text: what there is room for */
			want = room;
			*more |= i + 1 < count;
		}
		out[placed] = (struct place){list[i], x, want, sign_of(t, list[i])};
		if (list[i] == flex)
			last = placed;
		x += want + out[placed++].sign;
	}
	if (last >= 0 && x - out[placed - 1].sign < end) {
		int spare = end - (x - out[placed - 1].sign);

		out[last].width += spare;
		for (int i = last + 1; i < placed; i++)
			out[i].x += spare;
	}
	return placed;
}

bool columns_scroll(struct ui_table *t, int width, int by)
{
	struct place place[UI_PLACES_MAX];
	int list[UI_PLACES_MAX];
	bool less, more;
	int count = columns_taking_part(t, list);

	if (by < 0 && t->shift > 0) {
		t->shift -= SHIFT_STEP;
		return true;
	}
	if (by < 0 && t->scroll == 0)
		return false;
	if (by < 0) {
		t->scroll--;
		return true;
	}
	columns_place(t, 1, width - 1, place, &less, &more);
	if (more && t->scroll < count - 2) {
		t->scroll++;
		return true;
	}
	if (columns_flex(t) < 0 || t->wrap)
		return false;
	t->shift += SHIFT_STEP;
	return true;
}

static int column_named(const struct ui_table *t, struct str name, struct err *why)
{
	int column = panel_column_by_name(t->p, name);

	if (column < 0)
		return err_set(why, ERR_INVALID, "panel %s has no column '%.*s'", t->p->name, (int)name.len, name.at);
	return column;
}

static void to_place(struct ui_table *t, int column, int place)
{
	int now = 0;

	while (t->column[now] != column)
		now++;
	for (; now > place; now--)
		t->column[now] = t->column[now - 1];
	for (; now < place; now++)
		t->column[now] = t->column[now + 1];
	t->column[place] = column;
}

/* The next word of a list parted by commas and blanks. */
static bool next_word(const char **text, struct str *word)
{
	*text += strspn(*text, ", \t");
	word->at = *text;
	word->len = strcspn(*text, ", \t");
	*text += word->len;
	return word->len > 0;
}

int columns_set(struct ui_table *t, const char *text, struct err *why)
{
	const char *at = text;
	struct str word;
	int place = 0, column;

	if (strcasecmp(text, "default") == 0) {
		columns_defaults(t);
		return 0;
	}
	while (next_word(&at, &word)) { /* all or nothing */
		bool change = word.at[0] == '+' || word.at[0] == '-';

		column = column_named(t, (struct str){word.at + change, word.len - change}, why);
		if (column < 0)
			return column;
		place += !change;
	}
	if (place > 0)
		memset(t->shown, 0, (size_t)t->p->column_count * sizeof(*t->shown));
	for (at = text, place = 0; next_word(&at, &word);) {
		bool change = word.at[0] == '+' || word.at[0] == '-';

		column = panel_column_by_name(t->p, (struct str){word.at + change, word.len - change});
		t->shown[column] = word.at[0] != '-';
		if (!change)
			to_place(t, column, place++);
	}
	t->scroll = t->shift = 0;
	return 0;
}
