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

	if (why)
		e->why = *why;
	else
		e->audited = true;
	explain_later(e, why ? refused : go_on);
}

void explain_audited(struct explain *e, const char *sql, void (*then)(struct explain *e))
{
	char version[16], target[80];
	struct audit_intent intent = {.id = e->audit_id, .action = e->task.kind, .target = target, .sql = sql, .foreign = true,
	                              .confirmed = e->conf.confirmed ? e->conf.confirmed : "y"};

	e->then = then;
	if (!e->conf.audit) {
		explain_later(e, go_on);
		return;
	}
	audit_id(e->audit_id);
	snprintf(version, sizeof version, "%d", pgwork_version(e->work));
	if (e->conf.pid > 0)
		snprintf(target, sizeof target, "backend %d", e->conf.pid);
	else if (e->queryid != 0)
		snprintf(target, sizeof target, "statement %lld", (long long)e->queryid);
	else
		snprintf(target, sizeof target, "a statement of the person's own");
	intent.server = (struct audit_server){.name = pgwork_name(e->work), .database = pgwork_dbname(e->work),
	                                      .role = pgwork_user(e->work), .version = version};
	audit_intent(e->conf.audit, &intent, written, e);
}

void explain_audit_end(struct explain *e, enum task_outcome outcome, const struct err *why)
{
	struct audit_outcome o = {.id = e->audit_id, .action = e->task.kind, .outcome = outcome, .sqlstate = e->sqlstate,
	                          .error = why && why->code < 0 ? why->text : NULL, .duration_ms = e->elapsed_ms > 0 ? e->elapsed_ms : NAN,
	                          .rows = -1, .foreign = true};

	if (!e->audited)
		return;
	e->audited = false;
	audit_outcome(e->conf.audit, &o, NULL, NULL);
}
