/* SPDX-License-Identifier: PostgreSQL */
/*
 * The question over the screen. What it must never do: take a key for a yes that was not meant for it. So it does not
 * open over a line that somebody types; no key counts for 300 ms from its first draw on, and again from each key that
 * came too early; pasted text and clicks never count; and a yes is taken at the end of the turn, when it came alone:
 * what arrives in one piece with other keys was pasted into a terminal that does not mark pastes.
 */
#include <stdio.h>

#include "core/map.h"
#include "core/utf8.h"
#include "ui/state.h"

enum {
	ASK_WIDTH_MAX = 110,
	ASK_EXPIRES_MS = 30000,
	ASK_BOTTOM = 2 /* rows of the frame's foot: the way to answer, an edge */
};

#define ASK_QUIET_NS (300 * CLOCK_MS_NS)

const struct task *ask_task(const struct ui_host *h, uint64_t id)
{
	for (int i = 0; i < h->task_count; i++)
		if (h->tasks[i]->id == id)
			return h->tasks[i];
	return NULL;
}

/* --- which question --------------------------------------------------------------------------------------------------
 */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return text ? map_hash(hash, text, strlen(text)) : hash;
}

/* What is asked, in one number. */
static uint64_t question_of(const struct task *t)
{
	uint64_t hash = map_hash_int(MAP_SEED, (int64_t)t->id);

	hash = hash_text(hash, t->question.title);
	hash = hash_text(hash, t->question.word);
	hash = hash_text(hash, t->sql);
	return map_hash_int(map_hash_int(hash, t->question.weight), t->asked_lines);
}

static struct ui_seen *seen_of(const struct ui *u, uint64_t id)
{
	for (int i = 0; i < u->seen_count; i++)
		if (u->seen[i].id == id)
			return &u->seen[i];
	return NULL;
}

static void open_question(struct ui *u, enum ask_kind kind, const struct task *t)
{
	struct pager pager = u->ask.pager;

	pager.top = 0;
	u->ask = (struct ui_ask){.kind = kind, .pager = pager};
	if (t) {
		u->ask.id = t->id;
		u->ask.question = question_of(t);
	}
}

static void close_question(struct ui *u)
{
	u->ask.kind = ASK_NONE;
	u->ask.yes = false;
}

static unsigned answer(struct ui *u, bool yes)
{
	struct ui_seen *seen = seen_of(u, u->ask.id);

	if (seen)
		seen->answered = u->ask.question;
	u->answer = (struct ui_answer){u->ask.id, yes};
	close_question(u);
	return UI_ANSWER | UI_REDRAW;
}

static double expires_ms(const struct task *t)
{
	return t->question.expires_ms > 0 ? t->question.expires_ms : ASK_EXPIRES_MS;
}

static int64_t left_ns(const struct ui_ask *a, const struct task *t, const struct ui_host *h)
{
	return a->opened_ns == 0 ? (int64_t)(expires_ms(t) * CLOCK_MS_NS)
				 : a->opened_ns + (int64_t)(expires_ms(t) * CLOCK_MS_NS) - h->now.mono_ns;
}

static unsigned say_yes(struct ui *u)
{
	if (u->ask.kind == ASK_QUIT) {
		close_question(u);
		return UI_CANCEL_ALL | UI_REDRAW;
	}
	return answer(u, true);
}

unsigned ask_update(struct ui *u, const struct ui_host *h)
{
	struct ui_ask *a = &u->ask;
	const struct task *t = a->kind == ASK_TASK ? ask_task(h, a->id) : NULL;

	if (a->kind == ASK_TASK && (!t || t->state != TASK_ASKING || question_of(t) != a->question)) {
		close_question(u); /* ended by itself, or asks something else now */
		return UI_REDRAW;
	}
	if (a->kind == ASK_QUIT && jobs_running(h) == 0) {
		close_question(u);
		return UI_REDRAW;
	}
	if (a->kind != ASK_NONE && a->yes)
		return say_yes(u);
	if (t && left_ns(a, t, h) <= 0) {
		ui_error(u, h, "expired without an answer, nothing was done: %s", t->title);
		return answer(u, false);
	}
	if (u->prompt.kind != PROMPT_NONE) /* not under the fingers of a person who types */
		return 0;
	for (int i = 0; i < h->task_count && a->kind == ASK_NONE; i++) {
		const struct ui_seen *seen = seen_of(u, h->tasks[i]->id);

		if (h->tasks[i]->state == TASK_ASKING && (!seen || seen->answered != question_of(h->tasks[i])))
			open_question(u, ASK_TASK, h->tasks[i]);
	}
	return 0;
}

