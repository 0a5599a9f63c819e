/* SPDX-License-Identifier: PostgreSQL */
/* What was done while it was recorded: tasks as they stand in a frame, plans that were shown. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/task_file.h"
#include "source/replay_private.h"

static int bad(const struct replay *r, struct err *why, const char *what)
{
	return err_set(why, ERR_INVALID, "%s:%d: %s", r->path, r->line, what);
}

static bool has_server(const struct replay *r, const struct json *line)
{
	int64_t server;

	return json_int(json_get(line, "server"), &server) && server >= 0 && server < r->server_count;
}

/* The task of that id: the one that is there, or a new one, for which the oldest goes when there are too many. */
static struct task *task_of(struct replay *r, uint64_t id)
{
	struct task *t;

	for (int i = 0; i < r->task_count; i++)
		if (r->task[i]->id == id)
			return r->task[i];
	if (r->task_count == REPLAY_TASKS_MAX) {
		t = r->task[0];
		task_release(t);
		memset(t, 0, sizeof *t);
		memmove(&r->task[0], &r->task[1], (REPLAY_TASKS_MAX - 1) * sizeof r->task[0]);
		r->task_count--;
	} else {
		t = mem_calloc(1, sizeof *t);
	}
	t->id = id;
	return r->task[r->task_count++] = t;
}

int replay_take_task(struct replay *r, const struct json *line, struct err *why)
{
	struct task fresh = {0};
	int64_t id;
	int rc;

	if (!json_int(json_get(line, "task"), &id) || id < 1)
		return bad(r, why, "'task' is not a number from 1");
	if (!has_server(r, line))
		return bad(r, why, "a task of no declared server");
	rc = task_take(&fresh, line, why); /* so that a line that is wrong leaves no half of a task */
	task_release(&fresh);
	if (rc == 0)
		rc = task_take(task_of(r, (uint64_t)id), line, why);
	return rc < 0 ? err_prefix(why, "%s:%d", r->path, r->line) : 0;
}

static bool is_plan(const struct json *p)
{
	return json_text(json_get(p, "title")) && json_text(json_get(p, "json"));
}

static int check_plans(const struct replay *r, const struct json *line, struct err *why)
{
	static const char *const number[] = {"queryid", "dbid", "pid", "start_us"};
	int64_t ignored;

	if (!json_text(json_get(line, "plans")) || !has_server(r, line))
		return bad(r, why, "plans of nothing, or of no declared server");
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		if (!json_int(json_get(line, number[i]), &ignored))
			return err_set(why, ERR_INVALID, "%s:%d: '%s' is not a number", r->path, r->line, number[i]);
	if (json_count(json_get(line, "plan")) < 1)
		return bad(r, why, "plans without a plan");
	for (const struct json *p = json_child(json_get(line, "plan")); p; p = json_next(p))
		if (!is_plan(p))
			return bad(r, why, "a plan needs 'title' and 'json', both texts");
	return 0;
}

int replay_take_plans(struct replay *r, struct json *line, struct err *why)
{
	int rc = check_plans(r, line, why);

	if (rc < 0) {
		json_free(line);
		return rc;
	}
	if (r->plans_count == REPLAY_PLANS_MAX) {
		json_free(r->plans[0]);
		memmove(&r->plans[0], &r->plans[1], (REPLAY_PLANS_MAX - 1) * sizeof r->plans[0]);
		r->plans_count--;
	}
	r->plans[r->plans_count++] = line;
	return 0;
}

void replay_forget_tasks(struct replay *r)
{
	for (int i = 0; i < r->task_count; i++) {
		task_release(r->task[i]);
		free(r->task[i]);
	}
	for (int i = 0; i < r->plans_count; i++)
		json_free(r->plans[i]);
	r->task_count = r->plans_count = 0;
}

static int by_number(const void *a, const void *b)
{
	const struct task *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

void replay_sort_tasks(struct replay *r)
{
	qsort(r->task, (size_t)r->task_count, sizeof r->task[0], by_number);
}

const struct task *const *replay_tasks(const struct replay *r, int *count)
{
	*count = r->task_count;
	return (const struct task *const *)r->task;
}

const struct json *replay_plans(const struct replay *r, int i)
{
	return i >= 0 && i < r->plans_count ? r->plans[r->plans_count - 1 - i] : NULL;
}
