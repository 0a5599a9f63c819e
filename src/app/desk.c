/* SPDX-License-Identifier: PostgreSQL */
#include "app/desk.h"

#include <stdlib.h>
#include <string.h>

#include "action/maintain.h"
#include "app/desk_private.h"
#include "core/mem.h"

enum { QUIT_MS = 15000, FOLLOWS_MAX = 4, TRAIL_MS = 1500 };

static int64_t now(const struct desk *d)
{
	return loop_now(d->loop)->mono_ns;
}

static void tell(struct desk *d)
{
	if (d->changed)
		d->changed(d->ctx);
}

/* --- the trail ------------------------------------------------------------------------------------------------------
 */

struct audit *desk_audit(struct desk *d)
{
	struct audit_conf conf = {.path = d->conf.options->audit, .literals = d->conf.options->audit_literals};

	if (!d->audit && audit_new(&d->audit, d->loop, &conf, &d->audit_why) < 0)
		err_prefix(&d->audit_why, "nothing is done without an audit log");
	return d->audit;
}

void desk_outcome_written(void *ctx, const struct err *why)
{
	struct desk_side *side = ctx;

	if (why)
		task_say(side->task, TASK_BAD, "the outcome is not in the audit log: %s", why->text);
}

/* --- tasks ----------------------------------------------------------------------------------------------------------
 */

/* What was declined or refused, and a plan that was not run, leaves no line in the audit log. */
static bool is_audited(const struct desk_side *side)
{
	return side->task->outcome != TASK_DECLINED && side->task->outcome != TASK_REFUSED &&
	       (side->kind != DESK_EXPLAIN || side->plan->conf.analyze);
}

static void task_changed(void *ctx, struct task *t)
{
	struct desk *d = ctx;

	for (int i = 0; i < d->task_count; i++)
		if (d->task[i] == t && t->state == TASK_DONE && !d->side[i]->told) {
			d->side[i]->told = true;
			if (is_audited(d->side[i]))
				desk_trail_add(d, t);
			if (d->side[i]->kind == DESK_WARM)
				desk_warmed(d->side[i]);
			else if (d->side[i]->kind == DESK_DROP)
				desk_dropped(d->side[i]);
		}
	tell(d);
}

static int open_tasks(const struct desk *d)
{
	int count = 0;

	for (int i = 0; i < d->task_count; i++)
		count += d->task[i]->state != TASK_DONE;
	return count;
}

/* Room for one more: the oldest that has ended is forgotten. False: all of them are open. */
static bool make_room(struct desk *d)
{
	int i = 0;

	if (d->task_count < DESK_TASKS_MAX)
		return true;
	while (i < d->task_count && d->task[i]->state != TASK_DONE)
		i++;
	if (i == d->task_count)
		return false;
	desk_side_free(d->side[i]);
	memmove(&d->task[i], &d->task[i + 1], (size_t)(d->task_count - i - 1) * sizeof d->task[0]);
	memmove(&d->side[i], &d->side[i + 1], (size_t)(d->task_count - i - 1) * sizeof d->side[0]);
	d->task_count--;
	return true;
}

static struct desk_side *new_side(struct desk *d)
{
	struct desk_side *side = mem_calloc(1, sizeof *side);

	side->desk = d;
	return side;
}

static void take_task(struct desk *d, struct desk_side *side)
{
	struct task *t = side->task;

	t->id = ++d->next_id;
	t->hooks = (struct task_hooks){task_changed, d};
	d->side[d->task_count] = side;
	d->task[d->task_count++] = t;
	desk_admit(d);
	tell(d);
}

static struct task *task_of(const struct desk *d, uint64_t id)
{
	for (int i = 0; i < d->task_count; i++)
		if (d->task[i]->id == id)
			return d->task[i];
	return NULL;
}

/* --- what the person wants -------------------------------------------------------------------------------------------
 */

static void start(struct desk *d, struct ui *u, const struct ui_host *h)
{
	struct ui_request r = ui_request(u);
	struct desk_side *side;
	struct err why = {0};

	if (open_tasks(d) >= DESK_OPEN_MAX || !make_room(d)) {
		ui_notice(u, h, true, "enough is under way: J shows it, and cancels it");
		return;
	}
	side = new_side(d);
	if (desk_start(d, &r, side, &why) < 0) {
		ui_notice(u, h, true, why.text);
		desk_side_free(side);
		return;
	}
	ui_notice(u, h, false, side->task->title);
	take_task(d, side);
}

