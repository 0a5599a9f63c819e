/* SPDX-License-Identifier: PostgreSQL */
/* Tasks: states in their order, lines that stay, texts that are clean, answers that are taken once. */
#include "model/task.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

struct fake {
	struct task task;
	int answers, cancels, changes, freed;
	bool yes;
};

static void on_answer(struct task *t, bool yes)
{
	struct fake *f = (struct fake *)t;

	f->answers++;
	f->yes = yes;
}

static void on_cancel(struct task *t)
{
	((struct fake *)t)->cancels++;
}

static void on_free(struct task *t)
{
	((struct fake *)t)->freed++;
	task_release(t);
}

static void on_changed(void *ctx, struct task *t)
{
	struct fake *f = ctx;

	ck_assert_ptr_eq(&f->task, t);
	f->changes++;
}

static const struct task_ops ops = {on_answer, on_cancel, on_free};

static void make(struct fake *f, const char *title)
{
	memset(f, 0, sizeof(*f));
	task_init(&f->task, &ops, "cancel", title);
	f->task.hooks = (struct task_hooks){on_changed, f};
}

START_TEST(goes_through_its_states)
{
	struct fake f;
	struct task_question q = {.title = "Do it?", .weight = TASK_WEIGHT_YES, .expires_ms = 30000};
	struct err why;

	make(&f, "Cancel 4711");
	ck_assert_int_eq(f.task.state, TASK_LOOKING);
	ck_assert_int_eq(f.task.outcome, TASK_OPEN);
	ck_assert(isnan(f.task.progress) && isnan(f.task.left_ms));
	task_answer(&f.task, true); /* it does not ask */
	ck_assert_int_eq(f.answers, 0);
	task_say(&f.task, TASK_WARN, "finding %d", 1);
	task_ask(&f.task, &q);
	ck_assert_int_eq(f.task.asked_lines, 1);
	task_answer(&f.task, true);
	ck_assert(f.answers == 1 && f.yes);
	task_run(&f.task, 100);
	task_answer(&f.task, false); /* too late */
	ck_assert_int_eq(f.answers, 1);
	task_progress(&f.task, 0.5, 1000, "half\x1b[2J of it");
	ck_assert_ptr_null(strchr(f.task.phase, '\x1b'));
	task_waits(&f.task, "backend %d", 12);
	ck_assert_str_eq(f.task.waits_for, "backend 12");
	task_check(&f.task);
	ck_assert_str_eq(f.task.waits_for, "");
	err_set(&why, ERR_TIMEOUT, "late");
	task_done(&f.task, TASK_FAILED, &why, 250);
	ck_assert_int_eq(f.task.began_ns, 100);
	ck_assert_int_eq(f.task.ended_ns, 250);
	ck_assert_str_eq(f.task.why.text, "late");
	/* the end comes once */
	int changes = f.changes;
	task_done(&f.task, TASK_OK, NULL, 300);
	ck_assert_int_eq(f.task.outcome, TASK_FAILED);
	ck_assert_int_eq(f.changes, changes);
	task_cancel(&f.task);
	ck_assert_int_eq(f.cancels, 0);
	task_free(&f.task);
	ck_assert_int_eq(f.freed, 1);
	task_free(NULL);
}
END_TEST

START_TEST(what_was_agreed_to_stays)
{
	struct fake f;
	struct task_question q = {.title = "?"};

	make(&f, "Vacuum");
	for (int i = 0; i < 10; i++)
		task_say(&f.task, TASK_PLAIN, "before %d", i);
	task_ask(&f.task, &q);
	for (int i = 0; i < 3 * TASK_LINES_MAX; i++)
		task_say(&f.task, TASK_PLAIN, "while %d", i);
	ck_assert_int_eq(f.task.line_count, TASK_LINES_MAX);
	ck_assert_str_eq(f.task.line[0].text, "before 0");
	ck_assert_str_eq(f.task.line[9].text, "before 9");
	char last[32];
	snprintf(last, sizeof(last), "while %d", 3 * TASK_LINES_MAX - 1);
	ck_assert_str_eq(f.task.line[TASK_LINES_MAX - 1].text, last);
	task_free(&f.task);
	/* more findings than lines: the newest stand */
	make(&f, "Vacuum");
	for (int i = 0; i < TASK_LINES_MAX + 5; i++)
		task_say(&f.task, TASK_PLAIN, "before %d", i);
	ck_assert_str_eq(f.task.line[0].text, "before 5");
	task_ask(&f.task, &q);
	task_say(&f.task, TASK_PLAIN, "one more");
	ck_assert_str_eq(f.task.line[TASK_LINES_MAX - 1].text, "one more");
	task_free(&f.task);
}
END_TEST

START_TEST(texts_are_clean_and_bounded)
{
	struct fake f;
	char longer[4 * TASK_LINE_MAX];

	make(&f, "a\x1b]0;owned\x07\nb \xe2\x80\xae" "c");
	ck_assert_ptr_null(strpbrk(f.task.title, "\x1b\x07\n"));
	ck_assert_ptr_null(strstr(f.task.title, "\xe2\x80\xae"));
	task_say(&f.task, TASK_BAD, "%s", "one\ntwo\x1b[31m\xff");
	ck_assert_ptr_null(strpbrk(f.task.line[0].text, "\x1b\n\xff"));
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	task_say(&f.task, TASK_PLAIN, "%s", longer);
	ck_assert(strlen(f.task.line[1].text) < TASK_LINE_MAX);
	/* cut at a character, never within one */
	for (size_t i = 0; i + 2 < sizeof(longer); i += 2)
		memcpy(longer + i, "\xc3\xa9", 2);
	task_say(&f.task, TASK_PLAIN, "%s", longer);
	size_t len = strlen(f.task.line[2].text);
	ck_assert_uint_eq(len % 2, 0);
	/* SQL keeps its lines */
	task_sql(&f.task, "SELECT 1;\n\tSELECT '\x1b'", 22);
	ck_assert_ptr_nonnull(strchr(f.task.sql, '\n'));
	ck_assert_ptr_null(strchr(f.task.sql, '\x1b'));
	task_sql(&f.task, "", 0);
	ck_assert_str_eq(f.task.sql, "");
	task_free(&f.task);
}
END_TEST

START_TEST(names_for_people)
{
	ck_assert_str_eq(task_state_name(TASK_LOOKING), "looking");
	ck_assert_str_eq(task_state_name(TASK_DONE), "done");
	ck_assert_str_eq(task_outcome_name(TASK_OK), "ok");
	ck_assert_str_eq(task_outcome_name(TASK_UNKNOWN), "unknown");
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		goes_through_its_states,
		what_was_agreed_to_stays,
		texts_are_clean_and_bounded,
		names_for_people,
	};

	return unit_run("task", cases, ARRAY_LEN(cases));
}
