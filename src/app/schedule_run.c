/* SPDX-License-Identifier: PostgreSQL */
#include "app/schedule_run.h"

#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/front.h"
#include "app/schedule_private.h"
#include "app/slurp.h"
#include "core/map.h"
#include "core/mem.h"

enum { PLAN_MAX = 1 << 20, TICK_MS = 15000 };

void sched_say(const struct sched *s, const char *format, ...)
{
	char utc[32], text[600];
	struct clock now;
	va_list args;

	clock_read(&now);
	clock_utc_text(now.wall_us, utc);
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	printf("%s plan %s: %s\n", utc, s->plan->name, text);
	fflush(stdout);
}

/* What somebody must see: it stands in the log, and on standard error too, which cron mails and a terminal has already. */
static void PRINTFLIKE(2, 3) complain(const struct sched *s, const char *format, ...)
{
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	sched_say(s, "%s", text);
	if (!isatty(STDERR_FILENO) || !isatty(STDOUT_FILENO))
		fprintf(stderr, "dytop: plan %s: %s\n", s->plan->name, text);
}

/* --- the plan -------------------------------------------------------------------------------------------------------- */

static int check_job(struct sched *s, const struct schedule_job *j, struct err *why)
{
	const struct action *a;
	int rc = actions_find(s->conf->actions, j->action, &a, why);

	if (rc == 0 && a->target == ACTION_ON_NOTHING && j->targets > 0)
		rc = err_set(why, ERR_INVALID, "%s takes no targets", a->name);
	else if (rc == 0 && a->target != ACTION_ON_NOTHING && j->targets == 0)
		rc = err_set(why, ERR_INVALID, "%s wants targets:", a->name);
	else if (rc == 0 && (a->danger || a->target == ACTION_ON_DEFINITION))
		rc = err_set(why, ERR_INVALID, "%s is for a person to confirm, not for a plan", a->name);
	else if (rc == 0 && a->value == ACTION_NEEDS_VALUE && !j->value)
		rc = err_set(why, ERR_INVALID, "%s wants value:", a->name);
	else if (rc == 0 && a->value == ACTION_NO_VALUE && j->value)
		rc = err_set(why, ERR_INVALID, "%s takes no value", a->name);
	return rc < 0 ? err_prefix(why, "%s:%d: job %s", s->conf->path, j->line, j->name) : 0;
}

static int read_plan(struct sched *s, struct err *why)
{
	const char *slash = strrchr(s->conf->path, '/'), *base = slash ? slash + 1 : s->conf->path;
	struct buf text = BUF_INIT(PLAN_MAX);
	char name[SCHEDULE_NAME_MAX];
	int rc = slurp_file(&text, s->conf->path, SLURP_TRUSTED, why);

	snprintf(name, sizeof name, "%.*s", (int)strcspn(base, "."), base);
	for (char *c = name; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *c))
			*c = '_';
	if (rc == 0)
		rc = schedule_parse(&s->plan, name[0] ? name : "plan", s->conf->path, buf_str(&text), why);
	buf_release(&text);
	for (int i = 0; rc == 0 && i < s->plan->jobs; i++)
		rc = check_job(s, &s->plan->job[i], why);
	return rc;
}

/* --- one job --------------------------------------------------------------------------------------------------------- */

static int new_task(struct sched *s, const struct schedule_job *j, struct err *why)
{
	const struct schedule_conf *c = s->conf;
	struct maintain_target target[SCHEDULE_TARGETS_MAX] = {{0}};
	struct maintain_conf conf = {.conf = c->server, .over = c->options->operator_conn, .target = target, .count = j->targets,
	                             .audit = c->audit, .read_only = c->options->read_only, .max_bytes = j->max_bytes,
	                             .text = files_session_text, .text_ctx = c->run->files, .log = c->run->log};
	char consent[120];
	int rc = actions_find(c->actions, j->action, &conf.action, why);

	if (rc < 0)
		return rc;
	for (int i = 0; i < j->targets; i++)
		target[i] = (struct maintain_target){.name = j->target[i], .value = j->value};
	snprintf(consent, sizeof consent, "plan %s, job %s", s->plan->name, j->name);
	conf.consent = consent;
	s->leaves = conf.action->leaves;
	return maintain_new(&s->task, c->run->loop, &conf, why);
}

static void worse(struct sched *s, int status)
{
	static const int rank[] = {0, 1, 3, 2, 0};

	if (status > 0 && status < 4 && rank[status] > rank[s->worst])
		s->worst = status;
}

