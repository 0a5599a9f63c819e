/* SPDX-License-Identifier: PostgreSQL */
/*
 * Plans many statements through action/explain, one after the other on one loop, for explain_corpus_test.py.
 *
 *	explainer CONNINFO < texts      statements with a NUL behind each; prints a line for each: "ok N PLANS" or "no N WHY"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain.h"
#include "app/embed.h"
#include "core/mem.h"

struct asked {
	struct loop *loop;
};

static const char *text(void *ctx, const char *name)
{
	char path[200];

	(void)ctx;
	snprintf(path, sizeof path, "sql/session/%s.sql", name);
	for (const struct embed_file *f = embed_files; f->path; f++)
		if (strcmp(f->path, path) == 0)
			return f->text;
	return NULL;
}

static void changed(void *ctx, struct task *t)
{
	struct asked *a = ctx;

	if (t->state == TASK_DONE)
		loop_stop(a->loop);
}

static void plan(struct asked *a, struct explain_conf *conf, const char *sql, int number)
{
	struct task *task;
	struct err why;
	int count;

	conf->sql = sql;
	if (explain_new(&task, a->loop, conf, &why) < 0) {
		printf("no %d %s\n", number, why.text);
		return;
	}
	task->hooks = (struct task_hooks){changed, a};
	loop_run(a->loop);
	const struct explain_plan *plans = explain_plans(task, &count);
	if (task->outcome == TASK_OK && count > 0 && plans[0].cost >= 0)
		printf("ok %d %d\n", number, count);
	else
		printf("no %d %s\n", number, task->why.text);
	fflush(stdout);
	task_free(task);
}

int main(int argc, char **argv)
{
	static char sql[1 << 20];
	struct asked a = {0};
	struct err why = {0};
	size_t len = 0;
	int c, number = 0;

	if (argc != 2 || loop_new(&a.loop, &why) < 0) {
		fprintf(stderr, "usage: explainer CONNINFO < texts\n");
		return 1;
	}
	struct source_conf server = {.kind = PANEL_PG, .target = argv[1], .connect_timeout_ms = 10000, .text = text};
	struct explain_conf conf = {.conf = &server, .text = text, .read_only = true};
	while ((c = getchar()) != EOF) {
		if (c && len < sizeof sql - 1)
			sql[len++] = (char)c;
		if (c)
			continue;
		sql[len] = '\0';
		plan(&a, &conf, sql, number++);
		len = 0;
	}
	loop_free(a.loop);
	return 0;
}
