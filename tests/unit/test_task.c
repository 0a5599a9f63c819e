/* SPDX-License-Identifier: PostgreSQL */
/* Tasks: states in their order, lines that stay, texts that are clean, answers that are taken once; and recorded ones. */
#include "model/task.h"
#include "model/task_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"

#include "unit.h"

struct fake {
	struct task task;
	int answers, cancels, changes, freed, starts;
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

static void on_start(struct task *t)
{
	((struct fake *)t)->starts++;
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

static const struct task_ops ops = {.answer = on_answer, .cancel = on_cancel, .free = on_free, .start = on_start};

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

START_TEST(waits_until_it_is_started)
{
	struct fake f;

	make(&f, "Plan");
	task_start(&f.task); /* it is not queued */
	ck_assert_int_eq(f.starts, 0);
	f.task.queued = true;
	task_progress(&f.task, NAN, NAN, "after: another");
	task_start(&f.task);
	task_start(&f.task);
	ck_assert(f.starts == 1 && !f.task.queued && f.task.phase[0] == '\0');
	f.task.queued = true;
	task_done(&f.task, TASK_CANCELLED, NULL, 1);
	task_start(&f.task);
	ck_assert(f.starts == 1 && !f.task.queued);
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

static struct json *as_json(const struct task *t)
{
	struct buf out = BUF_INIT(1 << 20);
	struct json_writer w;
	struct json *n = NULL;
	struct err why;

	json_begin(&w, &out, false);
	json_open_map(&w, NULL);
	task_put(t, t->sql, &w);
	json_close(&w);
	ck_assert_int_eq(json_parse(&n, buf_text(&out), out.len, 1 << 20, &why), 0);
	buf_release(&out);
	return n;
}

START_TEST(is_recorded_and_comes_back)
{
	const struct task_question q = {.title = "End 4711?", .weight = TASK_WEIGHT_WORD, .word = "4711", .expires_ms = 30000, .danger = true};
	struct fake f;
	struct task back = {.id = 7};
	struct err why = {0};
	struct json *n;

	make(&f, "End \u201e4711\"");
	task_say(&f.task, TASK_WARN, "a\tline \\");
	task_sql(&f.task, "SELECT 1;\nSELECT 2", 18);
	task_ask(&f.task, &q);
	n = as_json(&f.task);
	ck_assert_int_eq(task_take(&back, n, &why), 0);
	json_free(n);
	ck_assert_uint_eq(back.id, 7);
	ck_assert_str_eq(back.title, f.task.title);
	ck_assert_str_eq(back.sql, "SELECT 1;\nSELECT 2");
	ck_assert(back.state == TASK_ASKING && back.outcome == TASK_OPEN && back.asked_lines == 1 && back.line_count == 1);
	ck_assert_str_eq(back.line[0].text, f.task.line[0].text);
	ck_assert_int_eq(back.line[0].mark, TASK_WARN);
	ck_assert(back.question.weight == TASK_WEIGHT_WORD && back.question.danger && isnan(back.progress) && isnan(back.left_ms));
	ck_assert_str_eq(back.question.word, "4711");
	ck_assert_double_eq(back.question.expires_ms, 30000);
	task_answer(&back, true); /* it only shows itself */
	task_cancel(&back);
	ck_assert_int_eq(back.state, TASK_ASKING);
	task_run(&f.task, 5);
	task_progress(&f.task, 0.25, 1500, "halfway");
	task_waits(&f.task, "backend 1");
	n = as_json(&f.task);
	ck_assert_int_eq(task_take(&back, n, &why), 0); /* in place */
	json_free(n);
	ck_assert(back.id == 7 && back.state == TASK_RUNNING && back.began_ns == 5 && back.ended_ns == 0);
	ck_assert_double_eq(back.progress, 0.25);
	ck_assert_double_eq(back.left_ms, 1500);
	ck_assert_str_eq(back.phase, "halfway");
	ck_assert_str_eq(back.waits_for, "backend 1");
	err_set(&why, ERR_QUERY, "no such thing");
	task_done(&f.task, TASK_FAILED, &why, 9);
	n = as_json(&f.task);
	ck_assert_int_eq(task_take(&back, n, &why), 0);
	json_free(n);
	ck_assert(back.state == TASK_DONE && back.outcome == TASK_FAILED && back.ended_ns == 9 && back.why.code < 0);
	ck_assert_str_eq(back.why.text, "no such thing");
	task_release(&back);
	task_free(&f.task);
}
END_TEST

START_TEST(a_recorded_one_is_hostile)
{
	static const char text[] = "{\"title\":\"\\u001b[2J\\nx\",\"kind\":\"k\",\"state\":\"asking\",\"outcome\":\"open\",\"sql\":\"\\u202e\","
				   "\"question\":{\"title\":\"\\u0007?\",\"word\":\"\\u009b\",\"expires_ms\":-1},\"asked_lines\":9e9,"
				   "\"progress\":1e300,\"left_ms\":-4,\"began_ns\":-1,\"lines\":[{\"mark\":\"bad\",\"text\":\"\\u001b\"}]}";
	struct task t = {.id = 1};
	struct json *n;
	struct err why;

	ck_assert_int_eq(json_parse(&n, text, sizeof text - 1, 4096, &why), 0);
	ck_assert_int_eq(task_take(&t, n, &why), 0);
	ck_assert_ptr_null(strpbrk(t.title, "\x1b\n"));
	ck_assert_ptr_null(strchr(t.line[0].text, 0x1b));
	ck_assert_ptr_null(strstr(t.sql, "\u202e"));
	ck_assert_ptr_null(strchr(t.question.title, 7));
	ck_assert_ptr_null(strstr(t.question.word, "\xc2\x9b"));
	ck_assert(t.asked_lines == 1 && isnan(t.progress) && isnan(t.left_ms) && t.began_ns == 0 && t.question.expires_ms == 0);
	json_free(n);
	task_release(&t);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		goes_through_its_states,
		what_was_agreed_to_stays,
		texts_are_clean_and_bounded,
		waits_until_it_is_started,
		names_for_people,
		is_recorded_and_comes_back,
		a_recorded_one_is_hostile,
	};

	return unit_run("task", cases, ARRAY_LEN(cases));
}