static int64_t now_us(void)
{
	struct clock now;

	clock_read(&now);
	return now.wall_us;
}

static int take_lock(struct sched *s, struct err *why);

/* The lock went with its connection while the job ran. It is taken again, and what another host did meanwhile is kept; ours is added. */
static int regain(struct sched *s, int i, struct err *why)
{
	struct schedule_state ours = s->state[i];
	int rc = take_lock(s, why);

	if (rc == 0 && !s->locked)
		rc = err_set(why, ERR_BUSY, "another dytop runs the plan by now");
	if (rc == 0)
		rc = sched_load_state(s, why);
	if (rc < 0)
		return rc;
	if (ours.ok_us < s->state[i].ok_us)
		ours.ok_us = s->state[i].ok_us;
	if (ours.tried_us < s->state[i].tried_us)
		ours.tried_us = s->state[i].tried_us;
	s->state[i] = ours;
	return 0;
}

static void finish_job(struct sched *s, int i, int64_t began_us, enum task_outcome outcome, const struct err *why)
{
	const struct schedule_job *j = &s->plan->job[i];
	struct err e = {0};

	s->state[i].unknown = outcome == TASK_UNKNOWN;
	if (outcome == TASK_OK)
		s->state[i].ok_us = began_us;
	if (outcome == TASK_OK)
		sched_say(s, "%s: ok", j->name);
	else
		complain(s, "%s: %s%s%s", j->name, task_outcome_name(outcome), why->code < 0 ? ": " : "", why->code < 0 ? why->text : "");
	if ((!s->locked && regain(s, i, &e) < 0) || sched_save_state(s, &e) < 0 || (outcome == TASK_OK && sched_mark(s, j, &e) < 0)) {
		complain(s, "%s: what was done is not remembered: %s", j->name, e.text);
		worse(s, 1);
	}
}

static void run_job(struct sched *s, int i)
{
	const struct schedule_job *j = &s->plan->job[i];
	int64_t began_us = now_us();
	struct err why = {0};
	int status;

	/* Remembered before: when dytop is killed now, the job is not begun again at once. */
	s->state[i].tried_us = began_us;
	s->state[i].unknown = true;
	if (sched_save_state(s, &why) < 0 || new_task(s, j, &why) < 0) {
		s->state[i].unknown = false;
		complain(s, "%s: not begun: %s", j->name, why.text);
		worse(s, front_status(why.code));
		return;
	}
	s->told = false;
	sched_monitor(s, true);
	status = front_run(s->conf->run->loop, s->task, &(struct front_conf){.yes = true, .yes_danger = true}, &why);
	sched_monitor(s, false);
	enum task_outcome outcome = s->task->state == TASK_DONE ? s->task->outcome : TASK_UNKNOWN;
	int missed = outcome == TASK_OK ? maintain_missed(s->task) : 0;
	task_free(s->task);
	s->task = NULL;
	worse(s, status);
	finish_job(s, i, began_us, outcome, &why);
	if (missed > 0) { /* the others are done, and not before their time again; but nobody reads the log of what is well */
		complain(s, "%s: %d of %d targets were left out: look at the lines before", j->name, missed, j->targets);
		worse(s, 1);
	}
}

/* --- the round ------------------------------------------------------------------------------------------------------- */

static void say_verdict(const struct sched *s, int i, enum schedule_verdict v, int64_t next_us)
{
	static const char *const text[] = {"due", "not due before", "failed, not tried again before", "due, outside of its window, since"};
	char when[32];

	clock_utc_text(next_us, when);
	sched_say(s, "%s: %s%s%s", s->plan->job[i].name, text[v], v == SCHEDULE_DUE ? "" : " ", v == SCHEDULE_DUE ? "" : when);
}

void sched_lock_number(const struct sched *s, char out[16])
{
	snprintf(out, 16, "%u", (unsigned)(map_hash(MAP_SEED, s->plan->name, strlen(s->plan->name)) & 0x7fffffff));
}

static int take_lock(struct sched *s, struct err *why)
{
	char number[16];
	const char *values[] = {number};
	struct reply r;
	int rc;

	sched_lock_number(s, number);
	rc = sched_ask(s, "sched_lock", values, 1, &r);
	s->locked = rc == 0 && r.row && r.cell[0] && r.cell[0][0] == 't';
	if (rc < 0)
		*why = r.why;
	reply_release(&r);
	if (rc < 0 || s->locked)
		return rc;
	if (sched_ask(s, "sched_holder", values, 1, &r) == 0 && r.cell[0])
		sched_say(s, "another dytop runs it: %s", r.cell[0]);
	else
		sched_say(s, "another dytop runs it");
	reply_release(&r);
	return 0;
}

