/* SPDX-License-Identifier: PostgreSQL */
/* Before the question: who we are there, and what the target is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/maintain_private.h"
#include "core/clean.h"
#include "core/mem.h"

char *maintain_clean_copy(const char *raw)
{
	struct buf text = BUF_INIT(TASK_SQL_MAX);

	clean_text(&text, raw, strlen(raw), CLEAN_LINE);
	return buf_take(&text);
}

/* In a batch, which of them is meant. */
void maintain_say(struct maintain *m, enum task_mark mark, const char *text)
{
	const char *prefix = maintain_prefix(m);

	task_say(&m->task, mark, "%s%s%s", prefix, prefix[0] ? ": " : "", text);
}

void maintain_refuse_item(struct maintain *m, int code, const char *why)
{
	struct item *it = maintain_item(m);
	struct err e;

	it->out = true;
	it->missed = code != ERR_TOO_BIG;
	if (m->items > 1) {
		task_say(&m->task, TASK_BAD, "%s is left out: %s", it->shown[0] ? it->shown : "one", why);
		return;
	}
	err_set(&e, code, "%s%s%s", it->shown, it->shown[0] ? ": " : "", why);
	task_say(&m->task, TASK_BAD, "%s", why);
	maintain_end(m, TASK_REFUSED, &e);
}

/* A round that only tells something is no reason to stop. */
bool maintain_not_known(struct maintain *m, const struct pgwork_outcome *o, const char *what)
{
	if (!o->why)
		return false;
	task_say(&m->task, TASK_WARN, "%s is not known: %s", what, o->why->text);
	return true;
}

const char *maintain_oid_text(const struct item *it, char out[16])
{
	snprintf(out, 16, "%u", (unsigned)it->oid);
	return out;
}

/* --- the session ----------------------------------------------------------------------------------------------------- */

static bool send_session(struct maintain *m)
{
	return maintain_ask(m, "act_session", NULL);
}

static void take_session(struct maintain *m, const struct pgwork_outcome *o)
{
	const struct action *a = m->action;
	const struct pgresult *r = o->result;
	const char *pid = maintain_cell(r, 0, "pid"), *version = maintain_cell(r, 0, "version");
	struct err why;

	if (o->why || !pid || !version) {
		maintain_end(m, TASK_REFUSED, o->why);
		return;
	}
	m->version = (int)strtol(version, NULL, 10);
	m->role = mem_strdup(maintain_cell(r, 0, "role"));
	m->database = mem_strdup(maintain_cell(r, 0, "database"));
	m->version_text = mem_strdup(maintain_cell(r, 0, "version_text"));
	m->superuser = strcmp(maintain_cell(r, 0, "superuser"), "on") == 0;
	m->standby = maintain_true(r, 0, "standby");
	m->server = maintain_clean_copy(pgwork_name(m->work));
	if (strtol(pid, NULL, 10) != pgwork_backend_pid(m->work))
		err_set(&why, ERR_UNSUPPORTED, "%s is a pooler: maintenance needs a session of its own; give the server itself "
		                               "(--operator \"host=... port=...\")", m->server);
	else if (m->version < a->since || (a->until > 0 && m->version >= a->until))
		err_set(&why, ERR_UNSUPPORTED, "%s does not work on PostgreSQL %s", a->name, m->version_text);
	else if (m->standby && !a->standby)
		err_set(&why, ERR_UNSUPPORTED, "%s is a standby: %s runs on the primary only", m->server, a->name);
	else {
		m->task.backend_pid = pgwork_backend_pid(m->work);
		task_say(&m->task, TASK_PLAIN, "as %s on %s, %s, PostgreSQL %s", m->role, m->server, m->standby ? "a standby" : "primary",
		         m->version_text);
		if (m->superuser)
			task_say(&m->task, TASK_WARN, "%s is a superuser: a role with only the rights it needs is safer (--operator)", m->role);
		maintain_next(m);
		return;
	}
	maintain_end(m, TASK_REFUSED, &why);
}

static bool send_system(struct maintain *m)
{
	return maintain_ask(m, "pg_identity", NULL);
}

