/* SPDX-License-Identifier: PostgreSQL */
/* What can be done to rows: the keys for it, the menu of all that fits them, and the line that some of it needs first.
 */
#include <stdio.h>

#include "core/utf8.h"
#include "ui/state.h"

enum { TITLE_WIDTH = 36 };

const struct ui_choice *menu_choice(const struct ui_host *h, const char *name)
{
	for (int i = 0; i < h->choice_count; i++)
		if (strcmp(h->choices[i].name, name) == 0)
			return &h->choices[i];
	return NULL;
}

static bool needs_no_row(const struct ui_choice *choice)
{
	return choice->targets & 1u << TARGET_NONE;
}

static const struct ui_table *table_here(const struct ui *u)
{
	if (u->window == WINDOW_MENU)
		return u->aim.table >= 0 ? &u->table[u->aim.table] : NULL;
	if (u->window == WINDOW_DETAIL)
		return &u->table[u->detail_table];
	return screens_table(u);
}

/* What the rows are that a person acts on now. */
static enum panel_target here(const struct ui *u)
{
	const struct ui_table *t = table_here(u);

	return t && (t->view.count > 0 || u->window == WINDOW_DETAIL || u->window == WINDOW_MENU) ? t->p->target
												  : TARGET_NONE;
}

static bool is_for_target(const struct ui *u, const struct ui_choice *choice)
{
	enum panel_target target = here(u);

	return target != TARGET_NONE && choice->targets & 1u << target;
}

/* Whether every row is of a kind that it takes: REFRESH is not for plain tables. A kind that is not known yet may be one. */
static bool is_for_kinds(const struct ui *u, const struct ui_host *h, const struct ui_choice *choice)
{
	const struct ui_table *t = table_here(u);
	int part = t ? t->p->part[PART_RELKIND] : -1, count = u->window == WINDOW_MENU ? u->aim.count : 1;
	const struct feed *f = choice->kinds && part >= 0 ? screens_feed(u, h, t->panel) : NULL;

	for (int i = 0; f && i < count; i++) {
		uint64_t key = u->window == WINDOW_MENU     ? u->aim.key[i]
			       : u->window == WINDOW_DETAIL ? u->detail_key
							    : t->view.cursor_key;
		int row = feed_row_of(f, key);
		struct cell cell = row >= 0 ? feed_field(f, row, part) : CELL_NONE;

		if (cell.kind == CELL_TEXT && cell.text.len == 1 && !strchr(choice->kinds, cell.text.at[0]))
			return false;
	}
	return true;
}

static bool fits(const struct ui *u, const struct ui_host *h, const struct ui_choice *choice)
{
	return is_for_target(u, choice) && is_for_kinds(u, h, choice);
}

bool menu_fits(const struct ui *u, const struct ui_host *h, const char *name)
{
	if (!name) { /* anything */
		for (int i = 0; i < h->choice_count; i++)
			if (fits(u, h, &h->choices[i]) || needs_no_row(&h->choices[i]))
				return true;
		return false;
	}
	const struct ui_choice *choice = menu_choice(h, name);

	return choice && (fits(u, h, choice) || (needs_no_row(choice) && u->chosen[choice->source] >= 0));
}

bool menu_possible(const struct ui *u, const struct ui_host *h, const char *name)
{
	const struct ui_choice *choice = name ? menu_choice(h, name) : NULL;

	for (int i = 0; i < h->choice_count && !name; i++)
		if (!h->choices[i].why_not && menu_fits(u, h, h->choices[i].name))
			return true;
	return choice && !choice->why_not && menu_fits(u, h, name);
}

/* --- which rows
 * --------------------------------------------------------------------------------------------------------- */

/* The tagged rows in the order of the screen, or the one under the cursor, or that of the detail window. How many there
 * are, which may be more than fit. */