void ask_quit(struct ui *u)
{
	open_question(u, ASK_QUIT, NULL);
}

/* --- keys
 * ------------------------------------------------------------------------------------------------------------- */

static bool scroll_key(struct ui_ask *a, int key)
{
	int page = a->pager.height > 1 ? a->pager.height - 1 : 1;

	switch (key) {
	case TERM_KEY_UP:
		pager_scroll(&a->pager, -1);
		return true;
	case TERM_KEY_DOWN:
		pager_scroll(&a->pager, 1);
		return true;
	case TERM_KEY_PGUP:
		pager_scroll(&a->pager, -page);
		return true;
	case TERM_KEY_PGDN:
		pager_scroll(&a->pager, page);
		return true;
	default:
		return false;
	}
}

/* Several keys at one moment: a burst. A yes among them is none. */
static bool in_burst(struct ui *u, const struct ui_host *h)
{
	struct ui_ask *a = &u->ask;

	a->burst = h->now.mono_ns == a->key_ns ? a->burst + 1 : 1;
	a->key_ns = h->now.mono_ns;
	if (a->burst > 1 && a->yes) {
		a->yes = false;
		a->quiet_ns = h->now.mono_ns + ASK_QUIET_NS;
		snprintf(a->error, sizeof(a->error),
			 "that came with other keys, as pasted text does: answer once more");
	}
	return a->burst > 1;
}

static void type_key(struct ui_ask *a, int key)
{
	char bytes[4];
	size_t n;

	if (key == TERM_KEY_BACKSPACE) {
		while (a->typed_len > 0 && ((unsigned char)a->typed[--a->typed_len] & 0xc0) == 0x80)
			continue;
	} else if (key == ('U' & 31)) {
		a->typed_len = 0;
	} else if (key >= ' ' && key < TERM_KEY_UP && key != 0x7f && (key < 0xd800 || key >= 0xe000)) {
		n = utf8_encode((uint32_t)key, bytes);
		if (a->typed_len + n < sizeof(a->typed)) {
			memcpy(a->typed + a->typed_len, bytes, n);
			a->typed_len += n;
		}
	}
	a->typed[a->typed_len] = '\0';
}

/* A word must be typed: Enter is yes when it stands there, and nothing else is. */
static unsigned word_key(struct ui *u, const struct ui_host *h, const struct task *t, int key, bool burst)
{
	struct ui_ask *a = &u->ask;

	if (key != TERM_KEY_ENTER) {
		type_key(a, key);
		return UI_REDRAW;
	}
	if (a->typed_len == 0) {
		ui_note(u, h, "no: nothing was done");
		return answer(u, false);
	}
	if (strcmp(a->typed, t->question.word) != 0) {
		snprintf(a->error, sizeof(a->error), "that is not what was asked for");
		return UI_REDRAW;
	}
	if (burst)
		snprintf(a->error, sizeof(a->error),
			 "that came with other keys, as pasted text does: press Enter once more");
	else
		a->yes = true;
	return UI_REDRAW;
}

static unsigned yes_or_no(struct ui *u, const struct ui_host *h, int key, bool burst)
{
	struct ui_ask *a = &u->ask;

	if (key == 'y' || key == 'Y') {
		if (burst)
			snprintf(a->error, sizeof(a->error),
				 "that came with other keys, as pasted text does: answer once more");
		else
			a->yes = true;
		return UI_REDRAW;
	}
	if (key == 'n' || key == 'N' || key == 'q' || key == TERM_KEY_ENTER) {
		ui_note(u, h, "no: nothing was done");
		return answer(u, false);
	}
	snprintf(a->error, sizeof(a->error), "y, or n");
	return UI_REDRAW;
}

/* Jobs run and one wants to quit. */
static unsigned quit_key(struct ui *u, int key, bool burst)
{
	if ((key == 'l' || key == 'L') && !burst) {
		close_question(u);
		return UI_QUIT;
	}
	if (key == 'c' || key == 'C') {
		u->ask.yes = !burst;
		return UI_REDRAW;
	}
	if (key == 'n' || key == 'q' || key == TERM_KEY_ENTER)
		close_question(u);
	else
		snprintf(u->ask.error, sizeof(u->ask.error), "l, c, or n");
	return UI_REDRAW;
}