static void take_system(struct maintain *m, const struct pgwork_outcome *o)
{
	if (!o->why) /* a role may be refused it; the audit log has null then */
		m->system_id = mem_strdup(maintain_cell(o->result, 0, "system_identifier"));
	maintain_next(m);
}

static bool send_extension(struct maintain *m)
{
	const char *values[VALUES_MAX] = {m->action->extension};

	return m->action->extension && maintain_ask(m, "act_extension", values);
}

static void take_extension(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *schema = maintain_cell(o->result, 0, "schema");
	struct err why;

	if (schema) {
		m->extension = mem_strdup(schema);
		maintain_next(m);
		return;
	}
	if (o->why)
		why = *o->why;
	else
		err_set(&why, ERR_UNSUPPORTED, "the extension %s is not installed in database %s", m->action->extension, m->database);
	maintain_end(m, TASK_REFUSED, &why);
}

static bool send_holder(struct maintain *m)
{
	return m->action->alone && maintain_ask(m, "act_holder", NULL);
}

static void take_holder(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *text = maintain_cell(o->result, 0, "text");

	if (!maintain_not_known(m, o, "whether another action runs") && text)
		task_say(&m->task, TASK_BAD, "another action runs in this database, this one will be refused while it does: %s", text);
	maintain_next(m);
}

/* --- the target ------------------------------------------------------------------------------------------------------ */

static bool send_oid(struct maintain *m)
{
	struct item *it = maintain_item(m);
	char oid[16];
	const char *values[VALUES_MAX] = {maintain_oid_text(it, oid)};

	return maintain_is_relation(m->action) && it->oid != 0 && maintain_ask(m, "act_target_oid", values);
}

static bool send_name(struct maintain *m)
{
	struct item *it = maintain_item(m);
	const char *values[VALUES_MAX] = {it->name};
	struct err why = {0};
	char *table = NULL;
	bool sent;

	if (it->target || !maintain_is_relation(m->action))
		return false;
	if (m->action->target == ACTION_ON_DEFINITION) {
		if (maintain_definition(it->name, &it->definition, &table, &it->table_at, &why) < 0) {
			it->shown[0] = '\0';
			maintain_refuse_item(m, ERR_INVALID, why.text);
			return false;
		}
		it->table_len = strlen(table);
		values[0] = table;
	}
	sent = maintain_ask(m, "act_target_name", values);
	free(table);
	return sent;
}

static bool send_raw(struct maintain *m)
{
	struct item *it = maintain_item(m);
	const char *values[VALUES_MAX] = {it->name};

	return !it->target && maintain_is_relation(m->action) && m->action->target != ACTION_ON_DEFINITION &&
	       maintain_ask(m, "act_target_raw", values);
}

bool maintain_take_target(struct maintain *m, const struct pgresult *r, int row, struct item *it)
{
	const char *target = maintain_cell(r, row, "target"), *kind = maintain_cell(r, row, "relkind"),
	           *oid = maintain_cell(r, row, "oid"), *name = maintain_cell(r, row, "relname"),
	           *table = maintain_cell(r, row, "table"), *node = maintain_cell(r, row, "relfilenode");

	(void)m;
	if (!target || !kind || !oid || !name || !table)
		return false;
	it->target = mem_strdup(target);
	it->table = mem_strdup(table);
	it->kind = kind[0];
	it->oid = (uint32_t)strtoul(oid, NULL, 10);
	snprintf(it->filenode, sizeof it->filenode, "%s", node ? node : "");
	maintain_clean(it->shown, sizeof it->shown, target);
	maintain_clean(it->word, sizeof it->word, name);
	return true;
}

static const char *kind_name(char kind)
{
	switch (kind) {
	case 'r': return "a table";
	case 'p': return "a partitioned table";
	case 'm': return "a materialized view";
	case 'v': return "a view";
	case 'i': return "an index";
	case 'I': return "a partitioned index";
	case 'S': return "a sequence";
	case 'f': return "a foreign table";
	case 't': return "a TOAST table";
	default: return "something else";
	}
}

