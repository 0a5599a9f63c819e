/* SPDX-License-Identifier: PostgreSQL */
/* Which statement it is, whose, and in which database; then the session that plans it, and whether it is too strong for that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/mem.h"

/* While it asks nothing is under way that would tell. */
static void explain_lost(void *ctx, const struct err *why)
{
	struct explain *e = ctx;
	struct err text = *why;

	if (e->task.state != TASK_ASKING)
		return;
	err_prefix(&text, "nothing was sent");
	explain_end(e, TASK_REFUSED, &text);
}

static int connect_to(struct explain *e, struct pgwork **out, const char *over, const char *dbname, struct err *why)
{
	struct pgwork_events events = {.down = explain_lost, .ctx = e};
	struct pgwork_conf conf = {.conf = e->conf.conf, .like = e->conf.like, .over = over, .dbname = dbname,
	                           .application = e->application, .log = e->conf.log};
	int rc = pgwork_new(out, e->loop, &conf, &events, why);

	if (rc == 0)
		pgwork_open(*out);
	return rc;
}

/* A batch that could not be asked at all, or was refused. */
static bool lost(struct explain *e, const char *what)
{
	if (e->failed < 0)
		return false;
	if (e->cancelled)
		explain_end(e, TASK_CANCELLED, NULL);
	else
		explain_fail(e, e->sent || e->why.code == ERR_AUTH ? e->why.code : ERR_CONNECT, "%s: %s", what, e->why.text);
	return true;
}

static void ask(struct explain *e, const char *file, explain_take *take, const char *const *values, int count)
{
	explain_batch(e, false);
	explain_local(e, "pg_catalog", "auto", EXPLAIN_PLAN_TIMEOUT_MS);
	explain_add(e, file, take, values, count);
	explain_add(e, "explain_end", NULL, NULL, 0);
}

/* --- the texts that run now --------------------------------------------------------------------------------------- */

static void take_seen(struct explain *e, const struct pgresult *r)
{
	for (int i = 0; i < r->rows && e->seen_count < (int)ARRAY_LEN(e->seen); i++) {
		char *text = explain_text(r, i, "query");

		if (text)
			e->seen[e->seen_count++] = text;
	}
}

static void found(struct explain *e)
{
	struct pgwork *find = e->find;

	e->find = NULL; /* whatever became of the texts seen: without them there are statistics */
	pgwork_free(find);
	explain_connect(e);
}

static void look_for_texts(struct explain *e)
{
	char queryid[32], dbid[32];
	const char *values[] = {queryid, dbid};

	if (e->queryid == 0 || e->conf.param_count > 0) {
		found(e);
		return;
	}
	snprintf(queryid, sizeof queryid, "%lld", (long long)e->queryid);
	snprintf(dbid, sizeof dbid, "%lld", (long long)e->dbid);
	ask(e, "explain_seen", take_seen, values, 2);
	explain_send(e, e->find, found);
}

/* --- an entry of pg_stat_statements ------------------------------------------------------------------------------- */

static void take_statement(struct explain *e, const struct pgresult *r)
{
	if (r->rows == 0)
		return;
	free(e->sql);
	e->sql = explain_text(r, 0, "query");
	explain_copy(r, 0, "dbname", e->dbname, sizeof e->dbname);
	explain_copy(r, 0, "author", e->author, sizeof e->author);
	e->dbid = explain_int(r, 0, "dbid");
	e->calls = explain_int(r, 0, "calls");
	e->rows = explain_int(r, 0, "rows");
	e->entries = explain_int(r, 0, "entries");
	e->cut = false;
}