unsigned ask_key(struct ui *u, const struct ui_host *h, int key)
{
	struct ui_ask *a = &u->ask;
	const struct task *t = a->kind == ASK_TASK ? ask_task(h, a->id) : NULL;
	bool burst = in_burst(u, h);

	if (a->kind == ASK_TASK && (!t || t->state != TASK_ASKING))
		return ask_update(u, h);
	if (key == TERM_KEY_ESC || key == ('C' & 31)) { /* no is never too early */
		if (a->kind == ASK_QUIT) {
			close_question(u);
			return UI_REDRAW;
		}
		ui_note(u, h, "no: nothing was done");
		return answer(u, false);
	}
	if (a->opened_ns == 0 || h->now.mono_ns < a->quiet_ns) {
		a->quiet_ns = h->now.mono_ns + ASK_QUIET_NS; /* who still types means something else */
		return 0;
	}
	if (scroll_key(a, key))
		return UI_REDRAW;
	a->error[0] = '\0';
	if (a->kind == ASK_QUIT)
		return quit_key(u, key, burst);
	return t->question.weight == TASK_WEIGHT_WORD ? word_key(u, h, t, key, burst) : yes_or_no(u, h, key, burst);
}

/* --- drawing
 * ---------------------------------------------------------------------------------------------------------- */

static unsigned mark_slot(enum task_mark mark)
{
	static const unsigned slot[] = {
		[TASK_PLAIN] = SLOT_DIALOG, [TASK_GOOD] = SLOT_OK, [TASK_WARN] = SLOT_WARN, [TASK_BAD] = SLOT_CRIT};
	return slot[mark];
}

static void build_task(struct ui_ask *a, const struct task *t, int width)
{
	static const char *const sign[] = {"   ", "   ", " ! ", "!! "};

	for (int i = 0; i < t->line_count; i++) {
		pager_puts(&a->pager, mark_slot(t->line[i].mark), sign[t->line[i].mark]);
		pager_wrap(&a->pager, mark_slot(t->line[i].mark), 3, width - 3, str_from(t->line[i].text));
	}
	if (t->sql && t->sql[0]) {
		pager_puts(&a->pager, SLOT_DIALOG_TITLE, "   This is sent:");
		pager_end(&a->pager);
		pager_wrap(&a->pager, SLOT_DIALOG, 3, width - 3, str_from(t->sql));
	}
}

static void build_quit(struct ui_ask *a, const struct ui_host *h, int width)
{
	for (int i = 0; i < h->task_count; i++) {
		const struct task *t = h->tasks[i];

		if (t->state != TASK_RUNNING && t->state != TASK_CHECKING)
			continue;
		pager_wrap(&a->pager, SLOT_DIALOG, 3, width - 3, str_from(t->title));
	}
	pager_wrap(&a->pager, SLOT_DIALOG, 0, width,
		   STR("l leaves them running where the server goes on by itself: their outcome will not be seen, and "
		       "nobody "
		       "records it. c cancels them, waits for their end, and prints what is left to clean up."));
}

static void build(struct ui *u, const struct ui_host *h, const struct task *t, int width)
{
	struct ui_ask *a = &u->ask;

	if (t && a->width == width && a->line_count == t->line_count && a->pager.line_count > 0)
		return;
	a->width = width;
	a->line_count = t ? t->line_count : 0;
	pager_clear(&a->pager);
	if (t)
		build_task(a, t, width);
	else
		build_quit(a, h, width);
}

struct box {
	int x, y, width, height;
};

static void draw_edge(struct canvas *c, const struct box *b, int y, const char *left, const char *right, unsigned slot)
{
	canvas_fill(c, b->x, y, b->width, slot, 0, 0x2500);
	canvas_puts(c, b->x, y, 1, slot, 0, left);
	canvas_puts(c, b->x + b->width - 1, y, 1, slot, 0, right);
}

static void draw_frame(struct canvas *c, const struct box *b, const char *title, unsigned slot)
{
	for (int y = b->y; y < b->y + b->height; y++)
		canvas_fill(c, b->x, y, b->width, SLOT_DIALOG, 0, ' ');
	draw_edge(c, b, b->y, "┌", "┐", slot);
	for (int y = b->y + 1; y < b->y + b->height - 1; y++) {
		canvas_puts(c, b->x, y, 1, slot, 0, "│");
		canvas_puts(c, b->x + b->width - 1, y, 1, slot, 0, "│");
	}
	draw_edge(c, b, b->y + b->height - 1, "└", "┘", slot);
	canvas_puts(c, b->x + 1, b->y, 1, slot, 0, " ");
	int used = cells_draw_cut(c, b->x + 2, b->y, b->width - 4, slot, str_from(title));
	canvas_puts(c, b->x + 2 + used, b->y, b->x + b->width - 1 - (b->x + 2 + used), slot, 0, " ");
}