static int take_aim(struct ui *u)
{
	const struct ui_table *t = screens_table(u);
	int count = 0;

	u->aim = (struct ui_aim){.table = -1, .server = -1};
	if (u->window == WINDOW_DETAIL) {
		u->aim = (struct ui_aim){.table = u->detail_table,
					 .server = u->table[u->detail_table].server,
					 .key = {u->detail_key},
					 .count = 1};
		return 1;
	}
	if (!t || !t->feed)
		return 0;
	u->aim.table = (int)(t - u->table);
	u->aim.server = t->server;
	for (int i = 0; i < t->view.count; i++) {
		uint64_t key = feed_key(t->feed, t->view.order[i]);

		if (!view_is_tagged(&t->view, key))
			continue;
		if (count < UI_ROWS_MAX)
			u->aim.key[u->aim.count++] = key;
		count++;
	}
	if (count > 0 || t->view.count == 0)
		return count;
	u->aim.key[u->aim.count++] = t->view.cursor_key;
	return 1;
}

/* From keys to the rows as they stand now; false when one is gone. */
static bool find_rows(struct ui *u, const struct ui_host *h)
{
	const struct ui_table *t = u->aim.table >= 0 ? &u->table[u->aim.table] : NULL;
	const struct feed *f = t ? screens_feed(u, h, t->panel) : NULL;

	if (!f || t->server != u->aim.server)
		return false;
	for (int i = 0; i < u->aim.count; i++) {
		u->request.row[i] = feed_row_of(f, u->aim.key[i]);
		if (u->request.row[i] < 0)
			return false;
	}
	u->request.row_count = u->aim.count;
	return true;
}

/* Hands it to the host. */
static unsigned request(struct ui *u, const struct ui_host *h, const struct ui_choice *choice, const char *text)
{
	bool rows = u->aim.table >= 0 && u->table[u->aim.table].p->target != TARGET_NONE &&
		    choice->targets & 1u << u->table[u->aim.table].p->target;

	snprintf(u->request_text, sizeof(u->request_text), "%s", text);
	u->request = (struct ui_request){
		.action = choice->name, .panel = -1, .server = u->chosen[choice->source], .text = u->request_text};
	if (rows && u->aim.count > 0) {
		if (!find_rows(u, h)) {
			ui_error(u, h, "%s: the row is gone: nothing was done", choice->title);
			return UI_REDRAW;
		}
		u->request.panel = u->table[u->aim.table].panel;
		u->request.server = u->aim.server;
	}
	if (u->request.server < 0) {
		ui_error(u, h, "%s: there is no server for that", choice->title);
		return UI_REDRAW;
	}
	return UI_REQUEST | UI_REDRAW;
}

/* --- starting
 * ------------------------------------------------------------------------------------------------------------ */

/* Why it cannot be, in one line; false when it can. */
static bool refuse(struct ui *u, const struct ui_host *h, const struct ui_choice *choice, int count)
{
	if (choice->why_not) {
		ui_error(u, h, "%s: %s", choice->title, choice->why_not);
		return true;
	}
	if (is_for_target(u, choice) && !is_for_kinds(u, h, choice)) {
		ui_error(u, h, "%s: is not for a row of that kind", choice->title);
		return true;
	}
	if (!fits(u, h, choice) && !needs_no_row(choice)) {
		struct buf kinds = BUF_INIT(256);

		for (int i = 1; i < TARGET_COUNT; i++)
			if (choice->targets & 1u << i)
				buf_addf(&kinds, "%sa %s", kinds.len ? " or " : "",
					 panel_target_name((enum panel_target)i));
		ui_error(u, h, "%s: is for %s; there is none under the cursor", choice->title, buf_text(&kinds));
		buf_release(&kinds);
		return true;
	}
	if (fits(u, h, choice) && count > choice->rows) {
		ui_error(u, h, "%s: %d rows are tagged, at most %d are done at once (U untags)", choice->title, count,
			 choice->rows);
		return true;
	}
	return false;
}

static unsigned go(struct ui *u, const struct ui_host *h, const struct ui_choice *choice)
{
	char label[64];

	if (!choice->input)
		return request(u, h, choice, "");
	snprintf(label, sizeof(label), "%s: ", choice->input);
	u->wish = choice->name;
	prompt_open(&u->prompt, PROMPT_LINE, choice->given);
	snprintf(u->prompt.label, sizeof(u->prompt.label), "%s", label);
	return UI_REDRAW;
}

unsigned menu_start(struct ui *u, const struct ui_host *h, const char *name)
{
	const struct ui_choice *choice = menu_choice(h, name);

	if (!choice) {
		ui_error(u, h, "%s", h->no_actions ? h->no_actions : "that cannot be done here");
		return UI_REDRAW;
	}
	if (refuse(u, h, choice, take_aim(u)))
		return UI_REDRAW;
	return go(u, h, choice);
}

