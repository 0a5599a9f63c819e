/* SPDX-License-Identifier: PostgreSQL */
/* After a yes: identity once more, the lock, the audit log, the statement. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"
#include "core/mem.h"

/* Nothing was sent for this item. */
static void refuse(struct maintain *m, int code, const char *text)
{
	const char *prefix = maintain_prefix(m);

	m->outcome = TASK_REFUSED;
	err_set(&m->why, code, "%s%s%s", prefix, prefix[0] ? ": " : "", text);
	task_say(&m->task, TASK_BAD, "nothing was done: %s", m->why.text);
	maintain_finish_item(m);
}

/* --- identity, once more --------------------------------------------------------------------------------------------- */

static bool send_identity(struct maintain *m)
{
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(maintain_item(m), oid)};

	return maintain_is_relation(m->action) && maintain_ask(m, "act_target_oid", values);
}

static void take_identity(struct maintain *m, const struct pgwork_outcome *o)
{
	struct item *it = maintain_item(m);
	const char *target = maintain_cell(o->result, 0, "target"), *kind = maintain_cell(o->result, 0, "relkind");
	char text[600], now[260];

	if (o->why)
		refuse(m, o->why->code, o->why->text);
	else if (!target || !kind)
		refuse(m, ERR_NOT_FOUND, "it is gone since the question was asked");
	else if (strcmp(target, it->target) != 0 || kind[0] != it->kind) {
		maintain_clean(now, sizeof now, target);
		snprintf(text, sizeof text, "the object changed since the question was asked: it is called %s now", now);
		refuse(m, ERR_NOT_FOUND, text);
	} else
		maintain_next(m);
}

/* What stood against it before the question may have come since. */
static bool send_again(struct maintain *m)
{
	return maintain_ask_own(m, ACTION_BEFORE);
}

static void take_again(struct maintain *m, const struct pgwork_outcome *o)
{
	for (int i = 0; !o->why && i < o->result->rows; i++) {
		const char *mark = maintain_cell(o->result, i, "mark"), *text = maintain_cell(o->result, i, "text");
		char why[400];
		if (!mark || !text || strcmp(mark, "refuse") != 0)
			continue;
		maintain_clean(why, sizeof why, text);
		refuse(m, ERR_UNSUPPORTED, why);
		return;
	}
	maintain_next(m);
}

/* A build may have ended well meanwhile: then it is no leftover. */
static bool send_invalid(struct maintain *m)
{
	return maintain_item(m)->invalid && maintain_ask_own(m, ACTION_LEFT);
}

static void take_invalid(struct maintain *m, const struct pgwork_outcome *o)
{
	if (o->why)
		refuse(m, o->why->code, o->why->text);
	else if (o->result->rows == 0)
		refuse(m, ERR_UNSUPPORTED, "it was invalid when the question was asked, and is valid now");
	else
		maintain_next(m);
}

/* --- the lock -------------------------------------------------------------------------------------------------------- */

static bool send_lock(struct maintain *m)
{
	return m->action->alone && !m->locked && maintain_ask(m, "act_lock", NULL);
}

static void take_lock(struct maintain *m, const struct pgwork_outcome *o)
{
	m->locked = !o->why && maintain_true(o->result, 0, "locked");
	if (o->why)
		refuse(m, o->why->code, o->why->text);
	else
		maintain_next(m);
}

static bool send_holder(struct maintain *m)
{
	return m->action->alone && !m->locked && maintain_ask(m, "act_holder", NULL);
}

static void take_holder(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *who = maintain_cell(o->result, 0, "text");
	char text[400];

	snprintf(text, sizeof text, "another action runs in this database, one at a time: %s", who ? who : "it ended just now, try again");
	refuse(m, ERR_BUSY, text);
}

/* --- the session ----------------------------------------------------------------------------------------------------- */

/* What a person typed, and, before 17, what functions of indexes and views find by their words: else a build that works in psql would
 * break off here, and leave an invalid index. They run as the owner of the table. From 17 on the server has a path of its own for them. */
bool maintain_own_path(const struct maintain *m)
{
	return m->action->target == ACTION_ON_DEFINITION || (maintain_is_relation(m->action) && m->version < 170000);
}

static bool send_begin(struct maintain *m)
{
	char lock[32], statement[32];
	const char *values[VALUES_MAX] = {m->application, lock, statement, maintain_own_path(m) ? "t" : "f"};

	snprintf(lock, sizeof lock, "%.0f", m->action->lock_timeout_ms);
	snprintf(statement, sizeof statement, "%.0f", m->action->statement_timeout_ms);
	return maintain_ask(m, "act_begin", values);
}

static void take_begin(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *began = maintain_cell(o->result, 0, "began");

	if (o->why || !began) {
		refuse(m, o->why ? o->why->code : ERR_PROTOCOL, o->why ? o->why->text : "the server's answer makes no sense");
		return;
	}
	snprintf(m->began, sizeof m->began, "%s", began);
	maintain_next(m);
}

/* --- the audit log --------------------------------------------------------------------------------------------------- */

static void send_statement(struct maintain *m);

static void on_intent(void *ctx, const struct err *why)
{
	struct maintain *m = ctx;

	m->intending = false;
	if (m->task.state == TASK_DONE)
		return;
	if (why) {
		refuse(m, why->code, why->text);
		return;
	}
	m->intended = true;
	if (m->cancelled)
		refuse(m, ERR_LOST, "cancelled");
	else
		send_statement(m);
}

