/* SPDX-License-Identifier: PostgreSQL */
/* What is being done and was done: the list of jobs with the last lines of the audit trail, and all of one job. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/map.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "ui/state.h"

enum { BAR_WIDTH = 12, STATE_WIDTH = 10, AGE_WIDTH = 7, AUDIT_ROWS_MAX = 8 };

int jobs_running(const struct ui_host *h)
{
	int count = 0;

	for (int i = 0; i < h->task_count; i++)
		count += h->tasks[i]->state == TASK_RUNNING || h->tasks[i]->state == TASK_CHECKING;
	return count;
}

static void elapsed_text(const struct task *t, const struct ui_host *h, char out[UNIT_TEXT_MAX])
{
	int64_t end = t->state == TASK_DONE ? t->ended_ns : h->now.mono_ns;

	if (t->began_ns == 0)
		snprintf(out, UNIT_TEXT_MAX, "-");
	else
		unit_format(out, UNIT_AGE, (double)(end - t->began_ns) / 1e6, 0);
}

const struct task *jobs_awaited(const struct ui_host *h)
{
	for (int i = h->task_count - 1; i >= 0; i--)
		if (h->tasks[i]->awaited && h->tasks[i]->state == TASK_RUNNING && !h->replay)
			return h->tasks[i];
	return NULL;
}

bool jobs_write_awaited(const struct ui *u, const struct ui_host *h, struct buf *out)
{
	const struct task *t = jobs_awaited(h);
	char elapsed[UNIT_TEXT_MAX];

	if (!t || t->id == u->cancelled)
		return false;
	elapsed_text(t, h, elapsed);
	buf_addf(out, "running %s, Esc cancels: %s", elapsed, t->title);
	return true;
}

const struct task *jobs_stoppable(struct ui *u, const struct ui_host *h)
{
	const struct ui_table *t = screens_table(u);

	if (h->replay || u->window != WINDOW_NONE || u->search[0] || (t && (t->view.tagged.count > 0 || t->view.filter_text)))
		return NULL;
	for (int i = h->task_count - 1; i >= 0; i--)
		if (h->tasks[i]->stoppable && h->tasks[i]->state == TASK_RUNNING && h->tasks[i]->id != u->cancelled)
			return h->tasks[i];
	return NULL;
}

bool jobs_write_stoppable(struct ui *u, const struct ui_host *h, struct buf *out)
{
	const struct task *t = jobs_stoppable(u, h);
	char elapsed[UNIT_TEXT_MAX];

	if (!t)
		return false;
	elapsed_text(t, h, elapsed);
	buf_addf(out, "running %s, Esc cancels: %s", elapsed, t->title);
	if (isfinite(t->progress))
		buf_addf(out, "  %.0f%%", t->progress * 100);
	if (t->phase[0])
		buf_addf(out, "  %s", t->phase);
	return true;
}

int jobs_items(const struct ui_host *h)
{
	return h->task_count;
}

/* The newest stands first. */
static const struct task *item(const struct ui_host *h, int at)
{
	return at >= 0 && at < h->task_count ? h->tasks[h->task_count - 1 - at] : NULL;
}

static const char *state_name(const struct task *t)
{
	return t->queued ? "queued" : t->state == TASK_DONE ? task_outcome_name(t->outcome) : task_state_name(t->state);
}

static unsigned state_slot(const struct task *t)
{
	if (t->state != TASK_DONE)
		return t->state == TASK_ASKING ? SLOT_WARN : SLOT_TEXT;
	switch (t->outcome) {
	case TASK_OK:
		return SLOT_OK;
	case TASK_FAILED:
	case TASK_UNKNOWN:
		return SLOT_CRIT;
	case TASK_REFUSED:
	case TASK_CANCELLED:
		return SLOT_WARN;
	default:
		return SLOT_DIM;
	}
}

/* "[######....]", or blanks where nothing is known. */
static void draw_bar(struct canvas *c, int x, int y, const struct task *t)
{
	int full = isnan(t->progress) ? 0 : (int)(t->progress * BAR_WIDTH);

	if (isnan(t->progress) || t->state != TASK_RUNNING)
		return;
	full = full < 0 ? 0 : full > BAR_WIDTH ? BAR_WIDTH : full;
	canvas_fill(c, x, y, full, SLOT_CHART_1, 0, c->ascii ? '#' : 0x2588);
	canvas_fill(c, x + full, y, BAR_WIDTH - full, SLOT_DIM, 0, '.');
}