static void statement_found(struct explain *e)
{
	if (lost(e, "the statement cannot be looked up in pg_stat_statements"))
		return;
	if (e->cut)
		explain_fail(e, ERR_UNSUPPORTED, "the text is incomplete (track_activity_query_size), and pg_stat_statements does "
		             "not have it either: raise track_activity_query_size (restart)");
	else if (!e->sql)
		explain_fail(e, ERR_NOT_FOUND, "pg_stat_statements has no statement %lld: it was evicted or reset, belongs to another "
		             "server, or is hidden (role %s sees others' only with pg_read_all_stats)", (long long)e->queryid,
		             pgwork_user(e->find));
	else if (strcmp(e->sql, "<insufficient privilege>") == 0)
		explain_fail(e, ERR_PRIVILEGE, "the text is hidden from role %s: GRANT pg_read_all_stats TO it", pgwork_user(e->find));
	else if (!e->dbname[0])
		explain_fail(e, ERR_NOT_FOUND, "the statement's database (oid %lld) was dropped", (long long)e->dbid);
	else {
		if (e->entries > 1)
			task_say(&e->task, TASK_PLAIN, "%lld entries have this query id: that of %s in database %s is taken",
			         (long long)e->entries, e->author[0] ? e->author : "a dropped role", e->dbname);
		look_for_texts(e);
	}
}

static void look_up_statement(struct explain *e)
{
	char queryid[32], dbid[32], userid[32];
	const char *values[] = {queryid, dbid, userid};

	if (lost(e, "the statement cannot be looked up"))
		return;
	if (!e->schema) {
		explain_fail(e, ERR_UNSUPPORTED, "pg_stat_statements is not installed in database %s: CREATE EXTENSION "
		             "pg_stat_statements, or name a database that has it", pgwork_dbname(e->find));
		return;
	}
	snprintf(queryid, sizeof queryid, "%lld", (long long)e->queryid);
	snprintf(dbid, sizeof dbid, "%lld", (long long)(e->conf.pid > 0 ? e->dbid : e->conf.dbid));
	snprintf(userid, sizeof userid, "%lld", (long long)e->conf.userid);
	ask(e, "explain_statement", take_statement, values, 3);
	explain_send(e, e->find, statement_found);
}

static void take_schema(struct explain *e, const struct pgresult *r)
{
	free(e->schema);
	e->schema = explain_text(r, 0, "schema");
}

static void look_for_statements(struct explain *e)
{
	const char *values[] = {"pg_stat_statements"};

	ask(e, "explain_extension", take_schema, values, 1);
	explain_send(e, e->find, look_up_statement);
}

/* --- what a session runs ------------------------------------------------------------------------------------------ */


static void take_session(struct explain *e, const struct pgresult *r)
{
	if (r->rows == 0)
		return;
	e->sql = explain_text(r, 0, "query");
	explain_copy(r, 0, "dbname", e->dbname, sizeof e->dbname);
	explain_copy(r, 0, "author", e->author, sizeof e->author);
	e->dbid = explain_int(r, 0, "dbid");
	e->queryid = explain_int(r, 0, "queryid");
	e->cut = explain_bool(r, 0, "cut");
	e->entries = 1;
}

static void session_found(struct explain *e)
{
	if (lost(e, "the session cannot be looked at"))
		return;
	if (e->entries == 0)
		explain_fail(e, ERR_NOT_FOUND, "backend %d has ended, or its pid belongs to another session now", e->conf.pid);
	else if (e->sql && strcmp(e->sql, "<insufficient privilege>") == 0)
		explain_fail(e, ERR_PRIVILEGE, "the text is hidden from role %s: GRANT pg_read_all_stats TO it", pgwork_user(e->find));
	else if (!e->sql || !e->sql[0] || !e->dbname[0])
		explain_fail(e, ERR_NOT_FOUND, "backend %d has run no statement that could be planned", e->conf.pid);
	else if (e->cut && e->queryid != 0) {
		task_say(&e->task, TASK_PLAIN, "the session's text is incomplete: taken from pg_stat_statements");
		look_for_statements(e);
	} else if (e->cut)
		explain_fail(e, ERR_UNSUPPORTED, "the text is incomplete: it fills track_activity_query_size; raise that (restart), or "
		             "switch on compute_query_id and pg_stat_statements, which keeps whole texts");
	else
		look_for_texts(e);
}