static void typed(struct desk *d, struct ui *u, const struct ui_host *h)
{
	struct ui_input in = ui_input(u);

	for (int i = 0; i < d->task_count; i++) {
		struct desk_side *next;

		if (d->task[i]->id != in.token || d->side[i]->kind != DESK_EXPLAIN)
			continue;
		next = new_side(d);
		if (desk_typed(d->side[i], &in, u, h, next) && make_room(d))
			take_task(d, next);
		else
			desk_side_free(next);
		return;
	}
}

/* What a maintenance that has ended left to be done is offered: it asks its own question. */
static void follow(struct desk *d, const struct desk_side *of)
{
	/* room is not made here: `of` itself might be what is forgotten */
	for (int i = 0; i < FOLLOWS_MAX && !d->quitting && d->task_count < DESK_TASKS_MAX; i++) {
		struct desk_side *next = new_side(d);

		if (!desk_follow(d, of, i, next)) {
			desk_side_free(next);
			return;
		}
		take_task(d, next);
	}
}

/* A dytop before this one was killed in the middle of something: what it left is named, and taken away when one agrees. */
static void look_around(struct desk *d)
{
	struct desk_side *next;

	if (d->looks == 0 || d->quitting || open_tasks(d) >= DESK_OPEN_MAX || d->task_count == DESK_TASKS_MAX)
		return;
	next = new_side(d);
	if (desk_look(d, next))
		take_task(d, next);
	else
		desk_side_free(next);
}

void desk_turn(struct desk *d, struct ui *u, const struct ui_host *h)
{
	look_around(d);
	desk_admit(d);
	for (int i = 0; i < d->task_count; i++) {
		struct desk_side *side = d->side[i], *next;

		if (side->followed || side->task->state != TASK_DONE)
			continue;
		if (side->kind != DESK_EXPLAIN) {
			side->followed = true;
			if (side->kind == DESK_MAINTAIN) {
				follow(d, side);
				return; /* the list has changed */
			}
			continue;
		}
		next = new_side(d);
		side->followed = desk_explained(side, u, h, next);
		if (next->task && make_room(d)) {
			take_task(d, next);
			return;
		}
		desk_side_free(next);
	}
}

static void cancel_all(struct desk *d)
{
	d->quitting = true;
	d->quit_ns = now(d) + QUIT_MS * CLOCK_MS_NS;
	loop_timer_in(d->alarm, QUIT_MS);
	for (int i = 0; i < d->task_count; i++)
		task_cancel(d->task[i]);
	tell(d);
}

void desk_act(struct desk *d, struct ui *u, const struct ui_host *h, unsigned result)
{
	struct task *t;

	if (d->conf.replay) {
		if (result & UI_REQUEST)
			desk_replay_start(d, u, h);
		if (result & (UI_ANSWER | UI_CANCEL | UI_CANCEL_ALL))
			ui_notice(u, h, true, "this is a recording: nothing was sent, and it goes on as it went then");
		return;
	}
	if (result & UI_REQUEST)
		start(d, u, h);
	if (result & UI_ANSWER && (t = task_of(d, ui_answer(u).id)))
		task_answer(t, ui_answer(u).yes);
	if (result & UI_CANCEL && (t = task_of(d, ui_cancelled(u))))
		task_cancel(t);
	if (result & UI_INPUT)
		typed(d, u, h);
	if (result & UI_CANCEL_ALL)
		cancel_all(d);
}

void desk_show(struct desk *d, struct ui_host *h)
{
	if (d->actions_why.code && !d->no_actions)
		d->no_actions = d->actions_why.text; /* a file of actions that is wrong: file:line */
	h->tasks = (const struct task *const *)d->task;
	h->task_count = d->task_count;
	if (d->conf.replay) {
		h->tasks = replay_tasks(d->conf.replay, &h->task_count);
		d->choice[0].why_not = desk_replay_lacks(d);
	}
	h->choices = d->choice;
	h->choice_count = d->choice_count;
	h->no_actions = d->no_actions;
	h->audit = (const char *const *)d->trail;
	h->audit_count = d->trail_count;
}