/* What there is to say of it beside its name: how it ended, what it waits for, where it is. */
static void write_news(const struct task *t, struct buf *out)
{
	char left[UNIT_TEXT_MAX];

	if (t->state == TASK_DONE && t->outcome != TASK_OK && t->why.text[0])
		buf_adds(out, t->why.text);
	else if (t->state == TASK_DONE && t->line_count > t->asked_lines)
		buf_adds(out, t->line[t->line_count - 1].text);
	else if (t->waits_for[0])
		buf_addf(out, "waits for %s", t->waits_for);
	else if (t->state != TASK_DONE)
		buf_adds(out, t->phase);
	if (t->state == TASK_RUNNING && !isnan(t->left_ms)) {
		unit_format(left, UNIT_AGE, t->left_ms, 0);
		buf_addf(out, "%sabout %s left", out->len ? "; " : "", left);
	}
}

/* A narrow screen gives their place to the names when nothing runs. */
static bool has_bars(const struct ui_host *h, const struct canvas *c)
{
	return c->width >= 100 || (c->width >= 80 && jobs_running(h) > 0);
}

static void draw_item(struct ui *u, const struct ui_host *h, struct canvas *c, int y, const struct task *t)
{
	char elapsed[UNIT_TEXT_MAX];
	struct buf news = BUF_INIT(4096);
	int x = 1, title;

	(void)u;
	cells_draw_cut(c, x, y, STATE_WIDTH, state_slot(t), str_from(state_name(t)));
	x += STATE_WIDTH + 1;
	elapsed_text(t, h, elapsed);
	canvas_puts(c, x + AGE_WIDTH - (int)strlen(elapsed), y, AGE_WIDTH, SLOT_TEXT, 0, elapsed);
	x += AGE_WIDTH + 1;
	if (has_bars(h, c)) {
		draw_bar(c, x, y, t);
		x += BAR_WIDTH + 1;
	}
	title = (c->width - x) / 2;
	cells_draw_cut(c, x, y, title, SLOT_TEXT, str_from(t->title));
	x += title + 1;
	write_news(t, &news);
	if (x < c->width)
		cells_draw_cut(c, x, y, c->width - x, t->waits_for[0] ? SLOT_WARN : SLOT_DIM, buf_str(&news));
	buf_release(&news);
}

static void draw_title(struct canvas *c, int y, const char *title)
{
	canvas_fill(c, 0, y, c->width, SLOT_DIALOG_TITLE, 0, ' ');
	cells_draw_cut(c, 1, y, c->width - 1, SLOT_DIALOG_TITLE, str_from(title));
}

static void draw_head(const struct ui_host *h, struct canvas *c, int y)
{
	int x = 1;

	canvas_fill(c, 0, y, c->width, SLOT_HEAD, 0, ' ');
	canvas_puts(c, x, y, STATE_WIDTH, SLOT_HEAD, 0, "STATE");
	x += STATE_WIDTH + 1;
	canvas_puts(c, x + AGE_WIDTH - 4, y, 4, SLOT_HEAD, 0, "TOOK");
	x += AGE_WIDTH + 1;
	if (has_bars(h, c)) {
		canvas_puts(c, x, y, BAR_WIDTH, SLOT_HEAD, 0, "PROGRESS");
		x += BAR_WIDTH + 1;
	}
	canvas_puts(c, x, y, c->width - x, SLOT_HEAD, 0, "JOB");
	x += (c->width - x) / 2 + 1;
	canvas_puts(c, x, y, c->width - x, SLOT_HEAD, 0, "NOW");
}

static int draw_audit(const struct ui_host *h, struct canvas *c, int y, int end)
{
	int rows = h->audit_count < AUDIT_ROWS_MAX ? h->audit_count : AUDIT_ROWS_MAX;

	if (rows > (end - y) / 3)
		rows = (end - y) / 3;
	if (rows < 1)
		return end;
	draw_title(c, end - rows - 1, "Audit trail: the last lines");
	for (int i = 0; i < rows; i++)
		cells_draw_cut(c, 1, end - rows + i, c->width - 1, SLOT_DIM,
			       str_from(h->audit[h->audit_count - rows + i]));
	return end - rows - 1;
}

