/* SPDX-License-Identifier: PostgreSQL */
/* The first look at sessions that are to be signalled: who they are, whether they are left alone, what hangs on them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/signal_private.h"
#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/units.h"

enum { QUERY_SHOWN = 160 };

static void PRINTFLIKE(3, 4) refuse(struct signal_job *j, int code, const char *format, ...)
{
	char raw[ERR_TEXT_MAX];
	struct buf text = BUF_INIT(ERR_TEXT_MAX * 4);
	struct err why;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	clean_text(&text, raw, strlen(raw), CLEAN_LINE);
	err_set(&why, code, "%s", buf_text(&text));
	buf_release(&text);
	signal_finish(j, TASK_REFUSED, &why);
}

const char *signal_value(const struct signal_row *w, const char *name)
{
	int len;

	for (int i = 0; i < w->r->columns; i++)
		if (strcmp(pgresult_name(w->r, i), name) == 0)
			return pgresult_value(w->r, w->at, i, &len);
	return NULL;
}

const char *signal_text(const struct signal_row *w, const char *name)
{
	const char *v = signal_value(w, name);

	return v ? v : "";
}

static bool is_true(const struct signal_row *w, const char *name)
{
	return signal_text(w, name)[0] == 't';
}

int64_t signal_number(const struct signal_row *w, const char *name)
{
	return strtoll(signal_text(w, name), NULL, 10);
}

static void age_of(const struct signal_row *w, const char *name, char out[UNIT_TEXT_MAX])
{
	const char *v = signal_value(w, name);

	unit_format(out, UNIT_AGE, v ? strtod(v, NULL) : NAN, 0);
}

static bool is_among(const int *pids, int count, int pid)
{
	for (int i = 0; i < count; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* A session of this very dytop: refused with where to end it instead. */
static bool refused_as_own(struct signal_job *j, const struct signal_row *w, int pid)
{
	const char *application = signal_text(w, "application");
	bool unknown = j->conf.own_unknown || pgwork_is_pooled(j->work);

	if (is_among(j->own, j->conf.own_count, pid))
		refuse(j, ERR_INVALID, "backend %d is dytop's own session: it is left alone (q ends dytop)", pid);
	else if (is_among(j->jobs, j->conf.job_count, pid))
		refuse(j, ERR_INVALID, "backend %d works for a job of this dytop: it is left alone; J shows the job, c cancels it there",
		       pid);
	else if (is_true(w, "own") || strcmp(application, j->application) == 0)
		refuse(j, ERR_INVALID, "backend %d is the session that would %s it: it is left alone", pid, signal_verb(j));
	else if (unknown && strncmp(application, "dytop", 5) == 0)
		refuse(j, ERR_INVALID,
		       "backend %d calls itself %.40s, and behind a pooler dytop cannot tell whether it is its own session: it is left "
		       "alone (dytop %s -d with the server's own address does it)",
		       pid, application, signal_verb(j));
	else
		return false;
	return true;
}

static bool is_autovacuum(const struct signal_row *w)
{
	return strcmp(signal_text(w, "type"), "autovacuum worker") == 0;
}

static void refuse_right(struct signal_job *j, const struct signal_row *w)
{
	const char *we = signal_text(w, "we"), *whose = signal_value(w, "role") ? signal_text(w, "role") : "the server itself";

	if (is_autovacuum(w) && pgwork_version(j->work) >= 180000)
		refuse(j, ERR_PRIVILEGE, "%s may not %s what autovacuum does: GRANT pg_signal_autovacuum_worker TO %s", we, signal_verb(j), we);
	else if (is_autovacuum(w))
		refuse(j, ERR_PRIVILEGE, "%s may not %s what autovacuum does: before PostgreSQL 18 only a superuser may", we, signal_verb(j));
	else if (!is_true(w, "member"))
		refuse(j, ERR_PRIVILEGE, "%s may not %s sessions of %s: GRANT pg_signal_backend TO %s", we, signal_verb(j), whose, we);
	else if (pgwork_version(j->work) >= 160000)
		refuse(j, ERR_PRIVILEGE,
		       "%s may not %s sessions of %s, for it is in pg_signal_backend without its rights: GRANT "
		       "pg_signal_backend TO %s WITH INHERIT TRUE",
		       we, signal_verb(j), whose, we);
	else
		refuse(j, ERR_PRIVILEGE,
		       "%s may not %s sessions of %s, for it is in pg_signal_backend without its rights: ALTER ROLE %s INHERIT", we,
		       signal_verb(j), whose, we);
}