void explain_find(struct explain *e)
{
	char pid[32], start[32];
	const char *values[] = {pid, start};
	struct err why = {0};

	if (e->conf.analyze && (e->conf.read_only || !e->conf.audit)) {
		err_set(&why, ERR_PRIVILEGE, e->conf.read_only ? "--read-only: nothing is run; a plan without running it is allowed" :
		                                                 "it cannot be audited, so it is not run");
		explain_end(e, TASK_REFUSED, &why);
		return;
	}
	if (e->found) {
		explain_connect(e);
		return;
	}
	if (e->conf.pid <= 0 && e->conf.queryid == 0) {
		e->sql = mem_strdup(e->conf.sql);
		snprintf(e->dbname, sizeof e->dbname, "%s", e->conf.dbname ? e->conf.dbname : "");
		explain_connect(e);
		return;
	}
	e->foreign = true;
	if (connect_to(e, &e->find, NULL, NULL, &why) < 0) {
		explain_end(e, TASK_FAILED, &why);
		return;
	}
	e->queryid = e->conf.queryid;
	if (e->conf.pid <= 0) {
		look_for_statements(e);
		return;
	}
	snprintf(pid, sizeof pid, "%d", e->conf.pid);
	snprintf(start, sizeof start, "%lld", (long long)e->conf.backend_start_us);
	ask(e, "explain_session", take_session, values, 2);
	explain_send(e, e->find, session_found);
}

/* --- the session that plans, and its rights ----------------------------------------------------------------------- */

static void take_rights(struct explain *e, const struct pgresult *r)
{
	char writes[150];
	const char *comma;

	if (r->rows == 0)
		return;
	explain_copy(r, 0, "login", e->login, sizeof e->login);
	explain_copy(r, 0, "stronger", e->stronger, 220);
	explain_copy(r, 0, "writes", writes, sizeof writes);
	e->super = explain_bool(r, 0, "super");
	e->author_known = explain_bool(r, 0, "known");
	e->author_super = explain_bool(r, 0, "author_super");
	e->same = explain_bool(r, 0, "same");
	e->weighed = true;
	size_t len = strlen(e->stronger);
	comma = len > 0 ? ", " : "";
	if (writes[0] && snprintf(e->stronger + len, sizeof e->stronger - len, "%swriting to %s", comma, writes) < 0)
		e->stronger[len] = '\0';
}

static void take_path(struct explain *e, const struct pgresult *r)
{
	free(e->path);
	e->path = explain_text(r, 0, "path");
}

static void take_hypopg(struct explain *e, const struct pgresult *r)
{
	free(e->hypopg);
	e->hypopg = explain_text(r, 0, "schema");
}

/* What a yes would be to. Another text, author or login, or more rights than then, is another question. */
static char *terms_of(const struct explain *e)
{
	struct buf text = BUF_INIT(EXPLAIN_STATEMENT_MAX + 4096);

	buf_addf(&text, "%s\n%s\n%s\n%d%d\n%s\n%s", e->dbname, e->author, e->login, e->weighed, e->super, e->stronger, e->sql);
	if (text.failed) { /* too long to be planned at all */
		buf_release(&text);
		return NULL;
	}
	return buf_take(&text);
}

/* A yes of before, to exactly this. */
static bool agreed_before(struct explain *e)
{
	char *terms = terms_of(e);

	e->agreed = terms && e->terms && strcmp(terms, e->terms) == 0;
	free(e->terms);
	e->terms = terms;
	return e->agreed;
}