/* What else could be done with one of that kind; "" nothing. */
static const char *kind_hint(const struct action *a, char kind)
{
	switch (kind) {
	case 'p': return "; act on its partitions";
	case 'I': return "; act on the indexes of the partitions";
	case 'v': return "; nothing of it is stored";
	case 'f': return "; its rows are on another server";
	case 'r': return a->target == ACTION_ON_INDEX ? "; name one of its indexes" : "";
	case 'i': return strchr(a->kinds, 'r') ? "; name its table" : "";
	default: return "";
	}
}

/* "is a view; vacuum is for tables, materialized views and partitioned tables; nothing of it is stored" */
static void other_kind(const struct action *a, char kind, char *out, size_t room)
{
	static const struct {
		char kind;
		const char *names;
	} all[] = {{'r', "tables"},  {'p', "partitioned tables"}, {'m', "materialized views"}, {'f', "foreign tables"},
	           {'i', "indexes"}, {'I', "partitioned indexes"}, {'v', "views"}};
	struct buf text = BUF_INIT(400);
	int left = 0, at = 0;

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		left += strchr(a->kinds, all[i].kind) != NULL;
	buf_addf(&text, "is %s; %s is for ", kind_name(kind), a->name);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strchr(a->kinds, all[i].kind)) {
			buf_addf(&text, "%s%s", at == 0 ? "" : at == left - 1 ? " and " : ", ", all[i].names);
			at++;
		}
	buf_adds(&text, kind_hint(a, kind));
	snprintf(out, room, "%s", buf_text(&text));
	buf_release(&text);
}

/* Who may, and what would help. */
static bool check_right(struct maintain *m, const struct pgresult *r, int row)
{
	const struct action *a = m->action;
	const struct item *it = maintain_item(m);
	struct buf owner = BUF_INIT(256), text = BUF_INIT(2048);
	const char *raw = maintain_cell(r, row, "owner");
	bool may = !a->owner || maintain_true(r, row, "owned") || (a->maintain && maintain_true(r, row, "maintain")) ||
	           (a->database_owner && maintain_true(r, row, "database_owned"));

	if (may)
		return true;
	clean_text(&owner, raw ? raw : "?", strlen(raw ? raw : "?"), CLEAN_EXACT);
	buf_addf(&text, "%s may not: it belongs to %s", m->role, buf_text(&owner));
	if (maintain_true(r, row, "member")) {
		if (m->version >= 160000)
			buf_addf(&text, ", of which it is a member without inheriting its rights; GRANT %s TO %s WITH INHERIT TRUE",
			         buf_text(&owner), m->role);
		else
			buf_addf(&text, ", of which it is a member without inheriting its rights; ALTER ROLE %s INHERIT", m->role);
	} else if (a->maintain && m->version >= 170000)
		buf_addf(&text, "; GRANT MAINTAIN ON %s TO %s", it->kind == 'i' ? "its table" : it->shown, m->role);
	else
		buf_addf(&text, "; GRANT %s TO %s, or give its role with --operator", buf_text(&owner), m->role);
	maintain_refuse_item(m, ERR_PRIVILEGE, buf_text(&text));
	buf_release(&owner);
	buf_release(&text);
	return false;
}

/* The table that was found is the one that is asked about; what its name means after the yes may be another. */
static bool name_table(struct item *it)
{
	struct buf text = BUF_INIT(TASK_SQL_MAX);
	bool fits;

	buf_add(&text, it->definition, it->table_at);
	buf_adds(&text, it->target);
	buf_adds(&text, it->definition + it->table_at + it->table_len);
	fits = !text.failed;
	free(it->definition);
	it->definition = buf_take(&text);
	return fits;
}

static void check_target(struct maintain *m, const struct pgresult *r, int row)
{
	struct item *it = maintain_item(m);
	char text[300];

	if (!maintain_take_target(m, r, row, it))
		maintain_refuse_item(m, ERR_PROTOCOL, "the server's answer makes no sense");
	else if (it->definition && !name_table(it))
		maintain_refuse_item(m, ERR_TOO_BIG, "the statement is too long");
	else if (!strchr(m->action->kinds, it->kind)) {
		other_kind(m->action, it->kind, text, sizeof text);
		maintain_refuse_item(m, ERR_INVALID, text);
	} else if (check_right(m, r, row))
		maintain_say(m, TASK_GOOD, "may be done by this role");
	if (m->task.state != TASK_DONE)
		maintain_next(m);
}