/* The line that says how to answer, and what was wrong with the last try. */
static void draw_foot(struct ui *u, const struct ui_host *h, struct canvas *c, const struct box *b,
		      const struct task *t)
{
	struct ui_ask *a = &u->ask;
	int x = b->x + 2, y = b->y + b->height - 2, room = b->width - 4;
	char text[160];

	if (a->kind == ASK_QUIT) {
		cells_draw_cut(
			c, x, y, room, SLOT_PROMPT,
			str_from(a->error[0] ? a->error : "l leave running   c cancel and quit   n stay (default)"));
		return;
	}
	int left = (int)((left_ns(a, t, h) + CLOCK_SECOND_NS - 1) / CLOCK_SECOND_NS);
	if (a->error[0]) {
		cells_draw_cut(c, x, y, room, SLOT_ERROR, str_from(a->error));
	} else if (t->question.weight == TASK_WEIGHT_YES) {
		snprintf(text, sizeof(text), "y yes   n no (default, in %d s)", left);
		cells_draw_cut(c, x, y, room, SLOT_PROMPT, str_from(text));
	}
	if (t->question.weight != TASK_WEIGHT_WORD)
		return;
	/* the typed word stands one row above the edge, whatever else is said */
	int used = 0;
	if (!a->error[0]) {
		char ask[260];

		snprintf(ask, sizeof(ask), "type %s and Enter (no in %d s): ", t->question.word, left);
		if (utf8_text_width(ask, strlen(ask)) > room * 2 / 3)
			snprintf(ask, sizeof(ask), "type %s: ", t->question.word);
		used = cells_draw_cut(c, x, y, room * 3 / 4, SLOT_PROMPT, str_from(ask));
	} else {
		used = utf8_text_width(a->error, strlen(a->error)) + 1;
	}
	if (used < room) {
		int typed = cells_draw_cut(c, x + used, y, room - used, SLOT_DIALOG, str_from(a->typed));

		c->cursor_x = x + used + typed;
		c->cursor_y = y;
	}
}

static void draw_more(struct canvas *c, const struct box *b, const struct pager *p, unsigned slot)
{
	char text[48];
	int below = p->line_count - p->top - p->height;

	if (p->top == 0 && below <= 0)
		return;
	if (below > 0)
		snprintf(text, sizeof(text), " %d more lines: PgDn ", below);
	else
		snprintf(text, sizeof(text), " PgUp ");
	canvas_puts(c, b->x + 2, b->y + b->height - 1, b->width - 4, slot, 0, text);
}

void ask_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	struct ui_ask *a = &u->ask;
	const struct task *t = a->kind == ASK_TASK ? ask_task(h, a->id) : NULL;
	struct box b = {.width = c->width - 4 < ASK_WIDTH_MAX ? c->width - 4 : ASK_WIDTH_MAX};
	unsigned slot = t && t->question.danger ? SLOT_ERROR : SLOT_DIALOG_TITLE;
	int top = end - y >= 8 ? y : 0; /* a very low screen gives all it has */

	if (a->kind == ASK_NONE || (a->kind == ASK_TASK && !t))
		return;
	if (c->width < 60)
		b.width = c->width;
	u->hit_count = 0; /* a click confirms nothing, and chooses nothing behind it */
	build(u, h, t, b.width - 4);
	b.height = a->pager.line_count + ASK_BOTTOM + 1;
	if (b.height > end - top)
		b.height = end - top;
	b.x = (c->width - b.width) / 2;
	b.y = top + (end - top - b.height) / 2;
	draw_frame(c, &b, t ? t->question.title : "Something is still running", slot);
	pager_draw(&a->pager, c, b.x + 2, b.y + 1, b.width - 4, b.y + b.height - ASK_BOTTOM);
	draw_more(c, &b, &a->pager, slot);
	draw_foot(u, h, c, &b, t);
	canvas_flag_box(c, b.x, b.y, b.width, b.height, CANVAS_RAISED);
	if (a->opened_ns == 0) {
		a->opened_ns = h->now.mono_ns > 0 ? h->now.mono_ns : 1;
		a->quiet_ns = a->opened_ns + ASK_QUIET_NS;
	}
}