void jobs_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	char title[64];
	int first;

	snprintf(title, sizeof(title), "Jobs: %d running, %d in all", jobs_running(h), h->task_count);
	draw_title(c, y, title);
	end = draw_audit(h, c, y + 2, end);
	if (h->task_count == 0) {
		canvas_puts(c, 1, y + 2, c->width - 1, SLOT_DIM, 0,
			    "nothing was done yet: m shows what can be done to the row under the cursor");
		return;
	}
	draw_head(h, c, y + 1);
	first = setup_scroll(u, h, end - y - 2);
	for (int i = first; i < h->task_count && y + 2 + i - first < end; i++) {
		int row = y + 2 + i - first;

		draw_item(u, h, c, row, item(h, i));
		if (i == u->item)
			canvas_flag_row(c, row, CANVAS_CURSOR);
		ui_hit(u, 0, row, c->width, HIT_ITEM, i);
	}
}

/* --- all of one
 * ---------------------------------------------------------------------------------------------------------- */

static unsigned line_slot(enum task_mark mark)
{
	static const unsigned slot[] = {
		[TASK_PLAIN] = SLOT_TEXT, [TASK_GOOD] = SLOT_OK, [TASK_WARN] = SLOT_WARN, [TASK_BAD] = SLOT_CRIT};
	return slot[mark];
}

static void write_pair(struct pager *p, int width, const char *label, unsigned slot, const char *text)
{
	if (!text[0])
		return;
	pager_puts(p, SLOT_TEXT, " ");
	pager_pad(p, SLOT_LABEL, str_from(label), 12);
	pager_wrap(p, slot, 12, width - 12, str_from(text));
}

static void write_job(struct pager *p, const struct task *t, const struct ui_host *h, int width)
{
	char text[UNIT_TEXT_MAX], left[UNIT_TEXT_MAX];

	write_pair(p, width, "what", SLOT_TEXT, t->title);
	write_pair(p, width, "state", state_slot(t), state_name(t));
	if (t->why.text[0] && t->state == TASK_DONE)
		write_pair(p, width, "why", state_slot(t), t->why.text);
	elapsed_text(t, h, text);
	write_pair(p, width, "took", SLOT_TEXT, text);
	write_pair(p, width, "now", SLOT_TEXT, t->state == TASK_DONE ? "" : t->phase);
	write_pair(p, width, "waits for", SLOT_WARN, t->waits_for);
	if (t->state == TASK_RUNNING && !isnan(t->progress)) {
		snprintf(text, sizeof(text), "%.0f %%", 100 * t->progress);
		write_pair(p, width, "progress", SLOT_TEXT, text);
	}
	if (t->state == TASK_RUNNING && !isnan(t->left_ms)) {
		unit_format(left, UNIT_AGE, t->left_ms, 0);
		write_pair(p, width, "left", SLOT_TEXT, left);
	}
	if (t->line_count > 0)
		pager_end(p);
	for (int i = 0; i < t->line_count; i++) {
		pager_puts(p, line_slot(t->line[i].mark),
			   t->line[i].mark == TASK_BAD    ? "!! "
			   : t->line[i].mark == TASK_WARN ? " ! "
							  : "   ");
		pager_wrap(p, line_slot(t->line[i].mark), 3, width - 3, str_from(t->line[i].text));
	}
	if (t->sql && t->sql[0]) {
		pager_end(p);
		pager_puts(p, SLOT_DIALOG_TITLE,
			   t->outcome == TASK_DECLINED || t->outcome == TASK_REFUSED || t->state <= TASK_ASKING
				   ? "SQL, not sent"
				   : "SQL");
		pager_end(p);
		pager_wrap(p, SLOT_TEXT, 2, width - 2, str_from(t->sql));
	}
}

void job_draw(struct ui *u, const struct ui_host *h, struct canvas *c, int y, int end)
{
	const struct task *t = ask_task(h, u->job);

	draw_title(c, y, t ? "Job: all of it   c cancels it" : "Job: it is forgotten");
	if (t) {
		pager_clear(&u->job_pager);
		write_job(&u->job_pager, t, h, c->width - 2);
	}
	pager_draw(&u->job_pager, c, 1, y + 1, c->width - 1, end);
	for (int row = y + 1; row < end; row++)
		cells_highlight(c, 1, row, u->search);
}

