/* SPDX-License-Identifier: PostgreSQL */
/* The trail below the jobs: what ended here, after the last lines of the audit log, which are read in a thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/desk_private.h"
#include "core/clean.h"
#include "core/mem.h"

enum { LINE_MAX_ = TASK_TITLE_MAX + ERR_TEXT_MAX + 64, INTENTS = 16, TARGET_MAX = 160 };

struct intent {
	char id[AUDIT_ID_MAX + 1];
	char target[TARGET_MAX], action[48], utc[32];
	struct desk_look where;
	bool open; /* no outcome was met, and it is not one of this process */
};

struct reading {
	char *path;
	char *line[DESK_TRAIL_MAX]; /* a ring: the last ones */
	int64_t count;
	struct intent intent[INTENTS];
	int next;
	struct intent left[INTENTS]; /* these, and their lines below */
	char *open[INTENTS]; /* lines of those without an outcome: the last of all, for they want a look */
	int opens;
};

static void copy(char *out, size_t room, const struct json *n)
{
	const char *raw = json_text(n);
	struct buf text = BUF_INIT(8192);

	clean_text(&text, raw ? raw : "", raw ? strnlen(raw, 600) : 0, CLEAN_LINE);
	snprintf(out, room, "%s", buf_text(&text));
	buf_release(&text);
}

/* One action is two lines: the first has what it was done to, the second how it ended. */
static void take(void *ctx, int64_t number, const struct json *n)
{
	struct reading *r = ctx;
	char event[16], utc[32], action[48], outcome[24], error[200], id[AUDIT_ID_MAX + 1], line[LINE_MAX_];
	const char *target = "";
	int64_t pid = 0;

	(void)number;
	copy(event, sizeof event, json_get(n, "event"));
	copy(id, sizeof id, json_get(n, "id"));
	if (strcmp(event, "intent") == 0) {
		struct intent *i = &r->intent[r->next++ % INTENTS];

		memset(i, 0, sizeof *i);
		memcpy(i->id, id, sizeof i->id);
		copy(i->target, sizeof i->target, json_get(n, "target"));
		copy(i->action, sizeof i->action, json_get(n, "action"));
		copy(i->utc, sizeof i->utc, json_get(n, "utc"));
		copy(i->where.host, sizeof i->where.host, json_get(json_get(n, "server"), "host"));
		copy(i->where.port, sizeof i->where.port, json_get(json_get(n, "server"), "port"));
		copy(i->where.database, sizeof i->where.database, json_get(json_get(n, "server"), "database"));
		i->open = !json_int(json_get(n, "pid"), &pid) || pid != getpid();
		return;
	}
	for (int i = 0; i < INTENTS; i++) {
		if (!id[0] || strcmp(r->intent[i].id, id) != 0)
			continue;
		target = r->intent[i].target;
		r->intent[i].open = false;
	}
	copy(utc, sizeof utc, json_get(n, "utc"));
	copy(action, sizeof action, json_get(n, "action"));
	copy(outcome, sizeof outcome, json_get(n, "outcome"));
	copy(error, sizeof error, json_get(n, "error"));
	snprintf(line, sizeof line, "%.10s %.8sZ  %-9s %s %s%s%s", utc, strlen(utc) > 11 ? utc + 11 : "", outcome,
		 action, target, error[0] ? ": " : "", error);
	free(r->line[r->count % DESK_TRAIL_MAX]);
	r->line[r->count++ % DESK_TRAIL_MAX] = mem_strdup(line);
}

/* What has no outcome is not known: the dytop that did it was killed, or is another one that is at it. */
static void take_open(struct reading *r)
{
	char line[LINE_MAX_];

	for (int k = 0; k < INTENTS; k++) {
		const struct intent *i = &r->intent[(r->next + k) % INTENTS];

		if (!i->open)
			continue;
		snprintf(line, sizeof line,
			 "%.10s %.8sZ  %-9s %s %s: no outcome in the log: its dytop was ended before the answer came, or is at it still",
			 i->utc, strlen(i->utc) > 11 ? i->utc + 11 : "", task_outcome_name(TASK_UNKNOWN), i->action, i->target);
		r->left[r->opens] = *i;
		r->open[r->opens++] = mem_strdup(line);
	}
}

