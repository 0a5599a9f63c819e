/* SPDX-License-Identifier: PostgreSQL */
/* Actions on the program: help, windows, time, setup; and the table that finds every action. */
#include <stdio.h>

#include "ui/state.h"

static unsigned (*const run[ACT_COUNT])(struct ui *u, const struct ui_host *h, int key) = {
#define KEY(id, name, keys, contexts, group, label, help) [ACT_##id] = act_##name,
#define MORE(id, keys, contexts)
#include "ui/keys.def"
#undef KEY
#undef MORE
};

unsigned act_run(struct ui *u, const struct ui_host *h, enum keys_action action, int key)
{
	return run[action] ? run[action](u, h, key) : 0;
}

static int servers_of(const struct ui_host *h, enum panel_source kind)
{
	int count = 0;

	for (int i = 0; i < h->server_count; i++)
		count += h->servers[i]->kind == kind;
	return count;
}

bool act_useful(const struct ui *u, const struct ui_host *h, enum keys_action action)
{
	const struct ui_table *t = screens_table(u);
	const struct ui_choice *choice;

	switch (action) {
	case ACT_TABLE_NEXT:
	case ACT_TABLE_PREVIOUS:
		return u->screen[u->here].table_count > 1;
	case ACT_SERVER_NEXT:
	case ACT_SERVER_PREVIOUS:
		return servers_of(h, t && t->p->source != PANEL_SELF ? t->p->source : PANEL_PG) > 1;
	case ACT_HIDDEN:
		return t && t->p->hide;
	case ACT_TREE:
		return t && t->p->tree_id >= 0;
	case ACT_CYCLE:
		return t && t->p->cycle_count > 1;
	case ACT_CANCEL:
		return menu_possible(u, h, "cancel");
	case ACT_TERMINATE:
		return menu_possible(u, h, "terminate");
	case ACT_EXPLAIN:
		return menu_possible(u, h, "explain");
	case ACT_EXPLAIN_RUN:
		return menu_possible(u, h, "explain-run");
	case ACT_WARM:
		return menu_possible(u, h, "warm");
	case ACT_MENU:
		return menu_possible(u, h, NULL);
	case ACT_JOBS:
		return h->task_count > 0 || (h->choice_count > 0 && !h->replay);
	case ACT_PLAN_OTHER:
	case ACT_PLAN_BESIDE:
		return u->plan.count > 1;
	case ACT_PLAN_DIFF:
		return u->plan.marked.plan != NULL;
	case ACT_PLAN_WHAT_IF:
	case ACT_PLAN_RUN:
		choice = menu_choice(h, action == ACT_PLAN_RUN ? "explain-run" : "explain-index");
		return choice && !choice->why_not;
	case ACT_PLAN_FOLD:
	case ACT_PLAN_COSTLIEST:
		return planview_is_tree(&u->plan);
	case ACT_ROOT:
		return t && t->p->tree_id >= 0;
	case ACT_DIFF:
		return u->mark_us != 0;
	case ACT_STEP_BACK:
	case ACT_STEP_ON:
	case ACT_BRANCH:
		return h->replay && u->paused;
	case ACT_DETAIL:
	case ACT_FILTER:
	case ACT_SORT_LEFT:
	case ACT_SORT_RIGHT:
	case ACT_SORT_LIST:
	case ACT_SORT_INVERT:
	case ACT_TAG:
	case ACT_FOLLOW:
	case ACT_WRAP:
	case ACT_CUMULATIVE:
		return t != NULL;
	default:
		return true;
	}
}

/* --- general ------------------------------------------------------------------------------------------------------------- */

unsigned act_help(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	help_open(u, h);
	return UI_REDRAW;
}

unsigned act_quit(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (jobs_running(h) > 0 && !h->replay) {
		ask_quit(u);
		return UI_REDRAW;
	}
	return UI_QUIT;
}

unsigned act_back(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = screens_table(u);
	const struct task *awaited = jobs_awaited(h);
	struct err why;

	if (!awaited || awaited->id == u->cancelled)
		awaited = jobs_stoppable(u, h);
	if (awaited && key == TERM_KEY_ESC) { /* a second Esc goes back */
		u->cancelled = awaited->id;
		ui_note(u, h, "asked to end: %s", awaited->title);
		return UI_CANCEL | UI_REDRAW;
	}
	if (u->window != WINDOW_NONE) {
		window_close(u);
		return UI_RESULT_REDRAW_WANT;
	}
	if (u->search[0])
		u->search[0] = '\0';
	else if (t && t->view.tagged.count > 0)
		map_clear(&t->view.tagged);
	else if (t && t->view.filter_text && view_set_filter(&t->view, NULL, &why) < 0)
		ui_error(u, h, "%s", why.text);
	return UI_RESULT_REDRAW_WANT;
}

unsigned act_command(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	prompt_open(&u->prompt, PROMPT_COMMAND, "");
	return UI_REDRAW;
}

unsigned act_pause(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	u->paused = !u->paused;
	return UI_REDRAW | UI_PAUSE;
}

unsigned ui_go(struct ui *u, const struct ui_step *step)
{
	u->step = *step;
	u->paused = step->kind != UI_STEP_END;
	return UI_REDRAW | UI_PAUSE | UI_STEP;
}

/* Nothing is kept of a live session to go back to: what it would take belongs on a disk. */
static unsigned no_recording(struct ui *u, const struct ui_host *h)
{
	ui_error(u, h, "to step back there must be a recording: dytop --record FILE keeps one, dytop --replay FILE steps in it");
	return UI_REDRAW;
}