static void ask_for_rights(struct explain *e)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = 30000, .danger = true};
	const char *author = e->author[0] ? e->author : "a dropped role";

	task_say(&e->task, TASK_WARN, "planning runs functions that %s's statement calls, with the rights of %s%s", author, e->login,
	         e->super ? ", a superuser: such a function may do anything on that host" : "");
	if (!e->weighed)
		task_say(&e->task, TASK_WARN, "whether %s may do more than %s could not be found out", e->login, author);
	else if (!e->super)
		task_say(&e->task, TASK_WARN, "%s has what %s lacks: %s", e->login, author, e->stronger);
	if (agreed_before(e) || e->conf.trust) {
		explain_audited(e, e->sql, explain_plan_it);
		return;
	}
	task_say(&e->task, TASK_PLAIN, "without this question: --explain-as \"user=...\", a login that may only read the tables%s",
	         e->conf.role ? " (a function can take off the role of --explain-role)" : "");
	if (!task_sql(&e->task, e->sql, strlen(e->sql))) {
		explain_fail(e, ERR_TOO_BIG, "it is not planned: it has %zu kB, more than the %d kB that can be shown before you agree; "
		             "a login that may do no more than %s needs no such question (--explain-as)", strlen(e->sql) >> 10,
		             TASK_SQL_MAX >> 10, author);
		return;
	}
	snprintf(q.title, sizeof q.title, "Plan a statement of %s as %s?", author, e->login);
	task_ask(&e->task, &q);
}

static void weighed(struct explain *e)
{
	bool rights_failed = e->failed >= 0 && !e->weighed && e->foreign && strcmp(e->sqlstate, "57014") == 0 && !e->cancelled;

	if (!rights_failed && lost(e, "the session that plans"))
		return;
	if (pgwork_version(e->work) < 130000 && pgwork_version(e->work) > 0)
		explain_fail(e, ERR_UNSUPPORTED, "PostgreSQL 13 or newer is needed to plan statements");
	else if (e->foreign && !e->same && !e->author_super && (!e->weighed || e->super || e->stronger[0]))
		ask_for_rights(e);
	else
		explain_plan_it(e);
}

/* The rights could not be weighed in time: the rest is still needed. */
static void without_rights(struct explain *e)
{
	const char *author[] = {e->foreign && e->author[0] ? e->author : NULL}, *hypopg[] = {"hypopg"};

	if (e->failed < 0 || e->weighed || strcmp(e->sqlstate, "57014") != 0 || e->cancelled) {
		weighed(e);
		return;
	}
	explain_batch(e, false);
	explain_add(e, "explain_end", NULL, NULL, 0);
	explain_add(e, "explain_begin", NULL, NULL, 0);
	explain_local(e, "pg_catalog", "auto", EXPLAIN_PLAN_TIMEOUT_MS);
	explain_add(e, "explain_path", take_path, author, 1);
	explain_add(e, "explain_extension", take_hypopg, hypopg, 1);
	explain_add(e, "explain_end", NULL, NULL, 0);
	explain_send(e, e->work, weighed);
}

static void take_identity(void *ctx, const struct pgwork_outcome *o)
{
	struct explain *e = ctx;

	if (!o->why && !e->system_id)
		e->system_id = explain_text(o->result, 0, "system_identifier");
}

/* For the audit log, which does without where a role is refused it. */
static void ask_identity(struct explain *e)
{
	struct pgwork_query q = {.sql = e->conf.text(e->conf.text_ctx, "pg_identity"), .deadline_ms = EXPLAIN_PLAN_TIMEOUT_MS,
	                         .done = take_identity, .ctx = e};

	if (e->conf.audit)
		pgwork_run(e->work, &q, 1);
}

void explain_weigh(struct explain *e)
{
	const char *author[] = {e->author[0] ? e->author : NULL}, *hypopg[] = {"hypopg"};

	ask_identity(e);
	explain_batch(e, false);
	explain_local(e, "pg_catalog", "auto", 2000);
	if (e->foreign)
		explain_add(e, "explain_rights", take_rights, author, 1);
	explain_add(e, "explain_path", take_path, author, 1);
	explain_add(e, "explain_extension", take_hypopg, hypopg, 1);
	explain_add(e, "explain_end", NULL, NULL, 0);
	explain_send(e, e->work, without_rights);
}

void explain_connect(struct explain *e)
{
	struct err why;

	if (connect_to(e, &e->work, e->conf.over, e->dbname[0] ? e->dbname : NULL, &why) < 0)
		explain_end(e, TASK_FAILED, &why);
	else
		explain_weigh(e);
}