static void work(void *job)
{
	struct reading *r = job;
	struct audit_report report;
	struct err why;

	if (audit_read(r->path, take, r, &report, &why) < 0)
		r->count = 0; /* none yet, or not readable: dytop doctor says which */
	else
		take_open(r);
}

static void drop(void *job)
{
	struct reading *r = job;

	for (int i = 0; i < DESK_TRAIL_MAX; i++)
		free(r->line[i]);
	for (int i = 0; i < r->opens; i++)
		free(r->open[i]);
	free(r->path);
	free(r);
}

static void add(struct desk *d, char *line, int at)
{
	if (d->trail_count == DESK_TRAIL_MAX) {
		free(line);
		return;
	}
	memmove(d->trail + at + 1, d->trail + at, (size_t)(d->trail_count - at) * sizeof d->trail[0]);
	d->trail[at] = line;
	d->trail_count++;
}

/* What may lie there half-made is looked for, in each database once. */
static void plan_look(struct desk *d, const struct intent *i)
{
	const struct action *action;
	struct err why;

	if (actions_find(&d->actions, i->action, &action, &why) < 0 || !action->leaves || d->looks == DESK_LOOKS_MAX)
		return;
	for (int k = 0; k < d->looks; k++)
		if (memcmp(&d->look[k], &i->where, sizeof i->where) == 0)
			return;
	d->look[d->looks++] = i->where;
}

/* Before what ended here meanwhile; as many of the file's last lines are taken for those. */
static void is_read(void *ctx)
{
	struct desk *d = ctx;
	struct reading *r = d->reading_job;
	int64_t until = r->count - d->trail_count, room = DESK_TRAIL_MAX - d->trail_count - r->opens;
	int64_t from = until > room ? until - room : 0, oldest = r->count > DESK_TRAIL_MAX ? r->count - DESK_TRAIL_MAX : 0;
	int at = 0;

	d->reading = NULL;
	d->reading_job = NULL;
	for (int64_t i = from > oldest ? from : oldest; i < until; i++, at++) {
		add(d, r->line[i % DESK_TRAIL_MAX], at);
		r->line[i % DESK_TRAIL_MAX] = NULL;
	}
	for (int i = 0; i < r->opens; i++, at++) {
		add(d, r->open[i], at);
		r->open[i] = NULL;
		plan_look(d, &r->left[i]);
	}
	if (d->changed)
		d->changed(d->ctx);
}

void desk_trail_read(struct desk *d)
{
	struct reading *r;

	if (d->trail_asked || !d->conf.servers || d->conf.options->read_only || !desk_audit(d))
		return;
	d->trail_asked = true;
	r = mem_calloc(1, sizeof *r);
	r->path = mem_strdup(audit_path(d->audit));
	d->reading_job = r;
	d->reading = background_start_job(d->loop, &(struct background_job){work, drop, r}, is_read, d);
}

void desk_trail_add(struct desk *d, const struct task *t)
{
	char line[LINE_MAX_], when[16];

	clock_local_time(loop_now(d->loop)->wall_us, when);
	snprintf(line, sizeof line, "%s  %-9s %s%s%s", when, task_outcome_name(t->outcome), t->title,
		 t->why.code ? ": " : "", t->why.code ? t->why.text : "");
	if (d->trail_count == DESK_TRAIL_MAX) {
		free(d->trail[0]);
		memmove(d->trail, d->trail + 1, (DESK_TRAIL_MAX - 1) * sizeof d->trail[0]);
		d->trail_count--;
	}
	d->trail[d->trail_count++] = mem_strdup(line);
}

void desk_trail_free(struct desk *d)
{
	background_cancel(d->reading);
	for (int i = 0; i < d->trail_count; i++)
		free(d->trail[i]);
}