static void take_oid(struct maintain *m, const struct pgwork_outcome *o)
{
	if (o->why || o->result->rows == 0) {
		maintain_refuse_item(m, ERR_NOT_FOUND, o->why ? o->why->text : "it is gone");
		if (m->task.state != TASK_DONE)
			maintain_next(m);
		return;
	}
	check_target(m, o->result, 0);
}

/* What SQL cannot read as a name may be one as it is stored: "; DROP TABLE x; --" */
static void take_name(struct maintain *m, const struct pgwork_outcome *o)
{
	if (!o->why && o->result->rows == 1)
		check_target(m, o->result, 0);
	else if (m->action->target == ACTION_ON_DEFINITION) {
		maintain_item(m)->shown[0] = '\0';
		maintain_refuse_item(m, ERR_NOT_FOUND, o->why ? o->why->text : "there is no such table");
		if (m->task.state != TASK_DONE)
			maintain_next(m);
	} else
		maintain_next(m);
}

static void take_raw(struct maintain *m, const struct pgwork_outcome *o)
{
	struct buf text = BUF_INIT(2048);

	if (!o->why && o->result->rows == 1) {
		check_target(m, o->result, 0);
		return;
	}
	if (o->why)
		buf_adds(&text, o->why->text);
	else if (o->result->rows == 0)
		buf_addf(&text, "there is no such relation in database %s", m->database);
	else
		buf_adds(&text, "there are several; say which:");
	for (int i = 0; !o->why && i < o->result->rows; i++) {
		const char *name = maintain_cell(o->result, i, "target");
		buf_adds(&text, i ? ", " : " ");
		if (name)
			clean_text(&text, name, strlen(name), CLEAN_EXACT);
	}
	maintain_refuse_item(m, ERR_NOT_FOUND, buf_text(&text));
	buf_release(&text);
	if (m->task.state != TASK_DONE)
		maintain_next(m);
}

static bool send_setting(struct maintain *m)
{
	const char *values[VALUES_MAX] = {maintain_item(m)->name};

	return m->action->target == ACTION_ON_SETTING && maintain_ask(m, "act_setting", values);
}

static void set_plain_target(struct item *it, const char *name)
{
	it->target = mem_strdup(name);
	maintain_clean(it->shown, sizeof it->shown, name);
	maintain_clean(it->word, sizeof it->word, name);
}

static void take_setting(struct maintain *m, const struct pgwork_outcome *o)
{
	const char *name = maintain_cell(o->result, 0, "name");

	if (name) {
		set_plain_target(maintain_item(m), name);
		maintain_item(m)->files = maintain_true(o->result, 0, "files");
	} else
		maintain_refuse_item(m, ERR_NOT_FOUND, o->why ? o->why->text : "the server has no such setting");
	if (m->task.state != TASK_DONE)
		maintain_next(m);
}

/* A query id is nothing to be looked up; the rest has no target. */
static bool send_plain(struct maintain *m)
{
	struct item *it = maintain_item(m);
	char *end = NULL;

	if (m->action->target == ACTION_ON_QUERY) {
		(void)strtoll(it->name, &end, 10);
		if (end == it->name || *end != '\0')
			maintain_refuse_item(m, ERR_INVALID, "that is no query id: a whole number is expected");
		else
			set_plain_target(it, it->name);
	} else if (m->action->target == ACTION_ON_NOTHING)
		maintain_clean(it->word, sizeof it->word, m->database);
	return false;
}

static const struct round session_rounds[] = {
	{send_session, take_session},
	{send_system, take_system},
	{send_extension, take_extension},
	{send_holder, take_holder},
};

static const struct round target_rounds[] = {
	{send_oid, take_oid},
	{send_name, take_name},
	{send_raw, take_raw},
	{send_setting, take_setting},
	{send_plain, NULL},
};

void maintain_session(struct maintain *m, void (*end)(struct maintain *m))
{
	maintain_rounds(m, session_rounds, ARRAY_LEN(session_rounds), false, end);
}

void maintain_targets(struct maintain *m, void (*end)(struct maintain *m))
{
	m->at = 0;
	maintain_rounds(m, target_rounds, ARRAY_LEN(target_rounds), true, end);
}