/* Why this session is left alone; false when nothing speaks against it. */
static bool guarded(struct signal_job *j, const struct signal_row *w, const struct signal_who *t)
{
	const char *type = signal_text(w, "type"), *leader = signal_value(w, "leader");
	int pid = t->who.pid;

	if (strcmp(type, "walsender") == 0)
		refuse(j, ERR_INVALID,
		       "backend %d is a walsender: ending it breaks replication to %s; it is left alone", pid,
		       signal_text(w, "application"));
	else if (strcmp(type, "parallel worker") == 0)
		refuse(j, ERR_INVALID, "backend %d is a parallel worker of backend %s: act on that one", pid,
		       leader ? leader : "its leader");
	else if (strcmp(type, "client backend") != 0 && strcmp(type, "autovacuum worker") != 0)
		refuse(j, ERR_INVALID, "backend %d is a process of the server itself (%s): it is left alone", pid,
		       type);
	else if (is_true(w, "superuser") && !is_true(w, "we_superuser"))
		refuse(j, ERR_PRIVILEGE,
		       "backend %d is a session of %s, a superuser: only a superuser may %s it, and %s is none", pid,
		       signal_text(w, "role"), signal_verb(j), signal_text(w, "we"));
	else if (is_true(w, "superuser") && !j->conf.superusers)
		refuse(j, ERR_INVALID,
		       "backend %d is a session of %s, a superuser: it is left alone (dytop %s --superusers %d does "
		       "it)",
		       pid, signal_text(w, "role"), signal_verb(j), pid);
	else if (!is_true(w, "allowed"))
		refuse_right(j, w);
	else
		return false;
	return true;
}

/* Whether it is still who and what was meant; refuses when not. */
static bool identified(struct signal_job *j, const struct signal_row *w, struct signal_who *t)
{
	const char *state = signal_text(w, "state");
	int pid = t->who.pid;

	if (!signal_value(w, "start") && !signal_value(w, "role_oid") && !signal_value(w, "type")) {
		if (signal_value(w, "application") || signal_value(w, "database"))
			refuse(j, ERR_PRIVILEGE, "what backend %d is cannot be seen: GRANT pg_monitor TO %s", pid,
			       signal_text(w, "we"));
		else
			refuse(j, ERR_NOT_FOUND, "already finished: there is no backend %d any more", pid);
		return false;
	}
	if (!signal_value(w, "start")) {
		refuse(j, ERR_PRIVILEGE, "since when backend %d is connected cannot be seen: GRANT pg_monitor TO %s",
		       pid, signal_text(w, "we"));
		return false;
	}
	if (t->who.start_us != 0 && t->who.start_us != signal_number(w, "start")) {
		refuse(j, ERR_NOT_FOUND, "already finished: the pid %d belongs to another session now", pid);
		return false;
	}
	if (refused_as_own(j, w, pid))
		return false;
	if (j->conf.kind == SIGNAL_CANCEL && strncmp(state, "idle in transaction", 19) == 0) {
		refuse(j, ERR_INVALID,
		       "backend %d runs nothing, but its transaction is open: a cancel does not end that; terminate "
		       "(K) does",
		       pid);
		return false;
	}
	if (j->conf.kind == SIGNAL_CANCEL && strcmp(state, "active") != 0) {
		refuse(j, ERR_NOT_FOUND, "already finished: backend %d runs nothing now", pid);
		return false;
	}
	t->who.start_us = signal_number(w, "start");
	t->query_start_us = signal_number(w, "query_start");
	snprintf(t->role_oid, sizeof t->role_oid, "%s", signal_text(w, "role_oid"));
	return true;
}

static void set_name(struct signal_who *t, const struct signal_row *w)
{
	struct buf raw = BUF_INIT(1024), text = BUF_INIT(4096);

	buf_addf(&raw, "backend %d, %s", t->who.pid,
		 signal_value(w, "role") ? signal_text(w, "role") : signal_text(w, "type"));
	if (signal_value(w, "client"))
		buf_addf(&raw, " from %s", signal_text(w, "client"));
	clean_text(&text, buf_text(&raw), raw.len, CLEAN_LINE);
	snprintf(t->name, sizeof t->name, "%s", buf_text(&text));
	buf_release(&raw);
	buf_release(&text);
}

