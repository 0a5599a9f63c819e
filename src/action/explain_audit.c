/* SPDX-License-Identifier: PostgreSQL */
/* What a person confirmed goes into the audit log: before it is sent, and how it ended. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "action/audit.h"
#include "action/explain_private.h"

static void go_on(struct explain *e)
{
	e->then(e);
}

static void refused(struct explain *e)
{
	struct err why = e->why;

	err_prefix(&why, "nothing is run, for it cannot be audited");
	explain_end(e, TASK_REFUSED, &why);
}

static void written(void *ctx, const struct err *why)
{
	struct explain *e = ctx;

	e->auditing = false;
	e->audited = !why;
	if (e->closing) { /* nothing was sent meanwhile */
		explain_audit_close(e);
		return;
	}
	if (why)
		e->why = *why;
	explain_later(e, why ? refused : go_on);
}

void explain_audited(struct explain *e, const char *sql, void (*then)(struct explain *e))
{
	char version[16], target[80], host[256], port[16], identity[80];
	struct audit_intent intent = {.id = e->id, .action = e->task.kind, .target = target, .sql = sql, .foreign = true,
	                              .identity = e->foreign ? identity : NULL,
	                              .confirmed = e->conf.confirmed ? e->conf.confirmed : "y"};

	e->then = then;
	if (!pgwork_is_up(e->work)) {
		struct err why;

		err_set(&why, ERR_LOST, "the connection was lost meanwhile: nothing was sent");
		explain_end(e, TASK_REFUSED, &why);
		return;
	}
	if (!e->conf.audit) {
		explain_later(e, go_on);
		return;
	}
	snprintf(identity, sizeof identity, "author %s", e->author[0] ? e->author : "unknown");
	snprintf(version, sizeof version, "%d", pgwork_version(e->work));
	if (e->conf.pid > 0)
		snprintf(target, sizeof target, "backend %d", e->conf.pid);
	else if (e->queryid != 0)
		snprintf(target, sizeof target, "statement %lld", (long long)e->queryid);
	else
		snprintf(target, sizeof target, "a statement of the person's own");
	audit_place(pgwork_name(e->work), host, port);
	intent.server = (struct audit_server){.name = pgwork_name(e->work), .host = host, .port = port,
	                                      .database = pgwork_dbname(e->work), .role = pgwork_user(e->work),
	                                      .system_id = e->system_id, .version = version};
	e->auditing = true;
	audit_intent(e->conf.audit, &intent, written, e);
}

static void write_outcome(struct explain *e, enum task_outcome outcome, const struct err *why, const char *note, audit_done *done)
{
	struct audit_outcome o = {.id = e->id, .action = e->task.kind, .outcome = outcome, .sqlstate = e->sqlstate,
	                          .error = why && why->code < 0 ? why->text : NULL, .duration_ms = e->elapsed_ms > 0 ? e->elapsed_ms : NAN,
	                          .rows = -1, .note = note, .foreign = true};

	e->audited = false;
	audit_outcome(e->conf.audit, &o, done, e);
}

static void say_unwritten(struct explain *e, const struct err *why)
{
	if (why)
		task_say(&e->task, TASK_BAD, "the outcome is not in the audit log: %s", why->text);
}

static void told(void *ctx, const struct err *why)
{
	say_unwritten(ctx, why);
}

void explain_audit_end(struct explain *e, enum task_outcome outcome, const struct err *why)
{
	if (e->audited)
		write_outcome(e, outcome, why, NULL, told);
}

static void close_task(struct explain *e)
{
	task_done(&e->task, e->end, e->end_why.code ? &e->end_why : NULL, loop_now(e->loop)->mono_ns);
}

static void closed(void *ctx, const struct err *why)
{
	say_unwritten(ctx, why);
	close_task(ctx);
}

void explain_audit_close(struct explain *e)
{
	if (e->audited)
		write_outcome(e, e->end, &e->end_why, NULL, closed);
	else if (!e->auditing) /* else written() comes back here */
		close_task(e);
}

void explain_audit_leave(struct explain *e)
{
	bool runs = e->audited && e->work && pgwork_open_count(e->work) > 0;

	if (!e->conf.audit)
		return;
	audit_forget(e->conf.audit, e);
	if (e->auditing)
		write_outcome(e, e->closing ? e->end : TASK_CANCELLED, NULL, "dytop ended before anything was sent", NULL);
	else if (e->audited)
		write_outcome(e, runs ? TASK_UNKNOWN : TASK_CANCELLED, NULL, runs ? "left running when dytop ended" : "dytop ended", NULL);
}