static const char *consent(const struct maintain *m)
{
	if (m->consent)
		return m->consent;
	return m->task.question.weight == TASK_WEIGHT_WORD ? "typed the name" : "y";
}

static bool is_secret(const struct maintain *m, const struct item *it)
{
	return m->action->target == ACTION_ON_SETTING && it->target && action_named(m->action->secret, it->target);
}

bool maintain_is_secret(const struct task *t)
{
	const struct maintain *m = (const struct maintain *)t;

	for (int i = 0; i < m->items; i++)
		if (is_secret(m, &m->item[i]))
			return true;
	return false;
}

static void intend(struct maintain *m)
{
	struct item *it = maintain_item(m);
	struct buf sql = BUF_INIT(TASK_SQL_MAX * 2);
	char host[256], port[16], identity[80] = "";
	struct audit_intent i = {.id = m->id, .action = m->action->name, .target = it->target, .confirmed = consent(m),
	                         .foreign = is_secret(m, it)};

	audit_place(pgwork_name(m->work), host, port);
	i.server = (struct audit_server){.name = pgwork_name(m->work), .host = host, .port = port, .database = m->database,
	                                 .role = m->role, .system_id = m->system_id, .version = m->version_text};
	if (maintain_is_relation(m->action))
		snprintf(identity, sizeof identity, "oid %u, kind %c, filenode %s", (unsigned)it->oid, it->kind, it->filenode);
	i.identity = identity[0] ? identity : NULL;
	for (int step = 0; step < m->action->steps; step++)
		buf_addf(&sql, "%s%s", step ? ";\n" : "", it->sql[step]);
	i.sql = buf_text(&sql);
	m->intending = true;
	audit_intent(m->audit, &i, on_intent, m);
	buf_release(&sql);
}

/* --- the statement --------------------------------------------------------------------------------------------------- */

static void on_statement(void *ctx, const struct pgwork_outcome *o)
{
	struct maintain *m = ctx;

	m->statement = false;
	if (m->task.state == TASK_DONE)
		return;
	m->elapsed_ms += o->elapsed_ms;
	m->rows = o->affected;
	m->step++;
	if (!o->why) {
		if (m->step < m->action->steps && !m->cancelled) {
			send_statement(m);
			return;
		}
		m->outcome = m->step < m->action->steps ? TASK_CANCELLED : TASK_OK;
		maintain_after(m);
		return;
	}
	m->why = *o->why;
	if (m->step > 1)
		task_say(&m->task, TASK_WARN, "statement %d of %d was done before", m->step - 1, m->action->steps);
	snprintf(m->sqlstate, sizeof m->sqlstate, "%s", o->sqlstate);
	if (o->why->code == ERR_LOST || (o->why->code == ERR_TIMEOUT && !o->sqlstate[0]))
		m->outcome = o->sent ? TASK_UNKNOWN : TASK_FAILED;
	else
		m->outcome = m->cancelled && strcmp(o->sqlstate, "57014") == 0 ? TASK_CANCELLED : TASK_FAILED;
	maintain_after(m);
}

static void send_statement(struct maintain *m)
{
	struct pgwork_query q = {.sql = maintain_item(m)->sql[m->step], .done = on_statement, .ctx = m};

	m->sent = m->statement = true;
	m->phase_ns = loop_now(m->loop)->mono_ns;
	m->phase[0] = '\0';
	maintain_watch(m);
	pgwork_run(m->work, &q, 1); /* alone: autocommit, top level */
}

static const struct round begin_rounds[] = {
	{send_identity, take_identity},
	{send_lock, take_lock},
	{send_holder, take_holder},
	{send_again, take_again},
	{send_invalid, take_invalid},
	{send_begin, take_begin},
};

void maintain_begin_item(struct maintain *m)
{
	m->step = m->warnings = m->checks = m->tries = 0;
	m->sent = m->intended = m->after = m->verifying = false;
	m->outcome = TASK_OPEN;
	m->why = (struct err){0};
	m->sqlstate[0] = '\0';
	m->elapsed_ms = 0;
	m->rows = -1;
	buf_clear(&m->warning);
	if (m->ok + m->failed > 0) {
		audit_id(m->id);
		snprintf(m->application, sizeof m->application, "dytop:%s:%s", m->id, m->action->name);
	}
	maintain_rounds(m, begin_rounds, ARRAY_LEN(begin_rounds), false, intend);
}

void maintain_run(struct maintain *m)
{
	task_run(&m->task, loop_now(m->loop)->mono_ns);
	for (m->at = 0; m->item[m->at].out; m->at++) /* at least one is left: it was asked about */
		;
	maintain_begin_item(m);
}

void maintain_lost(struct maintain *m, const struct err *why)
{
	if (m->task.state == TASK_LOOKING || m->task.state == TASK_ASKING)
		maintain_end(m, TASK_REFUSED, why);
	else if (!m->after)
		refuse(m, why->code, why->text);
	else {
		task_say(&m->task, TASK_WARN, "what came of it could not be looked at: %s", why->text);
		if (m->verifying) { /* it was warned of, and whether it was done after all was about to be asked */
			m->outcome = TASK_UNKNOWN;
			err_set(&m->why, ERR_LOST, "outcome unknown: the server warned (%s), and the connection was lost before it could "
			        "be asked", buf_text(&m->warning));
		}
		maintain_finish_item(m);
	}
}

void maintain_run_free(struct maintain *m)
{
	disk_cancel(m->disk);
	m->disk = NULL;
	loop_timer_stop(m->soon);
}