/* Literals of a text that is not ours, and values that are secrets, are masked as in the audit log. */
static void record_task_of(const struct desk *d, struct desk_side *side)
{
	const struct task *t = side->task;
	bool foreign = side->kind == DESK_EXPLAIN || (side->kind == DESK_MAINTAIN && maintain_is_secret(t));
	struct buf sql = BUF_INIT(TASK_SQL_MAX * 2);

	if (t->sql && foreign && !d->conf.options->audit_literals)
		audit_mask(&sql, t->sql);
	recorder_task(d->conf.recorder, side->server, t, sql.len ? buf_text(&sql) : t->sql, &side->written);
	buf_release(&sql);
}

void desk_record(struct desk *d)
{
	for (int i = 0; d && d->conf.recorder && i < d->task_count; i++)
		record_task_of(d, d->side[i]);
}

bool desk_quits(const struct desk *d)
{
	if (!d->quitting)
		return false;
	for (int i = 0; i < d->task_count; i++)
		if (d->task[i]->state != TASK_DONE && d->task[i]->ops->cancel && now(d) < d->quit_ns)
			return false;
	return true;
}

/* --- life ------------------------------------------------------------------------------------------------------------
 */

static void on_alarm(void *ctx)
{
	desk_trail_read(ctx); /* the first time, a moment after the start */
	tell(ctx);
}

struct desk *desk_new(struct loop *l, const struct desk_conf *conf)
{
	struct desk *d = mem_calloc(1, sizeof *d);

	d->loop = l;
	d->conf = *conf;
	d->shown_server = -1;
	d->alarm = loop_timer_new(l, on_alarm, d);
	if (conf->servers) {
		d->redis_password = mem_calloc((size_t)conf->servers->count + 1, sizeof *d->redis_password);
		for (int i = 0; i < conf->servers->count; i++)
			if (conf->servers->conf[i].kind == PANEL_REDIS && conf->servers->conf[i].password)
				d->redis_password[i] = mem_strdup(conf->servers->conf[i].password);
	}
	return d;
}

void desk_open(struct desk *d, struct session *s, const struct panel *const *panels, void (*changed)(void *ctx),
	       void *ctx)
{
	d->session = s;
	d->panels = panels;
	d->changed = changed;
	d->ctx = ctx;
	if (actions_init(&d->actions, d->conf.files, d->conf.options, &d->actions_why) < 0)
		d->actions = (struct actions){0};
	desk_choices(d);
	loop_timer_in(d->alarm, TRAIL_MS);
}

static bool is_under_way(const struct task *t)
{
	return t->state == TASK_RUNNING || t->state == TASK_CHECKING;
}

void desk_report(const struct desk *d, FILE *out)
{
	for (int i = 0; i < d->task_count; i++) {
		const struct task *t = d->task[i];
		bool done = t->state == TASK_DONE;

		if (is_under_way(t))
			fprintf(out, "dytop: left running: %s\n", t->title);
		if (!done || (t->outcome != TASK_FAILED && t->outcome != TASK_CANCELLED && t->outcome != TASK_UNKNOWN))
			continue;
		fprintf(out, "dytop: %s: %s%s%s\n", task_outcome_name(t->outcome), t->title, t->why.code ? ": " : "",
			t->why.code ? t->why.text : "");
		for (int k = t->asked_lines; k < t->line_count; k++)
			if (t->line[k].mark != TASK_PLAIN && t->line[k].mark != TASK_GOOD)
				fprintf(out, "  %s\n", t->line[k].text);
	}
}

void desk_free(struct desk *d)
{
	if (!d)
		return;
	d->changed = NULL;
	for (int i = 0; i < d->task_count; i++)
		desk_side_free(d->side[i]);
	audit_free(d->audit);
	actions_release(&d->actions);
	for (int i = 0; d->redis_password && i < d->conf.servers->count; i++)
		if (d->redis_password[i])
			mem_wipe(d->redis_password[i], strlen(d->redis_password[i]));
	for (int i = 0; d->redis_password && i < d->conf.servers->count; i++)
		free(d->redis_password[i]);
	free(d->redis_password);
	desk_trail_free(d);
	loop_timer_free(d->alarm);
	free(d);
}