unsigned act_step_back(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return h->replay ? ui_go(u, &(struct ui_step){.kind = UI_STEP_FRAMES, .by = -1}) : no_recording(u, h);
}

unsigned act_step_on(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return h->replay ? ui_go(u, &(struct ui_step){.kind = UI_STEP_FRAMES, .by = 1}) : no_recording(u, h);
}

unsigned act_branch(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (!h->replay)
		return no_recording(u, h);
	prompt_open(&u->prompt, PROMPT_BRANCH, "");
	return UI_REDRAW;
}

unsigned act_latest(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	if (h->replay)
		return ui_go(u, &(struct ui_step){.kind = UI_STEP_END});
	ui_note(u, h, u->paused ? "live again" : "this is live");
	if (!u->paused)
		return UI_REDRAW;
	u->paused = false;
	return UI_REDRAW | UI_PAUSE;
}

unsigned act_refresh(struct ui *u, const struct ui_host *h, int key)
{
	(void)u;
	(void)h;
	(void)key;
	return UI_REDRAW | UI_REFRESH;
}

unsigned act_retry(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	ui_note(u, h, "connecting again");
	return UI_REDRAW | UI_RETRY;
}

static unsigned step_interval(struct ui *u, int by)
{
	static const double step[] = {250, 500, 1000, 2000, 5000, 10000, 30000, 60000};
	int count = (int)ARRAY_LEN(step);

	if (by < 0)
		for (int i = count - 1; i >= 0; i--) {
			if (step[i] >= u->interval_ms)
				continue;
			u->interval_ms = step[i];
			return UI_REDRAW | UI_INTERVAL;
		}
	for (int i = 0; i < count && by > 0; i++) {
		if (step[i] <= u->interval_ms)
			continue;
		u->interval_ms = step[i];
		return UI_REDRAW | UI_INTERVAL;
	}
	return UI_REDRAW;
}

unsigned act_faster(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	return step_interval(u, -1);
}

unsigned act_slower(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	return step_interval(u, 1);
}

unsigned act_delay(struct ui *u, const struct ui_host *h, int key)
{
	char text[32];

	(void)h;
	(void)key;
	snprintf(text, sizeof(text), "%.4g", u->interval_ms / 1000);
	prompt_open(&u->prompt, PROMPT_DELAY, text);
	return UI_REDRAW;
}

unsigned act_repaint(struct ui *u, const struct ui_host *h, int key)
{
	(void)u;
	(void)h;
	(void)key;
	return UI_REDRAW | UI_REPAINT;
}

unsigned act_suspend(struct ui *u, const struct ui_host *h, int key)
{
	(void)u;
	(void)h;
	(void)key;
	return UI_SUSPEND;
}

/* --- setup ------------------------------------------------------------------------------------------------------------------ */

unsigned act_setup(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	u->window = WINDOW_SETUP;
	u->item = screens_table(u) ? 1 : 0;
	u->item_top = 0;
	return UI_REDRAW;
}

unsigned act_save(struct ui *u, const struct ui_host *h, int key)
{
	(void)u;
	(void)h;
	(void)key;
	return UI_REDRAW | UI_SAVE;
}

/* The column under the setup window's cursor, by its place; -1 on the theme line. */
static int setup_place(const struct ui *u)
{
	const struct ui_table *t = screens_table(u);

	return t && u->window == WINDOW_SETUP && u->item >= 1 && u->item <= t->p->column_count ? u->item - 1 : -1;
}

static unsigned change_theme(struct ui *u, const struct ui_host *h, int by)
{
	int count = 0, at = 0;

	while (h->themes && h->themes[count]) {
		at = strcmp(h->themes[count], u->theme) == 0 ? count : at;
		count++;
	}
	if (count == 0)
		return UI_REDRAW;
	snprintf(u->theme, sizeof(u->theme), "%s", h->themes[(at + by + count) % count]);
	return UI_REDRAW | UI_THEME;
}

unsigned act_theme_next(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return change_theme(u, h, 1);
}

unsigned act_theme_previous(struct ui *u, const struct ui_host *h, int key)
{
	(void)key;
	return change_theme(u, h, -1);
}

unsigned act_toggle(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = screens_table(u);
	int place = setup_place(u), list[UI_PLACES_MAX];

	(void)key;
	if (place < 0)
		return change_theme(u, h, 1);
	t->shown[t->column[place]] = !t->shown[t->column[place]];
	if (columns_taking_part(t, list) == 0) {
		t->shown[t->column[place]] = true;
		ui_note(u, h, "one column stays");
	}
	t->scroll = t->shift = 0;
	return UI_RESULT_REDRAW_WANT;
}

static unsigned move_column(struct ui *u, int by)
{
	struct ui_table *t = screens_table(u);
	int place = setup_place(u), other = place + by, column;

	if (place < 0 || other < 0 || other >= t->p->column_count)
		return UI_REDRAW;
	column = t->column[place];
	t->column[place] = t->column[other];
	t->column[other] = column;
	u->item += by;
	return UI_REDRAW;
}

unsigned act_move_up(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	return move_column(u, -1);
}

unsigned act_move_down(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	return move_column(u, 1);
}

unsigned act_defaults(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_table *t = screens_table(u);

	(void)h;
	(void)key;
	if (t)
		columns_defaults(t);
	return UI_RESULT_REDRAW_WANT;
}
