/* SPDX-License-Identifier: PostgreSQL */
#include "source/pgstmt.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/mem.h"

/* --- extensions ------------------------------------------------------------------------------------------------------ */

void pgextensions_clear(struct pgextensions *e)
{
	for (int i = 0; i < e->count; i++) {
		free(e->at[i].name);
		free(e->at[i].schema);
		free(e->at[i].version);
	}
	free(e->at);
	*e = (struct pgextensions){0};
}

void pgextensions_add(struct pgextensions *e, const char *name, const char *schema, const char *version)
{
	e->at = mem_resize(e->at, (size_t)e->count + 1, sizeof(*e->at));
	e->at[e->count++] = (struct pgextension){mem_strdup(name), mem_strdup(schema), mem_strdup(version)};
}

const struct pgextension *pgextensions_find(const struct pgextensions *e, const char *name)
{
	for (int i = 0; i < e->count; i++) {
		if (strcmp(e->at[i].name, name) == 0)
			return &e->at[i];
	}
	return NULL;
}

/* --- bodies ---------------------------------------------------------------------------------------------------------- */

void pgstmt_quote(struct buf *out, const char *name)
{
	buf_addc(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

static int missing_extension(const char *name, const char *database, struct err *why)
{
	if (strcmp(name, "pg_stat_statements") == 0)
		return err_set(why, ERR_UNSUPPORTED,
		               "pg_stat_statements is not installed in database %s: CREATE EXTENSION pg_stat_statements "
		               "(it must also be in shared_preload_libraries)", database);
	return err_set(why, ERR_UNSUPPORTED, "extension %s is not installed in database %s: CREATE EXTENSION %s", name, database,
	               name);
}

/* :"X_schema" at `at`: the length of the hole, and X; 0 when there is none. */
static size_t hole(const char *at, struct str *extension)
{
	static const char end[] = "_schema\"";
	const char *close;

	if (at[0] != ':' || at[1] != '"')
		return 0;
	close = strstr(at + 2, end);
	if (!close || (size_t)(close - at) > 80 || memchr(at + 2, '"', (size_t)(close - at - 2)))
		return 0;
	*extension = (struct str){at + 2, (size_t)(close - at - 2)};
	return (size_t)(close - at) + sizeof(end) - 1;
}

/* Highest $n outside of quotes that do not close on their own; good enough for texts that we ship or a person wrote. */
static int count_params(const char *sql)
{
	int most = 0;

	for (const char *at = strchr(sql, '$'); at; at = strchr(at + 1, '$')) {
		int n = isdigit((unsigned char)at[1]) ? (int)strtol(at + 1, NULL, 10) : 0;

		if (n > most && n <= PANEL_KEYS_MAX * 2)
			most = n;
	}
	return most;
}

static int fill(struct pgstmt *s, const struct pgextensions *extensions, const char *database, struct err *why)
{
	struct buf sql = BUF_INIT(1 << 20);

	for (const char *at = s->body->text; *at;) {
		struct str name;
		size_t len = hole(at, &name);
		char extension[80];
		const struct pgextension *e;

		if (len == 0) {
			buf_addc(&sql, *at++);
			continue;
		}
		memcpy(extension, name.at, name.len);
		extension[name.len] = '\0';
		e = pgextensions_find(extensions, extension);
		if (!e) {
			buf_release(&sql);
			return missing_extension(extension, database, why);
		}
		pgstmt_quote(&sql, e->schema);
		at += len;
	}
	if (sql.failed) {
		buf_release(&sql);
		return err_set(why, ERR_TOO_BIG, "panel %s: its query is too long", s->panel->name);
	}
	free(s->sql);
	s->sql = buf_take(&sql);
	s->params = count_params(s->sql);
	return 0;
}

int pgstmt_choose(struct pgstmt *s, int server_version, const struct pgextensions *extensions, const char *database,
                  struct err *why)
{
	if (s->sql)
		return 0;
	for (int i = 0; s->panel->needs && s->panel->needs[i]; i++) {
		if (!pgextensions_find(extensions, s->panel->needs[i]))
			return missing_extension(s->panel->needs[i], database, why);
	}
	if (!s->body) {
		s->body = panel_body_for(s->panel, s->lookup, server_version, 0);
		s->version = server_version;
	}
	if (!s->body)
		return err_set(why, ERR_UNSUPPORTED, "this server's version cannot give it (%d.%d)", server_version / 10000,
		               server_version % 10000);
	return fill(s, extensions, database, why);
}

bool pgstmt_step_down(struct pgstmt *s)
{
	const struct panel_body *lower = s->body ? panel_body_for(s->panel, s->lookup, s->version, s->body->since) : NULL;

	if (!lower)
		return false;
	s->version = s->body->since - 1;
	s->body = lower;
	free(s->sql);
	s->sql = NULL;
	s->prepared = false;
	return true;
}

void pgstmt_forget(struct pgstmt *s)
{
	free(s->sql);
	s->sql = NULL;
	s->body = NULL;
	s->prepared = s->proven = false;
	s->hold_until_ns = 0;
	s->hold_ms = 0;
}

void pgstmt_free(struct pgstmt *s)
{
	free(s->sql);
	free(s);
}

bool pgstmt_needs_extensions(const struct panel *panel, int lookup, int server_version)
{
	const struct panel_body *body = panel_body_for(panel, lookup, server_version, 0);

	return (panel->needs && panel->needs[0]) || (body && strstr(body->text, "_schema\""));
}

/* --- errors ---------------------------------------------------------------------------------------------------------- */

static bool one_of(const char *state, const char *list)
{
	const char *at = state[0] ? strstr(list, state) : NULL;

	return at && strlen(state) == 5;
}

static double longer(struct pgstmt *s, double first_ms, double most_ms)
{
	s->hold_ms = s->hold_ms < first_ms ? first_ms : s->hold_ms * 2 > most_ms ? most_ms : s->hold_ms * 2;
	return s->hold_ms;
}

static void privilege(struct err *why, const char *message, const char *role)
{
	struct buf grantee = BUF_INIT(256);

	pgstmt_quote(&grantee, role);
	err_set(why, ERR_PRIVILEGE, "%s; what usually helps: GRANT pg_monitor TO %s", message, buf_text(&grantee));
	buf_release(&grantee);
}

enum pgverdict pgstmt_verdict(struct pgstmt *s, const char *sqlstate, const char *message, const char *role,
                              double statement_timeout_ms, double lock_timeout_ms, struct err *why, double *hold_ms)
{
	*hold_ms = 5000;
	if (one_of(sqlstate, "26000 42P05"))
		return PGVERDICT_POOLED;
	if (strcmp(sqlstate, "0A000") == 0 && s->proven)
		return PGVERDICT_PREPARE; /* "cached plan must not change result type" */
	if (one_of(sqlstate, "42703 42883 42P01 42704 3F000")) {
		if (panel_body_for(s->panel, s->lookup, s->version, s->body->since))
			return PGVERDICT_STEP_DOWN;
		*hold_ms = 30000;
		err_set(why, ERR_UNSUPPORTED, "this server lacks it: %s", message);
	} else if (strcmp(sqlstate, "42501") == 0) {
		privilege(why, message, role);
	} else if (strcmp(sqlstate, "55000") == 0) {
		*hold_ms = 30000;
		if (strstr(message, "shared_preload_libraries"))
			err_set(why, ERR_UNSUPPORTED, "%s, and the server restarted", message);
		else
			err_set(why, ERR_UNSUPPORTED, "not possible here now: %s", message);
	} else if (strcmp(sqlstate, "57014") == 0) {
		*hold_ms = longer(s, 2000, 30000);
		err_set(why, ERR_TIMEOUT, "server busy: the query was stopped (%s; limit %.3g s)", message,
		        statement_timeout_ms / 1000);
	} else if (strcmp(sqlstate, "55P03") == 0) {
		*hold_ms = longer(s, 1000, 4000);
		err_set(why, ERR_TIMEOUT, "locked: waited %.0f ms for a lock that another session holds", lock_timeout_ms);
	} else if (one_of(sqlstate, "40001 40P01")) {
		*hold_ms = 0;
		err_set(why, ERR_QUERY, "cancelled by the server: %s", message);
	} else if (one_of(sqlstate, "22021 22P05")) {
		/* pg_stat_statements converts every text there is, whichever is asked for, and gives none when one cannot be. */
		*hold_ms = longer(s, 5000, 60000);
		err_set(why, ERR_QUERY, "%s: a text from another database, and no text is given then; -d a database with encoding %s",
		        message, sqlstate[2] == '0' ? "SQL_ASCII" : "UTF8");
	} else {
		err_set(why, ERR_QUERY, "%s", message[0] ? message : "the server refused it without a word");
	}
	return PGVERDICT_FAIL;
}