/* --- keys
 * ------------------------------------------------------------------------------------------------------------------ */

unsigned act_jobs(struct ui *u, const struct ui_host *h, int key)
{
	(void)h;
	(void)key;
	u->window = WINDOW_JOBS;
	u->item = u->item_top = 0;
	return UI_REDRAW;
}

unsigned act_job(struct ui *u, const struct ui_host *h, int key)
{
	const struct task *t = item(h, u->item);

	(void)key;
	if (!t)
		return UI_REDRAW;
	u->job = t->id;
	u->job_pager.top = 0;
	pager_clear(&u->job_pager);
	u->window = WINDOW_JOB;
	return UI_REDRAW;
}

unsigned act_job_cancel(struct ui *u, const struct ui_host *h, int key)
{
	const struct task *t = u->window == WINDOW_JOB ? ask_task(h, u->job) : item(h, u->item);

	(void)key;
	if (!t || t->state == TASK_DONE) {
		ui_note(u, h, t ? "it has ended already" : "there is no job");
		return UI_REDRAW;
	}
	if (!t->ops || !t->ops->cancel) {
		ui_note(u, h, "that cannot be cancelled");
		return UI_REDRAW;
	}
	u->cancelled = t->id;
	ui_note(u, h, "asked to end: %s", t->title);
	return UI_CANCEL | UI_REDRAW;
}

/* --- notices
 * --------------------------------------------------------------------------------------------------------------- */

static void tell_end(struct ui *u, const struct ui_host *h, const struct task *t)
{
	const char *last = t->line_count > t->asked_lines ? t->line[t->line_count - 1].text : "";

	switch (t->outcome) {
	case TASK_OK:
		ui_note(u, h, "done: %s%s%s", t->title, last[0] ? ": " : "", last);
		break;
	case TASK_DECLINED:
		break; /* by the person, who knows; an expired question says so itself */
	case TASK_CANCELLED:
		ui_note(u, h, "cancelled: %s%s%s", t->title, t->why.text[0] ? ": " : "", t->why.text);
		break;
	case TASK_REFUSED: /* the reason, with what would help, must fit into the line */
		ui_error(u, h, "refused: %s", t->why.text[0] ? t->why.text : t->title);
		break;
	default:
		ui_error(u, h, "%s: %s: %s", task_outcome_name(t->outcome), t->title,
			 t->why.text[0] ? t->why.text : last);
	}
}

unsigned jobs_notice(struct ui *u, const struct ui_host *h)
{
	struct ui_seen *now;
	unsigned result = 0;

	if (h->task_count == 0 && u->seen_count == 0)
		return 0;
	now = mem_calloc((size_t)h->task_count + 1, sizeof(*now));
	for (int i = 0; i < h->task_count; i++) {
		const struct task *t = h->tasks[i];
		struct ui_seen was = {.id = t->id};

		for (int k = 0; k < u->seen_count; k++)
			was = u->seen[k].id == t->id ? u->seen[k] : was;
		if (t->state == TASK_DONE && was.state != TASK_DONE && u->window != WINDOW_JOBS &&
		    !(u->window == WINDOW_JOB && u->job == t->id)) {
			tell_end(u, h, t);
			result = UI_REDRAW;
		}
		was.state = t->state;
		now[i] = was;
	}
	free(u->seen);
	u->seen = now;
	u->seen_count = h->task_count;
	return result;
}

uint64_t jobs_hash(const struct ui_host *h, uint64_t hash)
{
	for (int i = 0; i < h->task_count; i++) {
		const struct task *t = h->tasks[i];

		hash = map_hash_int(hash, (int64_t)t->id);
		hash = map_hash_int(hash, t->state * 16 + (int)t->outcome);
		hash = map_hash_int(hash, t->line_count);
		hash = map_hash_int(hash, isnan(t->progress) ? -1 : (int64_t)(t->progress * 1000));
		hash = map_hash(hash, t->phase, strlen(t->phase));
		hash = map_hash(hash, t->waits_for, strlen(t->waits_for));
	}
	return map_hash_int(hash, h->audit_count);
}