/* Of the statement whose plan is shown: the host knows which, whatever stands under the cursor by now. */
static unsigned from_plan(struct ui *u, const struct ui_host *h, const char *name)
{
	const struct ui_choice *choice = menu_choice(h, name);

	u->aim = (struct ui_aim){.table = -1, .server = -1};
	if (!choice || choice->why_not) {
		ui_error(u, h, "%s", choice ? choice->why_not : h->no_actions ? h->no_actions : "that cannot be done here");
		return UI_REDRAW;
	}
	return go(u, h, choice);
}

unsigned act_plan_what_if(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return from_plan(u, h, "explain-index");
}

unsigned act_plan_run(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return from_plan(u, h, "explain-run");
}

unsigned menu_typed(struct ui *u, const struct ui_host *h)
{
	const struct ui_choice *choice = u->wish ? menu_choice(h, u->wish) : NULL;
	char text[PROMPT_MAX];

	if (!u->prompt.text[0]) {
		snprintf(u->prompt.error, sizeof(u->prompt.error), "something must stand here; Esc gives up");
		u->prompt.error_column = 0;
		return UI_REDRAW;
	}
	snprintf(text, sizeof(text), "%s", u->prompt.text);
	prompt_close(&u->prompt);
	u->wish = NULL;
	return choice ? request(u, h, choice, text) : UI_REDRAW;
}

/* --- the menu
 * -------------------------------------------------------------------------------------------------------------- */

static bool listed(const struct ui *u, const struct ui_host *h, const struct ui_choice *choice)
{
	return fits(u, h, choice) || needs_no_row(choice);
}

/* What fits the row first, then what needs none. */
static const struct ui_choice *item(const struct ui *u, const struct ui_host *h, int at)
{
	for (int turn = 0; turn < 2; turn++)
		for (int i = 0; i < h->choice_count; i++)
			if (listed(u, h, &h->choices[i]) && fits(u, h, &h->choices[i]) == (turn == 0) && at-- == 0)
				return &h->choices[i];
	return NULL;
}

int menu_items(const struct ui *u, const struct ui_host *h)
{
	int count = 0;

	for (int i = 0; i < h->choice_count; i++)
		count += listed(u, h, &h->choices[i]);
	return count;
}

unsigned act_menu(struct ui *u, const struct ui_host *h, int key)
{
	int count = take_aim(u);

	(void)key;
	if (h->choice_count == 0 || !menu_fits(u, h, NULL)) {
		ui_error(u, h, "%s", h->no_actions ? h->no_actions : "nothing can be done here");
		return UI_REDRAW;
	}
	if (count > UI_ROWS_MAX) {
		ui_error(u, h, "%d rows are tagged, at most %d are done at once (U untags)", count, UI_ROWS_MAX);
		return UI_REDRAW;
	}
	u->window = WINDOW_MENU;
	u->item = u->item_top = 0;
	return UI_REDRAW;
}

unsigned menu_pick(struct ui *u, const struct ui_host *h)
{
	const struct ui_choice *choice = item(u, h, u->item);

	if (!choice || refuse(u, h, choice, u->aim.count))
		return UI_REDRAW;
	window_close(u);
	return go(u, h, choice) | UI_WANT;
}

/* "Index bridge_tx_idx", "3 tagged rows". */
static void write_aim(const struct ui *u, const struct ui_host *h, struct buf *out)
{
	const struct ui_table *t = u->aim.table >= 0 ? &u->table[u->aim.table] : NULL;
	const struct feed *f = t ? screens_feed(u, h, t->panel) : NULL;
	int row = f && u->aim.count == 1 ? feed_row_of(f, u->aim.key[0]) : -1;
	int part = !t                           ? -1
		   : t->p->part[PART_NAME] >= 0 ? t->p->part[PART_NAME]
		   : t->p->part[PART_PID] >= 0  ? t->p->part[PART_PID]
						: t->p->part[PART_QUERYID];

	if (t && t->p->target != TARGET_NONE && u->aim.count > 1)
		buf_addf(out, ": %d %ss", u->aim.count, panel_target_name(t->p->target));
	if (row < 0 || part < 0)
		return;
	struct cell cell = feed_field(f, row, part);
	buf_addf(out, ": %s ", panel_target_name(t->p->target));
	cells_text(out, &cell, cell.kind == CELL_TEXT ? UNIT_TEXT : UNIT_ID, 0, 60, u->ascii);
}

