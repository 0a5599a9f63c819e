/* SPDX-License-Identifier: PostgreSQL */
#include "ui/ui.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/clean.h"
#include "core/map.h"
#include "core/mem.h"
#include "ui/state.h"
#include "ui/text.h"

enum { WANTS_MAX = 128 };

#define NOTICE_NS (INT64_C(6) * CLOCK_SECOND_NS)

/* --- life -------------------------------------------------------------------------------------------------------------- */

static void take_panels(struct ui *u, const struct ui_host *host)
{
	u->panel_count = host->panel_count;
	u->panel = mem_calloc((size_t)host->panel_count + 1, sizeof(*u->panel));
	for (int i = 0; i < host->panel_count; i++)
		u->panel[i] = host->panels[i];
	u->mode = mem_calloc((size_t)u->panel_count + 1, sizeof(*u->mode));
}

int ui_new(struct ui **out, const struct ui_host *host, struct err *why)
{
	struct ui *u = mem_alloc(sizeof(*u));
	const char *theme = host->theme ? host->theme : host->themes && host->themes[0] ? host->themes[0] : "";

	(void)why;
	take_panels(u, host);
	u->interval_ms = host->interval_ms > 0 ? host->interval_ms : 1000;
	u->cost_shown = NAN;
	u->copy = BUF_INIT(UI_TEXT_MAX);
	snprintf(u->theme, sizeof(u->theme), "%s", theme);
	for (int i = 0; i < UI_KINDS; i++)
		u->chosen[i] = -1;
	screens_build(u);
	screens_choose(u, host);
	*out = u;
	return 0;
}

void ui_free(struct ui *u)
{
	if (!u)
		return;
	screens_free(u);
	pager_release(&u->pager);
	pager_release(&u->help);
	planview_release(&u->plan);
	pager_release(&u->job_pager);
	pager_release(&u->ask.pager);
	free(u->seen);
	prompt_release(&u->prompt);
	buf_release(&u->copy);
	free(u->panel);
	free(u->mode);
	free(u);
}

/* --- messages ------------------------------------------------------------------------------------------------------------ */

void ui_notice(struct ui *u, const struct ui_host *host, bool error, const char *text)
{
	struct buf clean = BUF_INIT(sizeof(u->notice.text) * 4);
	struct str head;

	if (u->notice.error && !error && u->notice.text[0])
		return; /* an error stays until a key was pressed */
	clean_text(&clean, text, strlen(text), CLEAN_LINE);
	head = text_head(buf_str(&clean), sizeof(u->notice.text) - 1);
	memcpy(u->notice.text, head.len ? head.at : "", head.len);
	u->notice.text[head.len] = '\0';
	u->notice.error = error;
	u->notice.until_ns = host->now.mono_ns + NOTICE_NS;
	buf_release(&clean);
}

