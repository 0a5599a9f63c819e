/* SPDX-License-Identifier: PostgreSQL */
/* Acting: the question over the screen and what it must not take for a yes, the menu, jobs, quitting while something runs. */
#include "stage.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/panel.h"
#include "unit.h"

/* --- a task without a doer: what is answered is written down ---------------------------------------------------------- */

static void set_answer(struct task *t, bool yes)
{
	(void)t;
	(void)yes;
}

static void set_cancel(struct task *t)
{
	(void)t;
}

static void set_free(struct task *t)
{
	task_release(t);
	free(t);
}

static const struct task_ops ops = {.answer = set_answer, .cancel = set_cancel, .free = set_free};
static struct task *tasks[8];
static const struct ui_choice choices[] = {
	{"cancel", "Cancel", "cancel what it runs", 1u << TARGET_SESSION, PANEL_PG, 5, NULL, NULL, NULL, NULL},
	{"terminate", "Terminate", "end the session", 1u << TARGET_SESSION, PANEL_PG, 5, NULL, NULL, NULL, NULL},
	{"explain", "Plan", "the plan, not executed", 1u << TARGET_SESSION | 1u << TARGET_STATEMENT, PANEL_PG, 1, NULL, NULL, NULL, NULL},
	{"label", "Give it a label", "something that needs a line", 1u << TARGET_SESSION, PANEL_PG, 1, "label", NULL, NULL, NULL},
	{"drop", "Drop it", "never now", 1u << TARGET_SESSION, PANEL_PG, 1, NULL, NULL, "not on a standby", NULL},
	{"checkpoint", "CHECKPOINT", "write everything out", 1u << TARGET_NONE, PANEL_PG, 1, NULL, NULL, NULL, NULL},
};

static struct task *add_task(struct stage *s, const char *kind, const char *title)
{
	struct task *t = calloc(1, sizeof(*t));

	task_init(t, &ops, kind, title);
	t->id = (uint64_t)s->host.task_count + 1;
	tasks[s->host.task_count++] = t;
	s->host.tasks = (const struct task *const *)tasks;
	return t;
}

static void ask(struct task *t, enum task_weight weight, const char *title, const char *word)
{
	struct task_question q = {.weight = weight, .expires_ms = 30000, .danger = weight == TASK_WEIGHT_WORD};

	snprintf(q.title, sizeof(q.title), "%s", title);
	snprintf(q.word, sizeof(q.word), "%s", word);
	task_sql(t, "SELECT pg_cancel_backend(4711)", 30);
	task_ask(t, &q);
}

static struct stage *on(int width, int height, const char *keys)
{
	struct stage *s = stage_new(width, height);

	s->host.choices = choices;
	s->host.choice_count = (int)ARRAY_LEN(choices);
	s->host.task_count = 0;
	ui_draw(s->ui, &s->host, &s->canvas);
	stage_keys(s, keys);
	ui_draw(s->ui, &s->host, &s->canvas);
	return s;
}

static void done(struct stage *s)
{
	for (int i = 0; i < s->host.task_count; i++)
		task_free(tasks[i]);
	s->host.task_count = 0;
	stage_free(s);
}

static unsigned tick(struct stage *s)
{
	unsigned result = ui_tick(s->ui, &s->host);

	ui_draw(s->ui, &s->host, &s->canvas);
	return result;
}

/* One key, its turn's end, and what came of both. */
static unsigned press(struct stage *s, const char *key)
{
	unsigned result = stage_keys(s, key);

	result |= tick(s);
	stage_pass(s, 0.01);
	return result;
}

static void has(struct stage *s, const char *text)
{
	ck_assert_msg(stage_find(s, text) >= 0, "'%s' is not on the screen:\n%.3000s", text, stage_text(s));
}

static void has_not(struct stage *s, const char *text)
{
	ck_assert_msg(stage_find(s, text) < 0, "'%s' is on the screen:\n%.3000s", text, stage_text(s));
}

/* A question that is open and may be answered. */
static struct stage *asked(enum task_weight weight)
{
	struct stage *s = on(100, 24, "1");
	struct task *t = add_task(s, "cancel", "Cancel 4711");