static void draw_item(const struct ui_choice *choice, const char *no_actions, struct canvas *c, int y)
{
	unsigned slot = choice->why_not ? SLOT_DIM : SLOT_TEXT;
	bool why = choice->why_not && choice->why_not != no_actions; /* what holds for all of them stands in the title */
	int width = TITLE_WIDTH < c->width / 2 ? TITLE_WIDTH : c->width / 2, x = 2;
	char key[16] = "";

	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		char name[32];

		keys_name((enum keys_action)i, name);
		if (strcmp(name, choice->name) == 0 && strcmp(keys_group((enum keys_action)i), "acting") == 0)
			keys_first((enum keys_action)i, KEYS_MAIN, key);
	}
	canvas_puts(c, x, y, 2, SLOT_KEY, 0, key);
	x += 2;
	cells_draw_cut(c, x, y, width, slot, str_from(choice->title));
	x += width + 1;
	cells_draw_cut(c, x, y, c->width - x, why ? SLOT_WARN : SLOT_DIM, str_from(why ? choice->why_not : choice->about));
}

void menu_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct buf title = BUF_INIT(4096);
	int count = menu_items(u, h), first, rows;
	struct ui_table *t = u->aim.table >= 0 ? &u->table[u->aim.table] : NULL;

	buf_adds(&title, "Do");
	write_aim(u, h, &title);
	if (h->no_actions)
		buf_addf(&title, "   (%s)", h->no_actions);
	rows = count + 1 < end - y ? count + 1 : end - y;
	if (t && end - y - rows >= 4)
		table_draw(u, h, c, t, y, end - rows);
	else
		rows = end - y;
	u->hit_count = 0; /* the table above is a picture only */
	y = end - rows;
	for (int row = y; row < end; row++)
		canvas_fill(c, 0, row, c->width, SLOT_TEXT, 0, ' ');
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	cells_draw_cut(c, 1, y, c->width - 1, SLOT_DIALOG_TITLE, buf_str(&title));
	first = setup_scroll(u, h, rows - 1);
	for (int i = first; i < count && y + 1 + i - first < end; i++) {
		draw_item(item(u, h, i), h->no_actions, c, y + 1 + i - first);
		if (i == u->item)
			canvas_flag_row(c, y + 1 + i - first, CANVAS_CURSOR);
		ui_hit(u, 0, y + 1 + i - first, c->width, HIT_ITEM, i);
	}
	buf_release(&title);
}

/* --- keys
 * ------------------------------------------------------------------------------------------------------------------ */

unsigned act_cancel(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return menu_start(u, h, "cancel");
}

unsigned act_terminate(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return menu_start(u, h, "terminate");
}

unsigned act_explain(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return menu_start(u, h, "explain");
}

unsigned act_explain_run(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return menu_start(u, h, "explain-run");
}

unsigned act_warm(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return menu_start(u, h, "warm");
}

/* The tree's parents, one after the other; a circle ends where it began. */
unsigned act_root(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = screens_table(u);
	int row, steps = 0;

	(void)key;
	if (!t || !t->feed || t->p->tree_id < 0 || t->view.count == 0) {
		ui_note(u, h, "this table is no tree");
		return UI_REDRAW;
	}
	row = t->view.order[t->view.cursor];
	for (; steps < t->view.count; steps++) {
		struct cell parent = feed_field(t->feed, row, t->p->tree_parent);
		int above = -1;

		for (int i = 0; i < t->view.count && parent.kind == CELL_INT && above < 0; i++) {
			struct cell id = feed_field(t->feed, t->view.order[i], t->p->tree_id);

			if (id.kind == CELL_INT && id.integer == parent.integer)
				above = t->view.order[i];
		}
		if (above < 0)
			break;
		row = above;
	}
	for (int i = 0; i < t->view.count; i++)
		if (t->view.order[i] == row)
			view_move(&t->view, i);
	ui_note(u, h, steps ? "the root: everything below waits for it" : "it waits for nobody that is shown");
	return UI_REDRAW;
}