void ui_note(struct ui *u, const struct ui_host *h, const char *format, ...)
{
	char text[sizeof(u->notice.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ui_notice(u, h, false, text);
}

void ui_error(struct ui *u, const struct ui_host *h, const char *format, ...)
{
	char text[sizeof(u->notice.text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ui_notice(u, h, true, text);
}

/* --- events -------------------------------------------------------------------------------------------------------------- */

unsigned ui_context_of(enum ui_window window)
{
	static const unsigned context[] = {
		[WINDOW_NONE] = KEYS_MAIN, [WINDOW_DETAIL] = KEYS_DETAIL, [WINDOW_HELP] = KEYS_HELP,
		[WINDOW_SETUP] = KEYS_SETUP, [WINDOW_SORT] = KEYS_LIST,
		[WINDOW_MENU] = KEYS_LIST, [WINDOW_JOBS] = KEYS_JOBS, [WINDOW_JOB] = KEYS_JOB,
		[WINDOW_PLAN] = KEYS_PLAN};

	return context[window];
}

unsigned ui_context(const struct ui *u)
{
	return ui_context_of(u->window);
}

void ui_hit(struct ui *u, int x, int y, int width, enum ui_hit_kind kind, int arg)
{
	if (u->hit_count < UI_HITS_MAX)
		u->hit[u->hit_count++] = (struct ui_hit){x, y, width, kind, arg};
}

static const struct ui_hit *hit_at(const struct ui *u, int x, int y)
{
	for (int i = u->hit_count - 1; i >= 0; i--) {
		const struct ui_hit *hit = &u->hit[i];

		if (y == hit->y && x >= hit->x && x < hit->x + hit->width)
			return hit;
	}
	return NULL;
}

static unsigned click_head(struct ui *u, int column)
{
	struct ui_table *t = screens_table(u);
	bool same = t->view.sort == column;

	view_sort(&t->view, column, same ? !t->view.descending : columns_right(&t->p->column[column]));
	return UI_RESULT_REDRAW_WANT;
}

static unsigned click_row(struct ui *u, const struct ui_host *h, int row)
{
	struct ui_table *t = screens_table(u);

	if (row == t->view.cursor)
		return act_detail(u, h, 0);
	view_move(&t->view, row);
	return UI_REDRAW;
}

/* What a recorded question does not hold up: it has its answer already, some frames on. */
static bool is_step(enum keys_action action)
{
	return action == ACT_STEP_BACK || action == ACT_STEP_ON || action == ACT_LATEST || action == ACT_PAUSE;
}

static unsigned key_event(struct ui *u, const struct ui_host *h, int key)
{
	enum keys_action action;

	if (key == -1)
		return UI_QUIT;
	if (key == TERM_KEY_NONE)
		return 0;
	if (key == TERM_KEY_RESIZE)
		return UI_REDRAW;
	key = keys_normal(key);
	u->notice.text[0] = '\0';
	action = keys_find(key, ui_context(u));
	if (u->ask.kind != ASK_NONE && action != ACT_SUSPEND && action != ACT_REPAINT && !(h->replay && is_step(action)))
		return ask_key(u, h, key);
	if (u->prompt.kind != PROMPT_NONE && key != ('C' & 31) && action != ACT_SUSPEND && action != ACT_REPAINT)
		return prompt_key(u, h, key);
	if (action == ACT_NONE) {
		ui_note(u, h, "no such key here; ? for help");
		return UI_REDRAW;
	}
	return act_run(u, h, action, key);
}

/* In a window with a list: goes there; on the item under the cursor: takes it. */
static unsigned click_item(struct ui *u, const struct ui_host *h, int item)
{
	if (u->window == WINDOW_PLAN)
		return planview_click(u, h, item);
	if (item == u->item && u->window == WINDOW_JOBS)
		return act_job(u, h, 0);
	if (item == u->item)
		return u->window == WINDOW_SETUP ? act_toggle(u, h, 0) : act_pick(u, h, 0);
	u->item = item;
	return UI_REDRAW;
}

static unsigned mouse_event(struct ui *u, const struct ui_host *h, const struct term_event *e)
{
	const struct ui_hit *hit = hit_at(u, e->x, e->y);

	if (u->ask.kind != ASK_NONE) { /* a click is no answer */
		pager_scroll(&u->ask.pager, e->wheel);
		return e->wheel != 0 ? UI_REDRAW : 0;
	}
	if (e->wheel != 0) {
		act_move(u, h, e->wheel * 3);
		return UI_REDRAW;
	}
	if (!hit || e->button != 1)
		return 0;
	if (hit->kind == HIT_KEY)
		return key_event(u, h, hit->arg);
	if (u->prompt.kind != PROMPT_NONE)
		return 0;
	if (u->window != WINDOW_NONE)
		return hit->kind == HIT_ITEM ? click_item(u, h, hit->arg) : 0;
	switch (hit->kind) {
	case HIT_TAB:
		return screens_go(u, h, hit->arg);
	case HIT_HEAD:
		return click_head(u, hit->arg);
	case HIT_ROW:
		return click_row(u, h, hit->arg);
	case HIT_TABLE:
		u->screen[u->here].here = hit->arg;
		return UI_RESULT_REDRAW_WANT;
	default:
		return 0;
	}
}

unsigned ui_event(struct ui *u, const struct ui_host *host, const struct term_event *event)
{
	struct ui_table *t;

	screens_choose(u, host);
	t = screens_table(u);
	if (t)
		table_update(u, host, t);
	if (event->key == TERM_KEY_PASTE && u->ask.kind != ASK_NONE) {
		ui_note(u, host, "pasted text answers no question: type it");
		return UI_REDRAW;
	}
	if (event->key == TERM_KEY_PASTE && u->prompt.kind == PROMPT_NONE) {
		ui_note(u, host, "pasted text fires no keys; it is taken where text is asked for");
		return UI_REDRAW;
	}
	if (event->key == TERM_KEY_PASTE)
		return prompt_paste(u, host, event->text);
	if (event->key == TERM_KEY_MOUSE)
		return mouse_event(u, host, event);
	return key_event(u, host, event->key);
}

/* --- time ---------------------------------------------------------------------------------------------------------------- */

static uint64_t hash_feed(uint64_t hash, const struct ui *u, const struct ui_host *h, int panel)
{
	const struct feed *f = screens_feed(u, h, panel);

	hash = map_hash_int(hash, f ? (int64_t)feed_generation(f) : -1);
	return map_hash_int(hash, f ? (int64_t)feed_state(f) : -1);
}

/* Everything that a draw depends on, apart from keys. */
static uint64_t shown_now(const struct ui *u, const struct ui_host *h)
{
	struct ui_want want[WANTS_MAX];
	int count = ui_wants(u, h, want, WANTS_MAX);
	uint64_t hash = map_hash_int(MAP_SEED, h->now.wall_us / 1000000);

	for (int i = 0; i < h->server_count; i++) {
		hash = map_hash_int(hash, h->servers[i]->state);
		hash = map_hash_int(hash, h->servers[i]->retries);
		hash = map_hash(hash, h->servers[i]->notice, strlen(h->servers[i]->notice));
		hash = map_hash(hash, h->servers[i]->reason, strlen(h->servers[i]->reason));
		hash = map_hash(hash, h->servers[i]->role, strlen(h->servers[i]->role));
		hash = map_hash_int(hash, h->servers[i]->version);
	}
	hash = jobs_hash(h, hash);
	for (int i = 0; i < u->figure_count; i++)
		hash = hash_feed(hash, u, h, u->figure[i].panel);
	for (int i = 0; i < count; i++)
		hash = hash_feed(hash, u, h, want[i].panel);
	return hash;
}

/* The wanted pairs in one number. */
static uint64_t wants_now(const struct ui *u, const struct ui_host *h)
{
	struct ui_want want[WANTS_MAX];
	int count = ui_wants(u, h, want, WANTS_MAX);
	uint64_t hash = map_hash_int(MAP_SEED, count);

	for (int i = 0; i < count; i++)
		hash = map_hash_int(map_hash_int(hash, want[i].panel), want[i].server);
	return hash;
}

unsigned ui_tick(struct ui *u, const struct ui_host *host)
{
	unsigned result = 0;
	uint64_t wanted;

	screens_choose(u, host);
	result |= jobs_notice(u, host);
	result |= ask_update(u, host);
	wanted = wants_now(u, host);
	if (wanted != u->wanted) /* also when the first servers come up behind an empty screen */
		result |= UI_WANT;
	u->wanted = wanted;
	if (u->notice.text[0] && !u->notice.error && host->now.mono_ns >= u->notice.until_ns) {
		u->notice.text[0] = '\0';
		result |= UI_REDRAW;
	}
	if (shown_now(u, host) != u->drawn)
		result |= UI_REDRAW;
	return result;
}

/* --- drawing ------------------------------------------------------------------------------------------------------------- */

static void draw_too_small(struct canvas *c)
{
	char text[64];

	snprintf(text, sizeof(text), "%dx%d is too small for dytop (%dx%d)", c->width, c->height, UI_WIDTH_MIN,
	         UI_HEIGHT_MIN);
	canvas_puts(c, 0, 0, c->width, SLOT_TEXT, 0, text);
	for (int y = 1, used = c->width; y < c->height && used < (int)strlen(text); y++, used += c->width)
		canvas_puts(c, 0, y, c->width, SLOT_TEXT, 0, text + used);
}

static void draw_screen(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_table *t = screens_table(u);

	if (u->screen[u->here].overview) {
		overview_draw(u, h, c, y, end);
		return;
	}
	y = cards_draw(u, h, c, y, t ? y + (end - y) / 2 : end);
	y = header_table_tabs(u, c, y);
	if (t)
		table_draw(u, h, c, t, y, end);
}

static void draw_body(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	switch (u->window) {
	case WINDOW_DETAIL:
		detail_draw(u, h, c, y, end);
		return;
	case WINDOW_HELP:
		help_draw(u, h, c, y, end);
		return;
	case WINDOW_SETUP:
		setup_draw(u, h, c, y, end);
		return;
	case WINDOW_SORT:
		sort_draw(u, h, c, y, end);
		return;
	case WINDOW_MENU:
		menu_draw(u, h, c, y, end);
		return;
	case WINDOW_JOBS:
		jobs_draw(u, h, c, y, end);
		return;
	case WINDOW_JOB:
		job_draw(u, h, c, y, end);
		return;
	case WINDOW_PLAN:
		planview_draw(u, h, c, y, end);
		return;
	default:
		draw_screen(u, h, c, y, end);
	}
}

void ui_draw(struct ui *u, const struct ui_host *host, struct canvas *c)
{
	int y, end = c->height - 2;

	screens_choose(u, host);
	canvas_clear(c);
	u->hit_count = 0;
	u->width = c->width;
	u->ascii = c->ascii;
	u->height = c->height;
	u->drawn = shown_now(u, host);
	if (c->width < UI_WIDTH_MIN || c->height < UI_HEIGHT_MIN) {
		draw_too_small(c);
		return;
	}
	y = header_draw(u, host, c);
	y = header_tabs(u, host, c, y);
	y = header_banners(u, host, c, y);
	draw_body(u, host, c, y, end);
	footer_status(u, host, c, end);
	footer_draw(u, host, c, end + 1);
	ask_draw(u, host, c, y, end);
}

/* --- what the caller acts on --------------------------------------------------------------------------------------- */

static const struct ui_table *shown_table(const struct ui *u, int panel)
{
	const struct ui_table *t = screens_table(u);

	return t && t->panel == panel ? t : NULL;
}

int ui_visible_rows(const struct ui *u, int panel, int server, const int **rows)
{
	const struct ui_table *t = shown_table(u, panel);

	if (!t || t->server != server)
		return 0;
	*rows = t->visible;
	return t->visible_count;
}

int ui_ordered_rows(const struct ui *u, int panel, int server, const int **rows)
{
	const struct ui_table *t = shown_table(u, panel);

	if (!t || t->server != server)
		return 0;
	*rows = t->view.order;
	return t->view.count;
}

bool ui_needs_lookup(const struct ui *u, int panel, int k)
{
	const struct ui_table *t = shown_table(u, panel);

	return t && view_needs_lookup(&t->view, k);
}

bool ui_detail_row(const struct ui *u, int panel, int server, int *row)
{
	const struct ui_table *t = shown_table(u, panel);
	int at;

	if (!t || t->server != server || u->window != WINDOW_DETAIL || !t->feed)
		return false;
	at = feed_row_of(t->feed, u->detail_key);
	if (at >= 0)
		*row = at;
	return at >= 0;
}

enum feed_mode ui_mode(const struct ui *u, int panel)
{
	if (u->diff)
		return FEED_SINCE;
	return panel >= 0 && panel < u->panel_count ? u->mode[panel] : FEED_INTERVAL;
}

double ui_interval(const struct ui *u)
{
	return u->interval_ms;
}

bool ui_paused(const struct ui *u)
{
	return u->paused;
}

const char *ui_theme(const struct ui *u)
{
	return u->theme;
}

struct str ui_copy_text(const struct ui *u)
{
	return buf_str(&u->copy);
}

struct ui_request ui_request(const struct ui *u)
{
	return u->request;
}

struct ui_step ui_step(const struct ui *u)
{
	return u->step;
}

struct ui_answer ui_answer(const struct ui *u)
{
	return u->answer;
}

uint64_t ui_cancelled(const struct ui *u)
{
	return u->cancelled;
}

struct ui_input ui_input(const struct ui *u)
{
	return u->input;
}

bool ui_ask_line(struct ui *u, uint64_t token, const char *label, const char *text)
{
	if (u->prompt.kind != PROMPT_NONE || u->ask.kind != ASK_NONE)
		return false;
	u->wish = NULL;
	u->input = (struct ui_input){.token = token};
	prompt_open(&u->prompt, PROMPT_LINE, text);
	snprintf(u->prompt.label, sizeof(u->prompt.label), "%s", label);
	return true;
}

int ui_set_screen(struct ui *u, const char *screen, struct err *why)
{
	int at = screens_by_name(u, str_from(screen));
	struct buf known = BUF_INIT(ERR_TEXT_MAX);

	if (at < 0) {
		for (int i = 0; i < u->screen_count; i++)
			buf_addf(&known, "%s%s", i ? ", " : "", u->screen[i].name);
		at = err_set(why, ERR_NOT_FOUND, "there is no screen '%s'; known: %s", screen, buf_text(&known));
		buf_release(&known);
		return at;
	}
	u->here = at;
	return 0;
}

static int table_here(const struct ui *u, struct ui_table **t, struct err *why)
{
	*t = screens_table(u);
	return *t ? 0 : err_set(why, ERR_INVALID, "the screen '%s' has no table", u->screen[u->here].name);
}

int ui_set_sort(struct ui *u, const char *column, struct err *why)
{
	struct ui_table *t;
	bool descending = column[0] == '-';
	int at, rc = table_here(u, &t, why);

	if (rc < 0)
		return rc;
	at = panel_column_by_name(t->p, str_from(column + (descending || column[0] == '+')));
	if (at < 0)
		return err_set(why, ERR_INVALID, "panel %s has no column '%s'", t->p->name, column);
	view_sort(&t->view, at, descending);
	return 0;
}

int ui_set_filter(struct ui *u, const char *text, struct err *why)
{
	struct ui_table *t;
	int rc = table_here(u, &t, why);

	return rc < 0 ? rc : view_set_filter(&t->view, text, why);
}

int ui_set_columns(struct ui *u, const char *names, struct err *why)
{
	struct ui_table *t;
	int rc = table_here(u, &t, why);

	return rc < 0 ? rc : columns_set(t, names, why);
}