	task_say(t, TASK_PLAIN, "backend 4711, bridge, since 12:03:58");
	task_say(t, TASK_WARN, "it holds locks that 2 others wait for");
	ask(t, weight, weight == TASK_WEIGHT_YES ? "Cancel the query of backend 4711?" : "End the session 4711?", "4711");
	tick(s);
	has(s, "backend 4711, bridge");
	return s;
}

START_TEST(yes_is_a_key_of_its_own)
{
	struct stage *s = asked(TASK_WEIGHT_YES);

	has(s, "Cancel the query of backend 4711?");
	has(s, "SELECT pg_cancel_backend(4711)");
	has(s, "! it holds locks");
	stage_pass(s, 0.31);
	ck_assert(press(s, "y") & UI_ANSWER);
	ck_assert_uint_eq(ui_answer(s->ui).id, 1);
	ck_assert(ui_answer(s->ui).yes);
	has_not(s, "Cancel the query of backend 4711?");
	/* it has its answer: the question does not come again while the doer looks once more */
	tick(s);
	has_not(s, "Cancel the query of backend 4711?");
	/* a second question of the same task is another one */
	ask(tasks[0], TASK_WEIGHT_YES, "Really?", "");
	tick(s);
	has(s, "Really?");
	done(s);
}
END_TEST

START_TEST(no_key_counts_too_early)
{
	struct stage *s = asked(TASK_WEIGHT_YES);

	stage_pass(s, 0.25);
	ck_assert(!(press(s, "y") & UI_ANSWER));
	stage_pass(s, 0.2); /* 0.45 s after the opening, 0.2 after a key that came too early */
	ck_assert(!(press(s, "y") & UI_ANSWER));
	has(s, "Cancel the query");
	stage_pass(s, 0.31);
	ck_assert(press(s, "y") & UI_ANSWER);
	done(s);
}
END_TEST

START_TEST(a_question_that_nobody_saw_takes_no_key)
{
	struct stage *s = on(100, 24, "1");

	ask(add_task(s, "cancel", "Cancel 4711"), TASK_WEIGHT_YES, "Cancel?", "");
	ui_tick(s->ui, &s->host); /* open, and not drawn */
	stage_pass(s, 10);
	ck_assert(!(stage_keys(s, "y") & UI_ANSWER));
	ck_assert(!(ui_tick(s->ui, &s->host) & UI_ANSWER));
	done(s);
}
END_TEST

START_TEST(pasted_text_and_clicks_confirm_nothing)
{
	struct stage *s = asked(TASK_WEIGHT_YES);
	int y;

	stage_pass(s, 1);
	ck_assert(!((stage_paste(s, "y") | tick(s)) & UI_ANSWER));
	has(s, "pasted text answers no question");
	y = stage_find(s, "y yes");
	for (int x = 0; x < 100; x++)
		ck_assert(!((stage_click(s, x, y) | tick(s)) & (UI_ANSWER | UI_QUIT)));
	/* a terminal that does not mark pastes: the keys come at one moment */
	ck_assert(!((stage_keys(s, "y e s") | tick(s)) & UI_ANSWER));
	has(s, "as pasted text does");
	ck_assert(!(press(s, "y") & UI_ANSWER)); /* and nothing counts for 300 ms after that */
	stage_pass(s, 0.31);
	ck_assert(!((stage_keys(s, "x y") | tick(s)) & UI_ANSWER));
	stage_pass(s, 0.31);
	ck_assert(press(s, "y") & UI_ANSWER);
	done(s);
}
END_TEST

START_TEST(no_is_the_default)
{
	static const char *const no[] = {"n", "Enter", "q", "Esc", "^C"};

	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		struct stage *s = asked(TASK_WEIGHT_YES);

		stage_pass(s, 1);
		ck_assert_msg(press(s, no[i]) & UI_ANSWER, "%s", no[i]);
		ck_assert(!ui_answer(s->ui).yes);
		has(s, "nothing was done");
		done(s);
	}
}
END_TEST

START_TEST(it_expires)
{
	struct stage *s = asked(TASK_WEIGHT_YES);

	stage_pass(s, 29.5);
	ck_assert(!(tick(s) & UI_ANSWER));
	has(s, "in 1 s");
	stage_pass(s, 0.6);
	ck_assert(tick(s) & UI_ANSWER);
	ck_assert(!ui_answer(s->ui).yes);
	has(s, "expired without an answer");
	done(s);
}
END_TEST

