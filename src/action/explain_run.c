/* SPDX-License-Identifier: PostgreSQL */
/* EXPLAIN ANALYZE: asked for with the exact statements, read-only unless a second question allows writes, always rolled back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/mem.h"
#include "core/units.h"

static void send_run(struct explain *e);
static void ran(struct explain *e);

static const char *verb(const struct explain *e)
{
	return e->parse ? e->parse->word : "statement";
}

/* The batch as it will be sent, so that what is shown is what runs. */
static void make_batch(struct explain *e)
{
	snprintf(e->name, sizeof e->name, "dytop_%s_run", e->id); /* the same each time it is made: shown, audited, sent */
	e->doing = EXPLAIN_ANALYZED;
	explain_values_text(e, false);
	explain_batch(e, e->writing);
	explain_local(e, e->form.path, "auto", e->conf.analyze_timeout_ms);
	explain_add(e, "explain_savepoint", NULL, NULL, 0);
	e->prepare_at = e->count;
	explain_add(e, "explain_prepare", NULL, NULL, 0);
	e->plan_at = e->count;
	explain_add(e, "explain_run", explain_take_plan, NULL, 0);
	e->query[e->plan_at].deadline_ms = e->conf.analyze_timeout_ms + 3000;
	explain_add(e, "explain_deallocate", NULL, NULL, 0);
	explain_add(e, "explain_end", NULL, NULL, 0);
}

/* False: it has ended, for nobody could see what would be run. */
static bool show_sql(struct explain *e)
{
	struct buf text = BUF_INIT(TASK_SQL_MAX);
	bool whole;

	for (int i = 0; i < e->count; i++) {
		buf_addf(&text, "%s%s;", i ? "\n" : "", buf_text(&e->sqls[i]));
		for (int v = 0; v < e->query[i].count; v++)
			buf_addf(&text, "%s$%d = %s", v ? ", " : "  -- ", v + 1, e->query[i].values[v] ? e->query[i].values[v] : "NULL");
	}
	whole = !text.failed && task_sql(&e->task, buf_text(&text), text.len);
	buf_release(&text);
	if (!whole)
		explain_fail(e, ERR_TOO_BIG, "it is not run: with its values it has more than the %d kB that can be shown before",
		             TASK_SQL_MAX >> 10);
	return whole;
}

static void ask_to_run(struct explain *e)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = 30000};
	char limit[UNIT_TEXT_MAX];

	unit_format(limit, UNIT_MS, e->conf.analyze_timeout_ms, 0);
	task_say(&e->task, TASK_PLAIN, "it runs in full on the server, in a READ ONLY transaction that is rolled back, for %s at most", limit);
	make_batch(e);
	if (!show_sql(e))
		return;
	snprintf(q.title, sizeof q.title, "Run this %s on %s (database %s)?", verb(e), pgwork_name(e->work), pgwork_dbname(e->work));
	task_ask(&e->task, &q);
}

/* The second question: the person types the verb. */
static void ask_to_write(struct explain *e)
{
	struct task_question q = {.weight = TASK_WEIGHT_WORD, .expires_ms = 30000, .danger = true};
	bool said = e->parse && (e->parse->writes || e->parse->locks);

	e->writing = true;
	task_say(&e->task, TASK_WARN, "%s: it would run READ WRITE and be rolled back", said && e->parse->writes ? "this statement writes" :
	         said ? "this statement locks rows" : "the statement writes in a function it calls");
	task_say(&e->task, TASK_WARN, "not rolled back: sequences, what functions do outside (dblink, files, programs), sent signals, "
	         "and dead rows stay until VACUUM; row locks are held while it runs, triggers fire, NOTIFY is dropped");
	make_batch(e);
	if (!show_sql(e))
		return;
	snprintf(q.title, sizeof q.title, "Run this %s with its writes on %s (database %s), and roll it back?", verb(e), pgwork_name(e->work),
	         pgwork_dbname(e->work));
	snprintf(q.word, sizeof q.word, "%s", verb(e));
	task_ask(&e->task, &q);
}

static void send_run(struct explain *e)
{
	e->began_ns = loop_now(e->loop)->mono_ns;
	e->task.backend_pid = pgwork_backend_pid(e->work);
	e->task.awaited = true;
	task_run(&e->task, e->began_ns);
	make_batch(e);
	explain_send(e, e->work, ran);
}

static void audit_run(struct explain *e)
{
	explain_audited(e, e->task.sql, send_run);
}

void explain_run_answer(struct explain *e, bool yes)
{
	bool writes = e->parse && (e->parse->writes || e->parse->locks);

	if (!yes)
		explain_end(e, TASK_DECLINED, NULL);
	else if (writes && !e->writing)
		ask_to_write(e);
	else
		audit_run(e);
}

static void after_failure(struct explain *e)
{
	struct err why = {0};

	if (strcmp(e->sqlstate, "25006") == 0 && !e->writing && !e->cancelled) {
		explain_audit_end(e, TASK_FAILED, &e->why);
		ask_to_write(e); /* a function of it writes: nothing was, for the transaction was READ ONLY */
		return;
	}
	explain_why(e, &why);
	explain_end(e, e->cancelled ? TASK_CANCELLED : TASK_FAILED, &why);
}

static void ran(struct explain *e)
{
	struct err why = {0};
	char took[UNIT_TEXT_MAX];

	if (e->failed < 0) {
		unit_format(took, UNIT_MS, e->elapsed_ms, 0);
		task_say(&e->task, TASK_GOOD, "ran for %s and was rolled back", took);
		explain_end(e, TASK_OK, NULL);
	} else if (pgwork_is_up(e->work))
		explain_recover(e, after_failure);
	else if (e->sent) {
		err_set(&why, ERR_LOST, "%s: the connection was lost while it ran, and with it the transaction ends unfinished; look for "
		        "application_name '%s' on screen activity", e->why.text, e->application);
		explain_end(e, TASK_UNKNOWN, &why);
	} else {
		err_set(&why, ERR_LOST, "%s: nothing was sent", e->why.text);
		explain_end(e, TASK_FAILED, &why);
	}
}

void explain_run(struct explain *e)
{
	struct buf missing = BUF_INIT(ERR_TEXT_MAX / 2);

	explain_audit_end(e, TASK_OK, NULL); /* of the plan, where that was asked for */
	if (!explain_may_run(e, &missing))
		explain_fail(e, ERR_INVALID, "to run it every parameter needs a value (--param, in order): %s", buf_text(&missing));
	else
		ask_to_run(e);
	buf_release(&missing);
}
