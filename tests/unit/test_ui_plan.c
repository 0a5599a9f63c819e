/* SPDX-License-Identifier: PostgreSQL */
/* The plan window: whole screens against golden files, its keys, and what must hold at every size. */
#include "stage.h"

#include <stdio.h>

#include "plans.h"
#include "unit.h"

struct text {
	char *json;
};

static struct text text_of(const char *name, int version)
{
	struct plans s;
	struct plans_entry e;
	struct text t = {NULL};

	plans_open(&s, version);
	while (!t.json && plans_next(&s, &e))
		if (strcmp(e.name, name) == 0)
			t.json = strdup(e.json);
	ck_assert_msg(t.json != NULL, "no plan %s", name);
	plans_close(&s);
	return t;
}

/* Shows one or two plans of version 15. */
static void show(struct stage *s, uint64_t id, const char *first, const char *second)
{
	struct text a = text_of(first, 15), b = text_of(second ? second : first, 15);
	struct ui_plan plan[2] = {
		{.title = "generic plan", .about = "PostgreSQL 15", .json = a.json, .json_len = strlen(a.json)},
		{.title = "plan with values", .about = "PostgreSQL 15, $1 = 'done'", .notes = "values: the most common ones",
		 .json = b.json, .json_len = strlen(b.json)}};
	struct ui_plans plans = {"statement 7f3a on bridge@db1", id, plan, second ? 2 : 1};
	struct err why = {0};

	ui_draw(s->ui, &s->host, &s->canvas);
	ck_assert_msg(ui_show_plans(s->ui, &s->host, &plans, &why) == 0, "%s", why.text);
	ui_draw(s->ui, &s->host, &s->canvas);
	free(a.json);
	free(b.json);
}

static void shoot(int width, int height, const char *plan, const char *keys, const char *name)
{
	struct stage *s = stage_new(width, height);

	s->canvas.ascii = strstr(name, "ascii") != NULL;
	show(s, 1, plan, NULL);
	stage_keys(s, keys);
	stage_golden(s, name);
	stage_free(s);
}

START_TEST(screens)
{
	shoot(120, 40, "spill", "", "plan-spill-120x40");
	shoot(80, 24, "spill", "c", "plan-spill-80x24");
	shoot(80, 24, "seq", "", "plan-ascii-seq-80x24");
	shoot(120, 24, "workers", "Down Down Down Enter", "plan-workers-120x24");
	shoot(24, 6, "seq", "", "plan-24x6");
	shoot(120, 30, "cte", "t", "plan-text-120x30");
	shoot(80, 24, "cte", "t t", "plan-json-80x24");
	shoot(120, 30, "limit", "v i", "plan-limit-120x30");
}
END_TEST

START_TEST(two_plans)
{
	struct stage *s = stage_new(120, 30);

	show(s, 1, "joins", "parallel");
	ck_assert_int_ge(stage_find(s, "generic plan (1 of 2)"), 0);
	stage_keys(s, "Tab");
	ck_assert_int_ge(stage_find(s, "plan with values (2 of 2), PostgreSQL 15, $1 = 'done'"), 0);
	ck_assert_int_ge(stage_find(s, "values: the most common ones"), 0);
	ck_assert_int_ge(stage_find(s, "against the generic plan: another shape: HashAggregate -> Aggregate"), 0);
	stage_keys(s, "s");
	stage_golden(s, "plan-beside-120x30");
	stage_keys(s, "s ! Tab D");
	stage_golden(s, "plan-kept-120x30");
	stage_size(s, 80, 24);
	stage_golden(s, "plan-kept-80x24");
	stage_keys(s, "t"); /* back to the tree first */
	ck_assert_int_ge(stage_find(s, "SELF%"), 0);
	stage_free(s);
}
END_TEST

/* A what-if comes first and says against what it is meant; side by side it stands right of that. */
START_TEST(what_if)
{
	struct stage *s = stage_new(120, 30);
	struct text a = text_of("parallel", 15), b = text_of("joins", 15);
	struct ui_plan plan[2] = {
		{.title = "what if", .about = "PostgreSQL 15, not executed", .json = a.json, .json_len = strlen(a.json), .beside = 2,
		 .notes = "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight"},
		{.title = "generic plan", .json = b.json, .json_len = strlen(b.json)}};
	struct ui_plans plans = {"statement 7f3a", 1, plan, 2};
	struct err why = {0};

	ui_draw(s->ui, &s->host, &s->canvas);
	ck_assert_int_eq(ui_show_plans(s->ui, &s->host, &plans, &why), 0);
	ck_assert_int_ge(stage_find(s, "against the generic plan: another shape"), 0);
	ck_assert_int_ge(stage_find(s, "more; J has them"), 0);
	ck_assert_int_lt(stage_find(s, "eight"), 0);
	stage_keys(s, "s");
	ck_assert_int_ge(stage_find(s, ": generic plan, and what if"), 0);
	stage_keys(s, "s Tab");
	ck_assert_int_lt(stage_find(s, "against"), 0);
	stage_keys(s, "s");
	ck_assert_int_ge(stage_find(s, ": generic plan, and what if"), 0);
	free(a.json);
	free(b.json);
	stage_free(s);
}
END_TEST