START_TEST(a_word_must_be_typed)
{
	struct stage *s = asked(TASK_WEIGHT_WORD);

	has(s, "type 4711 and Enter");
	stage_pass(s, 1);
	ck_assert(!(press(s, "y") & UI_ANSWER));
	ck_assert(!(press(s, "Enter") & UI_ANSWER));
	has(s, "that is not what was asked for");
	press(s, "BS");
	for (const char *k = "4711"; *k; k++)
		ck_assert(!(press(s, (char[]){*k, '\0'}) & UI_ANSWER));
	has(s, "): 4711");
	ck_assert(press(s, "Enter") & UI_ANSWER);
	ck_assert(ui_answer(s->ui).yes);
	done(s);
	/* in one piece with its Enter: pasted. The person's own Enter then counts */
	s = asked(TASK_WEIGHT_WORD);
	stage_pass(s, 1);
	ck_assert(!((stage_keys(s, "4 7 1 1 Enter") | tick(s)) & UI_ANSWER));
	stage_pass(s, 0.4);
	ck_assert(press(s, "Enter") & UI_ANSWER);
	ck_assert(ui_answer(s->ui).yes);
	done(s);
	/* nothing typed: no */
	s = asked(TASK_WEIGHT_WORD);
	stage_pass(s, 1);
	ck_assert(press(s, "Enter") & UI_ANSWER);
	ck_assert(!ui_answer(s->ui).yes);
	done(s);
}
END_TEST

START_TEST(the_screen_goes_on_behind_it)
{
	struct stage *s = asked(TASK_WEIGHT_YES);

	stage_pass(s, 1);
	stage_push(s, "activity", 0, "9911|-|active|fresh|1|1|-|0|SELECT 42");
	ck_assert(tick(s) & UI_REDRAW);
	has(s, "9911");
	has(s, "Cancel the query");
	/* the doer takes its question back */
	task_done(tasks[0], TASK_REFUSED, NULL, 1);
	tick(s);
	has_not(s, "Cancel the query");
	done(s);
}
END_TEST

START_TEST(not_over_a_line_that_is_typed)
{
	struct stage *s = on(100, 24, "1 /");

	ask(add_task(s, "cancel", "Cancel 4711"), TASK_WEIGHT_YES, "Cancel the query?", "");
	tick(s);
	has_not(s, "Cancel the query?");
	stage_type(s, "yy");
	press(s, "Esc");
	has(s, "Cancel the query?");
	done(s);
}
END_TEST

START_TEST(long_ones_scroll_at_every_size)
{
	static const int size[][2] = {{24, 6}, {40, 10}, {80, 24}, {120, 40}, {500, 200}};

	for (size_t i = 0; i < ARRAY_LEN(size); i++) {
		struct stage *s = on(size[i][0], size[i][1], "1");
		struct task *t = add_task(s, "cancel", "Cancel 4711");

		s->canvas.ascii = i % 2;
		for (int k = 0; k < TASK_LINES_MAX; k++)
			task_say(t, TASK_PLAIN, "finding %d of many, with some words to fill a line of it", k);
		ask(t, TASK_WEIGHT_WORD, "End it?", "public.\"a table\"");
		tick(s);
		has(s, "type");
		stage_pass(s, 1);
		if (size[i][1] <= 40)
			for (int k = 0; k < 400; k++)
				press(s, "PgDn");
		if (size[i][0] >= 80 && size[i][1] <= 40)
			has(s, "pg_cancel_backend");
		ck_assert(press(s, "Esc") & UI_ANSWER);
		done(s);
	}
}
END_TEST