static void say_session(struct signal_job *j, const struct signal_row *w, struct signal_who *t)
{
	char query[UNIT_TEXT_MAX], session[UNIT_TEXT_MAX], xact[UNIT_TEXT_MAX];
	int64_t held_up = signal_number(w, "held_up");

	set_name(t, w);
	age_of(w, "query_ms", query);
	age_of(w, "session_ms", session);
	age_of(w, "xact_ms", xact);
	task_say(&j->task, TASK_PLAIN, "%s, database %s, application %s, connected for %s", t->name,
		 signal_text(w, "database"), signal_text(w, "application")[0] ? signal_text(w, "application") : "-",
		 session);
	task_say(&j->task, TASK_PLAIN, "  %s for %s: %.*s",
		 strcmp(signal_text(w, "state"), "active") == 0 ? "runs" : signal_text(w, "state"), query, QUERY_SHOWN,
		 signal_text(w, "query"));
	if (signal_value(w, "wait_event"))
		task_say(&j->task, TASK_PLAIN, "  waits on %s:%s", signal_text(w, "wait_event_type"),
			 signal_text(w, "wait_event"));
	if (is_true(w, "has_written"))
		task_say(&j->task, TASK_WARN, "  its transaction, open for %s, has written: that is rolled back", xact);
	if (is_autovacuum(w) && strstr(signal_text(w, "query"), "(to prevent wraparound)"))
		task_say(&j->task, TASK_WARN, "  it keeps transaction ids from running out: it begins again at once and from the start, and "
			 "where it never ends the server stops taking writes");
	if (held_up > 0)
		task_say(&j->task, TASK_PLAIN, "  %lld session%s wait%s for its locks", (long long)held_up,
			 held_up == 1 ? "" : "s", held_up == 1 ? "s" : "");
	if (strncmp(signal_text(w, "application"), "dytop", 5) == 0)
		task_say(&j->task, TASK_WARN,
			 "  it calls itself dytop: perhaps a job that somebody started; J shows those of this dytop");
	j->active |= strcmp(signal_text(w, "state"), "active") == 0;
}

static void say_where(struct signal_job *j, const struct signal_row *w)
{
	task_say(&j->task, TASK_PLAIN, "on %s as %s, PostgreSQL %s, %s", j->where, signal_text(w, "we"),
		 signal_text(w, "version"), is_true(w, "standby") ? "standby" : "primary");
	if (is_true(w, "we_superuser"))
		task_say(&j->task, TASK_WARN,
			 "%s is a superuser: a role with pg_signal_backend would do (sql/roles.sql)",
			 signal_text(w, "we"));
	j->role = mem_strdup(signal_text(w, "we"));
	j->database = mem_strdup(signal_text(w, "here"));
	j->version = mem_strdup(signal_text(w, "version"));
}

/* The statements as they will be sent, with what stands for their parameters. */
static void write_sql(const struct signal_job *j, struct buf *sql)
{
	size_t len = strlen(j->text[TEXT_SEND]);

	while (len > 0 && j->text[TEXT_SEND][len - 1] == '\n')
		len--;
	buf_add(sql, j->text[TEXT_SEND], len);
	for (int i = 0; i < j->count; i++) {
		const struct signal_who *t = &j->target[i];

		buf_addf(sql, "\n-- $1 = %d, $2 = %lld, $3 = %s", t->who.pid, (long long)t->who.start_us,
			 t->role_oid[0] ? t->role_oid : "NULL");
		if (j->conf.kind == SIGNAL_CANCEL)
			buf_addf(sql, ", $4 = %lld", (long long)t->query_start_us);
	}
}

static void ask(struct signal_job *j)
{
	struct task_question q = {.expires_ms = 30000,
				  .danger = j->conf.kind == SIGNAL_TERMINATE,
				  .weight = j->conf.kind == SIGNAL_CANCEL ? TASK_WEIGHT_YES : TASK_WEIGHT_WORD};
	struct buf sql = BUF_INIT(TASK_SQL_MAX);

	if (j->conf.kind == SIGNAL_TERMINATE && j->active)
		task_say(&j->task, TASK_PLAIN, "to cancel what runs there (C) is milder: the session stays");
	if (j->count > 1)
		snprintf(q.title, sizeof q.title,
			 j->conf.kind == SIGNAL_CANCEL ? "Cancel what these %d sessions run?"
						       : "End these %d sessions?",
			 j->count);
	else
		snprintf(q.title, sizeof q.title,
			 j->conf.kind == SIGNAL_CANCEL ? "Cancel what %.120s runs?" : "End the session of %.120s?",
			 j->target[0].name);
	for (int i = 0; i < j->count; i++)
		snprintf(q.word + strlen(q.word), sizeof q.word - strlen(q.word), "%s%d", i ? " " : "",
			 j->target[i].who.pid);
	write_sql(j, &sql);
	task_sql(&j->task, buf_text(&sql), sql.len);
	buf_release(&sql);
	task_ask(&j->task, &q);
}

void signal_looked(void *ctx, const struct pgwork_outcome *o)
{
	struct signal_job *j = ctx;

	if (o->why) {
		signal_finish(j, TASK_REFUSED, o->why);
		return;
	}
	for (int i = 0; i < j->count; i++) {
		struct signal_row w = {o->result, i};

		if (o->result->rows <= i) {
			refuse(j, ERR_PROTOCOL, "the server said nothing about backend %d", j->target[i].who.pid);
			return;
		}
		if (i == 0)
			say_where(j, &w);
		if (!identified(j, &w, &j->target[i]) || guarded(j, &w, &j->target[i]))
			return;
		say_session(j, &w, &j->target[i]);
	}
	ask(j);
}