/* With the lock, and knowing what was done by whoever had it before. 0 without s->locked: another host has it. */
static int begin_round(struct sched *s, struct err *why)
{
	int rc = s->locked || s->conf->dry_run ? 0 : take_lock(s, why);

	return rc < 0 || (!s->locked && !s->conf->dry_run) ? rc : sched_load_state(s, why);
}

/* True: go on with the next job. */
static bool one(struct sched *s, int i, bool tell, struct err *why)
{
	int64_t next_us;

	/* It went with its connection since: whoever has it now does the rest, and what is due is told by what that one has done. */
	if (!s->locked && !s->conf->dry_run && begin_round(s, why) < 0)
		return false;
	if (!s->locked && !s->conf->dry_run)
		return false;
	enum schedule_verdict v = schedule_due(s->plan, i, &s->state[i], now_us(), &next_us);
	char text[200];

	if (tell || s->conf->dry_run)
		say_verdict(s, i, v, next_us);
	if (v != SCHEDULE_DUE || s->conf->dry_run)
		return true;
	if (sched_busy(s, text, sizeof text)) {
		sched_say(s, "%s: not begun, %s", s->plan->job[i].name, text);
		return false; /* what is too busy for this one is too busy for the next */
	}
	run_job(s, i);
	return true;
}

static int round_once(struct sched *s, bool tell, struct err *why)
{
	int rc = begin_round(s, why);

	if (!s->locked && !s->conf->dry_run)
		return rc;
	for (int i = 0; rc == 0 && !s->stop && i < s->plan->jobs; i++)
		if (!one(s, i, tell, why))
			break;
	return why->code < 0 ? why->code : rc;
}

static void run_daemon(struct sched *s)
{
	bool tell = true, was_down = false;

	while (!s->stop) {
		struct err why = {0};
		int rc = round_once(s, tell, &why);
		if (rc < 0 && !was_down)
			sched_say(s, "%s", why.text);
		was_down = rc < 0;
		tell = false;
		sched_wait(s, TICK_MS);
	}
	sched_say(s, "ended");
}

static void stop(void *ctx, int signo)
{
	struct sched *s = ctx;

	(void)signo;
	s->stop = true;
}

/* The lock went with the connection. */
static void down(void *ctx, const struct err *why)
{
	struct sched *s = ctx;

	(void)why;
	s->locked = false;
}

static int begin(struct sched *s, struct err *why)
{
	const struct schedule_conf *c = s->conf;
	static const char *const settings[] = {"search_path", "pg_catalog, pg_temp", "lock_timeout", "2s", "statement_timeout", "10s", NULL};
	struct pgwork_conf conf = {.conf = c->server, .over = c->options->operator_conn, .application = "dytop:plan",
	                           .settings = settings, .log = c->run->log};
	const struct pgwork_events events = {.down = down, .ctx = s};
	int rc = read_plan(s, why);

	if (rc == 0 && c->options->read_only && !c->dry_run)
		rc = err_set(why, ERR_PRIVILEGE, "read-only: a plan changes things; --dry-run says what is due");
	return rc < 0 ? rc : pgwork_new(&s->work, c->run->loop, &conf, &events, why);
}

int schedule_run(const struct schedule_conf *conf, struct err *why)
{
	struct sched *s = mem_alloc(sizeof *s);
	struct loop_signal *interrupt = loop_signal_new(conf->run->loop, SIGINT, stop, s);
	struct loop_signal *terminate = loop_signal_new(conf->run->loop, SIGTERM, stop, s);
	int status;

	s->conf = conf;
	if (begin(s, why) < 0)
		status = 1;
	else if (conf->daemon) {
		run_daemon(s);
		status = 0;
	} else {
		int rc = round_once(s, true, why);
		status = rc < 0 ? front_status(rc) : s->worst;
	}
	pgwork_free(s->work);
	loop_signal_free(interrupt);
	loop_signal_free(terminate);
	loop_timer_free(s->timer);
	loop_timer_free(s->monitor);
	schedule_free(s->plan);
	free(s->table);
	free(s->file);
	free(s);
	return status;
}