START_TEST(keys_and_menu_make_requests)
{
	struct stage *s = on(120, 30, "1");
	unsigned result = press(s, "C");
	struct ui_request r = ui_request(s->ui);

	ck_assert(result & UI_REQUEST);
	ck_assert_str_eq(r.action, "cancel");
	ck_assert_int_eq(r.panel, stage_panel(s, "activity"));
	ck_assert_int_eq(r.server, 0);
	ck_assert_int_eq(r.row_count, 1);
	/* tagged rows, up to five of them */
	stage_keys(s, "g Space Space");
	ck_assert(press(s, "K") & UI_REQUEST);
	ck_assert_int_eq(ui_request(s->ui).row_count, 2);
	ck_assert(ui_request(s->ui).row[0] != ui_request(s->ui).row[1]);
	ck_assert(!(press(s, "e") & UI_REQUEST));
	has(s, "2 rows are tagged, at most 1");
	stage_keys(s, "U g");
	/* the menu: what fits the row first */
	press(s, "m");
	has(s, "Do: session");
	has(s, "CHECKPOINT");
	has(s, "not on a standby");
	stage_keys(s, "Down Down Down Down");
	ck_assert(!(press(s, "Enter") & UI_REQUEST));
	has(s, "Drop it: not on a standby");
	stage_keys(s, "Up");
	ck_assert(!(press(s, "Enter") & UI_REQUEST));
	has(s, "label:");
	stage_type(s, "night run");
	ck_assert(press(s, "Enter") & UI_REQUEST);
	ck_assert_str_eq(ui_request(s->ui).action, "label");
	ck_assert_str_eq(ui_request(s->ui).text, "night run");
	done(s);
}
END_TEST

START_TEST(the_menu_keeps_its_row)
{
	struct stage *s = on(120, 30, "1");
	const struct feed *f = s->feed[stage_panel(s, "activity")][0];
	struct ui_request first, then;

	press(s, "C");
	first = ui_request(s->ui);
	uint64_t key = feed_key(f, first.row[0]);
	press(s, "m");
	stage_push(s, "activity", 0,
	           "9001|-|active|x|900000|1|-|0|SELECT 1\n9002|-|active|x|800000|1|-|0|SELECT 2\n"
	           "4712|-|active|bridge|75000|80000|Lock:tuple|0|UPDATE x\n4711|-|active|bridge|1|1|-|0|SELECT 3");
	tick(s);
	ck_assert(press(s, "Enter") & UI_REQUEST);
	then = ui_request(s->ui);
	ck_assert_uint_eq(feed_key(f, then.row[0]), key);
	press(s, "m");
	stage_push(s, "activity", 0, "9001|-|active|x|900000|1|-|0|SELECT 1");
	tick(s);
	ck_assert(!(press(s, "Enter") & UI_REQUEST) || feed_key(f, ui_request(s->ui).row[0]) != key);
	done(s);
}
END_TEST

START_TEST(what_cannot_be_done_says_why)
{
	struct stage *s = on(120, 30, "2");

	ck_assert(!(press(s, "C") & UI_REQUEST));
	has(s, "is for a session; there is none under the cursor");
	s->host.choice_count = 0;
	s->host.no_actions = "read-only";
	stage_keys(s, "1");
	for (const char *k = "CKeEmw"; *k; k++) {
		ck_assert(!(press(s, (char[]){*k, '\0'}) & UI_REQUEST));
		has(s, "read-only");
	}
	has_not(s, "C cancel");
	done(s);
}
END_TEST

START_TEST(jobs_show_and_tell_their_end)
{
	struct stage *s = on(120, 30, "2");
	struct task *t = add_task(s, "reindex_index", "REINDEX INDEX CONCURRENTLY public.bridge_idx on bridge@db1:5432");
	static const char *const audit[] = {"12:01:02 intent cancel backend 4711", "12:01:03 outcome cancel ok"};

	s->host.audit = audit;
	s->host.audit_count = 2;
	task_run(t, s->host.now.mono_ns);
	task_progress(t, 0.42, 61000, "building index: scanning table, 1200 of 5300 blocks");
	task_waits(t, "backend 4711 (bridge, 12 s): UPDATE bridge_transactions");
	tick(s);
	stage_pass(s, 3);
	press(s, "J");
	has(s, "1 running");
	has(s, "waits for backend 4711");
	has(s, "outcome cancel ok");
	stage_golden(s, "jobs-120x30");
	ck_assert(press(s, "c") & UI_CANCEL);
	ck_assert_uint_eq(ui_cancelled(s->ui), 1);
	press(s, "Enter");
	has(s, "Job: all of it");
	has(s, "42 %");
	stage_keys(s, "Esc Esc");
	tick(s);
	has_not(s, "Jobs:");
	task_say(t, TASK_GOOD, "52 MB before, 31 MB after");
	task_done(t, TASK_OK, NULL, s->host.now.mono_ns);
	ck_assert(tick(s) & UI_REDRAW);
	has(s, "done: REINDEX INDEX");
	done(s);
}
END_TEST

