/* SPDX-License-Identifier: PostgreSQL */
#include "model/task.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"

/* One clean line in out, cut at a character. */
static void clean_line(char *out, size_t room, const char *raw)
{
	struct buf text = BUF_INIT(4096);

	clean_text(&text, raw, strlen(raw), CLEAN_LINE);
	size_t len = text.len < room ? text.len : room - 1;
	while (len < text.len && len > 0 && ((unsigned char)buf_text(&text)[len] & 0xC0) == 0x80)
		len--;
	memcpy(out, buf_text(&text), len);
	out[len] = '\0';
	buf_release(&text);
}

static void changed(struct task *t)
{
	if (t->hooks.changed)
		t->hooks.changed(t->hooks.ctx, t);
}

void task_init(struct task *t, const struct task_ops *ops, const char *kind, const char *title)
{
	memset(t, 0, sizeof *t);
	t->ops = ops;
	t->progress = NAN;
	t->left_ms = NAN;
	snprintf(t->kind, sizeof t->kind, "%s", kind);
	clean_line(t->title, sizeof t->title, title);
}

void task_release(struct task *t)
{
	for (int i = 0; i < t->line_count; i++)
		free(t->line[i].text);
	t->line_count = 0;
	free(t->sql);
	t->sql = NULL;
}

/* Room for one more: what stood there when it asked stays, for it is what was agreed to. */
static void make_room(struct task *t)
{
	int oldest = t->asked_lines < TASK_LINES_MAX ? t->asked_lines : 0;

	if (t->line_count < TASK_LINES_MAX)
		return;
	free(t->line[oldest].text);
	memmove(&t->line[oldest], &t->line[oldest + 1], (size_t)(t->line_count - oldest - 1) * sizeof t->line[0]);
	t->line_count--;
}

void task_say(struct task *t, enum task_mark mark, const char *format, ...)
{
	char raw[TASK_LINE_MAX * 2], text[TASK_LINE_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	clean_line(text, sizeof text, raw);
	make_room(t);
	t->line[t->line_count++] = (struct task_line){mark, mem_strdup(text)};
	changed(t);
}

bool task_sql(struct task *t, const char *sql, size_t len)
{
	struct buf out = BUF_INIT(TASK_SQL_MAX);
	bool whole;

	clean_text(&out, sql, len, CLEAN_KEEP_LINES);
	whole = !out.failed;
	out.limit += 64;
	out.failed = false;
	if (!whole)
		buf_addf(&out, "\n-- cut here: it has %zu kB", len >> 10);
	free(t->sql);
	t->sql = buf_take(&out);
	buf_release(&out);
	return whole;
}

void task_ask(struct task *t, const struct task_question *question)
{
	t->question = *question;
	t->asked_lines = t->line_count;
	t->state = TASK_ASKING;
	changed(t);
}

void task_run(struct task *t, int64_t now_ns)
{
	t->state = TASK_RUNNING;
	t->began_ns = now_ns;
	changed(t);
}

void task_check(struct task *t)
{
	t->state = TASK_CHECKING;
	t->waits_for[0] = '\0';
	changed(t);
}

void task_done(struct task *t, enum task_outcome outcome, const struct err *why, int64_t now_ns)
{
	if (t->state == TASK_DONE)
		return;
	t->state = TASK_DONE;
	t->queued = false;
	t->outcome = outcome;
	t->ended_ns = now_ns;
	t->waits_for[0] = '\0';
	if (why)
		t->why = *why;
	changed(t);
}

void task_progress(struct task *t, double progress, double left_ms, const char *phase)
{
	t->progress = progress;
	t->left_ms = left_ms;
	clean_line(t->phase, sizeof t->phase, phase);
	changed(t);
}

void task_waits(struct task *t, const char *format, ...)
{
	char raw[480];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	clean_line(t->waits_for, sizeof t->waits_for, raw);
	changed(t);
}

void task_answer(struct task *t, bool yes)
{
	if (t->state == TASK_ASKING && t->ops->answer)
		t->ops->answer(t, yes);
}

void task_start(struct task *t)
{
	if (!t->queued || t->state == TASK_DONE)
		return;
	t->queued = false;
	t->phase[0] = '\0';
	t->ops->start(t);
	changed(t);
}

void task_cancel(struct task *t)
{
	if (t->state != TASK_DONE && t->ops->cancel)
		t->ops->cancel(t);
}

void task_free(struct task *t)
{
	if (t)
		t->ops->free(t);
}

const char *task_state_name(enum task_state state)
{
	static const char *const name[] = {"looking", "asking", "running", "checking", "done"};
	return name[state];
}

const char *task_outcome_name(enum task_outcome outcome)
{
	static const char *const name[] = {"open", "ok", "refused", "declined", "failed", "cancelled", "unknown"};
	return name[outcome];
}