/* A plan of the same statement with another shape is said; the same shape, or another statement, is not. */
START_TEST(shapes)
{
	struct stage *s = stage_new(120, 30);

	show(s, 7, "limit", NULL);
	ck_assert_int_lt(stage_find(s, "another shape"), 0);
	show(s, 7, "limit", NULL);
	ck_assert_int_lt(stage_find(s, "another shape"), 0);
	show(s, 8, "seq", NULL);
	ck_assert_int_lt(stage_find(s, "another shape"), 0);
	show(s, 7, "seq", NULL);
	ck_assert_int_ge(stage_find(s, "another shape"), 0);
	stage_free(s);
}
END_TEST

START_TEST(its_keys)
{
	struct stage *s = stage_new(120, 40);
	struct str copy;

	show(s, 1, "workers", NULL);
	stage_keys(s, "Enter");
	ck_assert_int_ge(stage_find(s, "Finalize Aggregate [+6]"), 0);
	ck_assert_int_lt(stage_find(s, "Gather"), 0);
	stage_keys(s, "Right");
	ck_assert_int_ge(stage_find(s, "Gather"), 0);
	stage_keys(s, "c Left");
	ck_assert_int_ge(stage_find(s, "Parallel Hash Join [+3]"), 0);
	stage_keys(s, "Enter");
	ck_assert_int_lt(stage_find(s, "[+"), 0);

	ck_assert_int_ne(stage_keys(s, "y") & UI_COPY, 0);
	copy = ui_copy_text(s->ui);
	ck_assert_int_eq(strncmp(copy.at, "Finalize Aggregate  (cost=", 26), 0);
	ck_assert_int_ne(stage_keys(s, "Y") & UI_COPY, 0);
	copy = ui_copy_text(s->ui);
	ck_assert_int_eq(copy.at[0], '[');

	stage_keys(s, "/");
	stage_type(s, "scan on u");
	stage_keys(s, "Enter");
	ck_assert_ptr_nonnull(strstr(stage_text(s), "Parallel Seq Scan on u"));
	stage_keys(s, "Esc");
	ck_assert_int_lt(stage_find(s, "Plan of"), 0); /* the window closed, the screen is there again */
	stage_free(s);
}
END_TEST

START_TEST(refused)
{
	struct stage *s = stage_new(80, 24);
	struct ui_plan bad = {.title = "x", .json = "{}", .json_len = 2};
	struct ui_plans plans = {"s", 1, &bad, 1};
	struct err why = {0};

	ui_draw(s->ui, &s->host, &s->canvas);
	ck_assert_int_eq(ui_show_plans(s->ui, &s->host, &plans, &why), ERR_INVALID);
	ck_assert_int_lt(stage_find(s, "Plan of"), 0);
	plans.count = 0;
	ck_assert_int_eq(ui_show_plans(s->ui, &s->host, &plans, &why), ERR_INVALID);
	stage_free(s);
}
END_TEST

/* Any keys at any size: nothing breaks, nothing is drawn outside. */
START_TEST(sizes)
{
	static const int size[][2] = {{24, 6}, {24, 7}, {25, 8}, {30, 12}, {40, 10}, {60, 15}, {80, 24}, {99, 30}, {100, 30}, {200, 60}};
	static const char *const keys[] = {"", "Down Down Enter", "c", "t", "t t", "t t t G", "v", "i Down", "! D", "s", "Tab", "G", "PgUp", "?", "Esc Esc"};
	static const char *const plan[] = {"workers", "union", "odd", "cte", "update", "sets"};

	for (size_t p = 0; p < ARRAY_LEN(plan); p++) {
		struct stage *s = stage_new(80, 24);

		for (size_t i = 0; i < ARRAY_LEN(size); i++) {
			stage_size(s, size[i][0], size[i][1]);
			s->canvas.ascii = i % 2;
			show(s, i, plan[p], i % 3 ? "seq" : NULL);
			for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
				stage_keys(s, keys[k]);
				stage_text(s);
			}
		}
		stage_free(s);
	}
}
END_TEST

/* A plan of 1,000 nodes: folding, moving and drawing all of it stays quick (generous: sanitizers and slow machines). */
START_TEST(large)
{
	struct stage *s = stage_new(120, 40);
	struct buf json = BUF_INIT(8 << 20);
	struct ui_plan plan = {.title = "generic plan"};
	struct ui_plans plans = {"large", 1, &plan, 1};
	struct err why = {0};

	buf_adds(&json, "[{\"Plan\": {\"Node Type\": \"Append\", \"Total Cost\": 100000.0, \"Plan Rows\": 10, \"Plans\": [");
	for (int i = 0; i < 1000; i++)
		buf_addf(&json, "%s{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": \"Member\", \"Relation Name\": \"part_%d\", \"Alias\": \"part_%d\", "
		         "\"Total Cost\": 100.0, \"Plan Rows\": 3, \"Filter\": \"(k = 3)\"}", i ? "," : "", i, i);
	buf_adds(&json, "]}}]");
	plan.json = buf_text(&json);
	plan.json_len = json.len;
	ui_draw(s->ui, &s->host, &s->canvas);
	ck_assert_int_eq(ui_show_plans(s->ui, &s->host, &plans, &why), 0);
	for (int i = 0; i < 200; i++) {
		stage_keys(s, i % 10 ? "PgDn" : "G Enter g");
		stage_text(s);
	}
	stage_keys(s, "G");
	ck_assert_ptr_nonnull(strstr(stage_text(s), "part_999"));
	buf_release(&json);
	stage_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {screens, two_plans, what_if, shapes, its_keys, refused, sizes, large};

	return unit_run("ui_plan", cases, ARRAY_LEN(cases));
}