START_TEST(quitting_while_something_runs_asks)
{
	struct stage *s = on(100, 24, "2");
	struct task *t = add_task(s, "vacuum", "VACUUM public.things");

	task_run(t, s->host.now.mono_ns);
	tick(s);
	ck_assert(!(press(s, "q") & UI_QUIT));
	has(s, "Something is still running");
	has(s, "VACUUM public.things");
	stage_pass(s, 1);
	press(s, "n");
	has_not(s, "Something is still running");
	press(s, "q");
	stage_pass(s, 1);
	ck_assert(press(s, "l") & UI_QUIT);
	press(s, "q");
	stage_pass(s, 1);
	ck_assert(press(s, "c") & UI_CANCEL_ALL);
	task_done(t, TASK_CANCELLED, NULL, 1);
	tick(s);
	ck_assert(press(s, "q") & UI_QUIT);
	done(s);
}
END_TEST

START_TEST(the_root_of_a_tree)
{
	struct stage *s = on(100, 24, "3 G X");

	ck_assert(press(s, "C") & UI_REQUEST);
	struct ui_request r = ui_request(s->ui);
	const struct feed *f = s->feed[r.panel][0];
	struct cell pid = feed_field(f, r.row[0], 0);
	ck_assert_int_eq(pid.integer, 4711);
	done(s);
}
END_TEST

START_TEST(a_line_for_the_host)
{
	struct stage *s = on(100, 24, "2");

	ck_assert(ui_ask_line(s->ui, 7, "value of $1 (integer): ", "42"));
	ck_assert(!ui_ask_line(s->ui, 8, "another: ", ""));
	tick(s);
	has(s, "value of $1 (integer): 42");
	stage_type(s, "0");
	ck_assert(press(s, "Enter") & UI_INPUT);
	ck_assert_uint_eq(ui_input(s->ui).token, 7);
	ck_assert(ui_input(s->ui).given);
	ck_assert_str_eq(ui_input(s->ui).text, "420");
	ck_assert(ui_ask_line(s->ui, 9, "again: ", ""));
	ck_assert(press(s, "Esc") & UI_INPUT);
	ck_assert(!ui_input(s->ui).given);
	done(s);
}
END_TEST

static struct stage *shot(int width, int height, bool ascii)
{
	struct stage *s = on(width, height, "1");
	struct task *t = add_task(s, "terminate", "Terminate 4711 on bridge@db1:5432");

	s->canvas.ascii = ascii;
	task_say(t, TASK_PLAIN, "on bridge@db1:5432 as operator, PostgreSQL 15.18, primary");
	task_say(t, TASK_PLAIN, "backend 4711, bridge from 10.0.0.5, application bridge-api, connected since 12:01:07");
	task_say(t, TASK_PLAIN, "runs for 3 s: SELECT id, status FROM bridge_transactions WHERE created_at > $1");
	task_say(t, TASK_WARN, "a cancel was not tried before");
	task_say(t, TASK_BAD, "its transaction has written: it is rolled back");
	ask(t, TASK_WEIGHT_WORD, "End the session of backend 4711?", "4711");
	tick(s);
	stage_pass(s, 0.5);
	return s;
}

START_TEST(pictures)
{
	struct stage *s = shot(120, 40, false);

	stage_golden(s, "ask-120x40");
	done(s);
	s = shot(80, 24, true);
	stage_golden(s, "ask-ascii-80x24");
	done(s);
	s = shot(24, 6, false);
	stage_golden(s, "ask-24x6");
	done(s);
	s = on(80, 24, "1 m");
	stage_golden(s, "menu-80x24");
	done(s);
	s = on(120, 40, "1 m Down");
	stage_golden(s, "menu-120x40");
	done(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		yes_is_a_key_of_its_own,
		no_key_counts_too_early,
		a_question_that_nobody_saw_takes_no_key,
		pasted_text_and_clicks_confirm_nothing,
		no_is_the_default,
		it_expires,
		a_word_must_be_typed,
		the_screen_goes_on_behind_it,
		not_over_a_line_that_is_typed,
		long_ones_scroll_at_every_size,
		keys_and_menu_make_requests,
		the_menu_keeps_its_row,
		what_cannot_be_done_says_why,
		jobs_show_and_tell_their_end,
		quitting_while_something_runs_asks,
		the_root_of_a_tree,
		a_line_for_the_host,
		pictures,
	};

	return unit_run("ui_ask", cases, ARRAY_LEN(cases));
}
