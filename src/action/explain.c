/* SPDX-License-Identifier: PostgreSQL */
#include "action/explain.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "action/explain_private.h"
#include "core/clean.h"
#include "core/mem.h"

static const char *const file[] = {
	"explain_begin", "explain_begin_write", "explain_role", "explain_local", "explain_prepare", "explain_savepoint",
	"explain_types", "explain_plan", "explain_run", "explain_deallocate", "explain_back", "explain_end", "explain_statement",
	"explain_session", "explain_seen", "explain_extension", "explain_rights", "explain_path", "explain_schemas",
	"explain_values", "explain_hypothetical", "explain_forget", "explain_fragment",
	"explain_what_if", "pg_identity",
};

static struct explain *self(const struct task *t)
{
	return (struct explain *)(uintptr_t)t;
}

/* --- ends --------------------------------------------------------------------------------------------------------- */

void explain_later(struct explain *e, void (*step)(struct explain *e))
{
	e->step = step;
	loop_timer_in(e->next, 0);
}

static void next(void *ctx)
{
	struct explain *e = ctx;
	void (*step)(struct explain *) = e->step;

	e->step = NULL;
	if (step && !e->closing)
		step(e);
}

void explain_end(struct explain *e, enum task_outcome outcome, const struct err *why)
{
	if (e->closing)
		return;
	if (e->find)
		pgwork_close(e->find);
	if (e->work)
		pgwork_close(e->work);
	loop_timer_stop(e->next);
	e->closing = true;
	e->end = outcome;
	e->end_why = why ? *why : (struct err){0};
	explain_audit_close(e);
}

void explain_fail(struct explain *e, int code, const char *format, ...)
{
	struct err why = {.code = code};
	struct buf text = BUF_INIT(ERR_TEXT_MAX * 4), shown = BUF_INIT(ERR_TEXT_MAX * 10);
	va_list args;

	va_start(args, format);
	buf_vaddf(&text, format, args);
	va_end(args);
	clean_text(&shown, buf_text(&text), text.len, CLEAN_LINE);
	err_set(&why, code, "%s", buf_text(&shown));
	buf_release(&text);
	buf_release(&shown);
	explain_end(e, TASK_FAILED, &why);
}

/* --- the task's own hooks ----------------------------------------------------------------------------------------- */

static void agreed(struct explain *e)
{
	explain_audited(e, e->sql, explain_plan_it);
}

static void declined(struct explain *e)
{
	explain_end(e, TASK_DECLINED, NULL);
}

static void run_agreed(struct explain *e)
{
	explain_run_answer(e, true);
}

static void run_declined(struct explain *e)
{
	explain_run_answer(e, false);
}

static void answer(struct task *t, bool yes)
{
	struct explain *e = self(t);

	if (e->closing)
		return;
	if (e->agreed || e->plans > 0)
		explain_later(e, yes ? run_agreed : run_declined);
	else {
		e->agreed = yes;
		explain_later(e, yes ? agreed : declined);
	}
	t->state = TASK_LOOKING; /* answered: no second answer is taken */
}

void explain_was_cancelled(struct explain *e)
{
	struct err why = {0};

	err_set(&why, ERR_LOST, "cancelled");
	explain_end(e, TASK_CANCELLED, &why);
}

/* What runs on the server is asked to end and tells its end; where nothing does, it ends here. */
static void cancel(struct task *t)
{
	struct explain *e = self(t);
	struct pgwork *w = e->work ? e->work : e->find;

	if (e->closing)
		return;
	e->cancelled = true;
	if (w && pgwork_is_up(w) && pgwork_open_count(w) > 0)
		pgwork_cancel(w);
	else
		explain_later(e, explain_was_cancelled);
}

void explain_form_release(struct explain_form *form)
{
	free(form->text);
	free(form->path);
	free(form->type);
	*form = (struct explain_form){0};
}

static void release_conf(struct explain_conf *conf)
{
	const char *const texts[] = {conf->over, conf->role, conf->sql, conf->dbname, conf->index, conf->confirmed};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		free((void *)(uintptr_t)texts[i]);
	for (int i = 0; i < conf->param_count; i++)
		free((void *)(uintptr_t)conf->params[i]);
	free((void *)(uintptr_t)conf->params);
}

static void release(struct task *t)
{
	struct explain *e = self(t);

	explain_audit_leave(e);
	pgwork_free(e->find);
	pgwork_free(e->work);
	loop_timer_free(e->next);
	explain_batch_drop(e);
	for (int i = 0; i < e->plans; i++)
		free(e->json[i]);
	for (int i = 0; i < e->seen_count; i++)
		free(e->seen[i]);
	for (int i = 0; i < e->params; i++) {
		free((void *)(uintptr_t)e->param[i].type);
		free(e->value[i + 1]);
	}
	free(e->param);
	free(e->value);
	free(e->value_from);
	free(e->values);
	explain_form_release(&e->form);
	parse_free(e->parse);
	free(e->sql);
	free(e->whole);
	free(e->terms);
	free(e->system_id);
	free(e->schema);
	free(e->path);
	free(e->hypopg);
	free(e->index_name);
	release_conf(&e->conf);
	task_release(t);
	free(e);
}

static void start(struct task *t)
{
	explain_later(self(t), explain_find);
}

static const struct task_ops ops = {answer, cancel, release, start};

/* --- making it ---------------------------------------------------------------------------------------------------- */

static void copy_conf(struct explain *e, const struct explain_conf *conf)
{
	const char **params = mem_calloc((size_t)conf->param_count + 1, sizeof *params);

	e->conf = *conf;
	e->conf.over = mem_strdup(conf->over);
	e->conf.role = mem_strdup(conf->role);
	e->conf.sql = mem_strdup(conf->sql);
	e->conf.dbname = mem_strdup(conf->dbname);
	e->conf.index = mem_strdup(conf->index);
	e->conf.confirmed = mem_strdup(conf->confirmed);
	for (int i = 0; i < conf->param_count; i++)
		params[i] = mem_strdup(conf->params[i]);
	e->conf.params = params;
	if (!(e->conf.analyze_timeout_ms > 0))
		e->conf.analyze_timeout_ms = 10000;
}

/* The very statement of a task before, and what was agreed to for it. */
static void take_over(struct explain *e, const struct explain *from)
{
	e->found = true;
	e->sql = mem_strdup(from->whole ? from->whole : from->sql);
	memcpy(e->author, from->author, sizeof e->author);
	memcpy(e->dbname, from->dbname, sizeof e->dbname);
	e->foreign = from->foreign;
	e->queryid = from->queryid;
	e->dbid = from->dbid;
	for (; e->seen_count < from->seen_count; e->seen_count++)
		e->seen[e->seen_count] = mem_strdup(from->seen[e->seen_count]);
	e->terms = from->agreed ? mem_strdup(from->terms) : NULL;
}

static int check_conf(const struct explain_conf *conf, struct err *why)
{
	if (conf->again && (conf->again->ops != &ops || !self(conf->again)->sql))
		return err_set(why, ERR_INVALID, "there is no statement yet");
	if (!conf->again && conf->pid <= 0 && conf->queryid == 0 && !conf->sql)
		return err_set(why, ERR_INVALID, "there is no statement to explain");
	if (conf->param_count > PARSE_PARAMS_MAX)
		return err_set(why, ERR_TOO_BIG, "more than %d parameters", PARSE_PARAMS_MAX);
	for (int i = 0; i < conf->param_count; i++)
		if (conf->params[i] && strlen(conf->params[i]) > EXPLAIN_VALUE_MAX)
			return err_set(why, ERR_TOO_BIG, "the value of $%d has more than %d kB", i + 1, EXPLAIN_VALUE_MAX >> 10);
	for (size_t i = 0; i < ARRAY_LEN(file); i++)
		if (!conf->text(conf->text_ctx, file[i]))
			return err_set(why, ERR_NOT_FOUND, "sql/session/%s.sql is missing", file[i]);
	return 0;
}

int explain_new(struct task **out, struct loop *l, const struct explain_conf *conf, struct err *why)
{
	char title[TASK_TITLE_MAX];
	int rc = check_conf(conf, why);

	if (rc < 0)
		return rc;
	if (conf->pid > 0)
		snprintf(title, sizeof title, "plan of what backend %d runs", conf->pid);
	else if (conf->queryid != 0)
		snprintf(title, sizeof title, "plan of statement %lld", (long long)conf->queryid);
	else
		snprintf(title, sizeof title, "plan of a statement");
	struct explain *e = mem_alloc(sizeof *e);
	task_init(&e->task, &ops, conf->analyze ? "explain_analyze" : "explain", title);
	e->loop = l;
	e->index_bytes = -1;
	audit_id(e->id);
	snprintf(e->application, sizeof e->application, "dytop:%s:explain", e->id);
	copy_conf(e, conf);
	e->conf.again = NULL;
	if (conf->again)
		take_over(e, self(conf->again));
	e->next = loop_timer_new(l, next, e);
	e->task.queued = conf->queued;
	if (!conf->queued)
		explain_later(e, explain_find);
	*out = &e->task;
	return 0;
}

/* --- results ------------------------------------------------------------------------------------------------------ */

const struct explain_plan *explain_plans(const struct task *t, int *count)
{
	*count = self(t)->plans;
	return self(t)->plan;
}

const struct explain_param *explain_params(const struct task *t, int *count)
{
	*count = self(t)->params;
	return self(t)->param;
}

const char *explain_statement(const struct task *t, const char **author)
{
	const struct explain *e = self(t);

	if (author)
		*author = e->foreign && e->author[0] ? e->author : NULL;
	return e->sql;
}

int64_t explain_index_bytes(const struct task *t)
{
	return self(t)->index_bytes;
}

const char *explain_kind_name(enum explain_kind kind)
{
	static const char *const name[] = {"generic", "custom", "analyzed", "what-if", "what-if-custom"};

	return name[kind];
}
