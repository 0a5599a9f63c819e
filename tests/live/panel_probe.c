/* SPDX-License-Identifier: PostgreSQL */
/*
 * Runs every query of panel files on one server and tells what it found, independently of source/:
 *
 *   panel_probe CONNINFO FILE...        CONNINFO with dbname=pgbouncer: the panels of PgBouncer's console
 *
 * A line of JSON for each panel that is meant for this kind of server: {"panel", "since", "error", "sqlstate", "problems": [...],
 * "count", "rows": [{...}], "lookups": {NAME: the same}}. A problem is a declared column that did not come, one that came
 * undeclared, or a type that the panel format does not know or that the field's kind does not allow. Bodies are stepped down
 * as source/ does when the server lacks a column or function. PROBE_NAME=VALUE in the environment is the parameter `name`.
 */
#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "model/json.h"
#include "model/panel.h"

enum { ROWS_SHOWN = 1000, KEYS_ASKED = 500, TEXT_MAX = 16 << 20 };

struct probe {
	PGconn *conn;
	int version;
	bool console; /* PgBouncer's: no parameters, no types */
	struct json_writer w;
	const struct panel *panel;
	PGresult *rows; /* of the panel's own body */
};

static char *read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(1 << 20);

	*len = f && text ? fread(text, 1, 1 << 20, f) : 0;
	if (!f || !text || *len == 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	return text;
}

/* The body with :"X_schema" filled in. NULL: the extension is not there. */
static char *fill(struct probe *p, const char *text)
{
	struct buf out = BUF_INIT(1 << 20);

	for (const char *at = text; *at;) {
		const char *end = strncmp(at, ":\"", 2) == 0 ? strstr(at, "_schema\"") : NULL;
		char name[64] = "";
		const char *values[] = {name};
		PGresult *r;

		if (!end || end - at - 2 >= (long)sizeof(name)) {
			buf_addc(&out, *at++);
			continue;
		}
		memcpy(name, at + 2, (size_t)(end - at - 2));
		r = PQexecParams(p->conn,
		                 "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace "
		                 "WHERE e.extname = $1", 1, NULL, values, NULL, NULL, 0);
		if (PQntuples(r) != 1) {
			PQclear(r);
			buf_release(&out);
			return NULL;
		}
		buf_adds(&out, PQgetvalue(r, 0, 0));
		PQclear(r);
		at = end + strlen("_schema\"");
	}
	return buf_take(&out);
}

static bool type_fits(Oid type, enum field_kind kind)
{
	switch (type) {
	case 16: /* bool */
		return kind == FIELD_BOOL || kind == FIELD_GAUGE;
	case 18: case 19: case 25: case 869: case 1042: case 1043: /* "char", name, text, inet, char, varchar */
		return kind == FIELD_TEXT || kind == FIELD_HISTOGRAM;
	case 20: case 21: case 23: case 26: case 28: /* int8, int2, int4, oid, xid */
		return kind == FIELD_GAUGE || kind == FIELD_COUNTER || kind == FIELD_ID;
	case 700: case 701: case 1700: case 1186: case 3220: /* float4, float8, numeric, interval, pg_lsn */
		return kind == FIELD_GAUGE || kind == FIELD_COUNTER;
	case 1184: /* timestamptz */
		return kind == FIELD_TIME;
	default:
		return false;
	}
}

static bool is_key(const struct panel *panel, int lookup, int field)
{
	for (int i = 0; lookup >= 0 && i < panel->lookup[lookup].by_count; i++)
		if (panel->lookup[lookup].by[i] == field)
			return true;
	return false;
}

static void problem(struct probe *p, const char *what, const char *name)
{
	char text[200];

	snprintf(text, sizeof(text), "%s %s", name, what);
	json_put_string(&p->w, NULL, text);
}

static void check_columns(struct probe *p, int lookup, int version, const PGresult *r)
{
	const struct panel *panel = p->panel;

	json_open_list(&p->w, "problems");
	for (int c = 0; c < PQnfields(r) && !p->console; c++) {
		int field = panel_field_by_name(panel, str_from(PQfname(r, c)));
		if (field < 0 || (panel->field[field].lookup != lookup && !is_key(panel, lookup, field)))
			problem(p, "comes, but is not declared", PQfname(r, c));
		else if (!type_fits(PQftype(r, c), panel->field[field].kind))
			problem(p, "has a type that its kind does not allow", PQfname(r, c));
	}
	for (int i = 0; i < panel->field_count; i++) {
		const struct panel_field *f = &panel->field[i];
		bool meant = (f->lookup == lookup && f->from <= version && (!f->until || version < f->until)) || is_key(panel, lookup, i);
		int column = PQfnumber(r, f->name);
		if (meant && column < 0)
			problem(p, "is declared, but did not come", f->name);
		if (!meant && f->lookup == lookup && column >= 0)
			problem(p, "came on a version that is not said to have it", f->name);
	}
	json_close(&p->w);
}

static void put_rows(struct probe *p, const PGresult *r)
{
	json_put_int(&p->w, "count", PQntuples(r));
	json_open_list(&p->w, "rows");
	for (int row = 0; row < PQntuples(r) && row < ROWS_SHOWN; row++) {
		json_open_map(&p->w, NULL);
		for (int c = 0; c < PQnfields(r); c++)
			json_put_string(&p->w, PQfname(r, c), PQgetisnull(r, row, c) ? NULL : PQgetvalue(r, row, c));
		json_close(&p->w);
	}
	json_close(&p->w);
}

/* {1,2,...} of the key fields, one text for each; false when no row has a whole key. */
static bool make_keys(struct probe *p, int lookup, struct buf *arrays)
{
	const struct panel_lookup *l = &p->panel->lookup[lookup];
	int asked = 0;

	for (int i = 0; i < l->by_count; i++)
		buf_addc(&arrays[i], '{');
	for (int row = 0; p->rows && row < PQntuples(p->rows) && asked < KEYS_ASKED; row++) {
		bool whole = true;
		for (int i = 0; i < l->by_count; i++) {
			int column = PQfnumber(p->rows, p->panel->field[l->by[i]].name);
			whole = whole && column >= 0 && !PQgetisnull(p->rows, row, column);
		}
		for (int i = 0; whole && i < l->by_count; i++)
			buf_addf(&arrays[i], "%s%s", asked ? "," : "",
			         PQgetvalue(p->rows, row, PQfnumber(p->rows, p->panel->field[l->by[i]].name)));
		asked += whole;
	}
	for (int i = 0; i < l->by_count; i++)
		buf_addc(&arrays[i], '}');
	return asked > 0;
}

static PGresult *execute(struct probe *p, int lookup, const char *sql, int format)
{
	const char *values[PANEL_KEYS_MAX] = {NULL};
	Oid types[PANEL_KEYS_MAX];
	struct buf arrays[4] = {BUF_INIT(1 << 16), BUF_INIT(1 << 16), BUF_INIT(1 << 16), BUF_INIT(1 << 16)};
	int count = 0;
	PGresult *r;

	if (lookup >= 0) {
		make_keys(p, lookup, arrays);
		for (; count < p->panel->lookup[lookup].by_count; count++) {
			types[count] = 1016;
			values[count] = buf_text(&arrays[count]);
		}
	}
	for (; lookup < 0 && p->panel->params[count]; count++) {
		char name[80] = "PROBE_";
		strncat(name, p->panel->params[count], sizeof(name) - 8);
		types[count] = 25;
		values[count] = getenv(name);
	}
	r = PQexecParams(p->conn, sql, count, types, values, NULL, NULL, format);
	for (int i = 0; i < 4; i++)
		buf_release(&arrays[i]);
	return r;
}

static void put_failure(struct probe *p, const PGresult *r)
{
	const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	json_put_string(&p->w, "error", text ? text : PQresultErrorMessage(r));
	json_put_string(&p->w, "sqlstate", PQresultErrorField(r, PG_DIAG_SQLSTATE));
}

static bool may_step_down(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state && strstr("42703 42883 42P01 42704", state) != NULL;
}

/* Runs the panel's body (lookup -1) or a lookup; the result is the caller's, NULL when there is none. */
static PGresult *run(struct probe *p, int lookup)
{
	int version = p->version;
	const struct panel_body *body = panel_body_for(p->panel, lookup, version, 0);
	PGresult *r = NULL;

	while (body) {
		char *sql = p->console ? strdup(body->text) : fill(p, body->text);
		if (!sql) {
			json_put_string(&p->w, "error", "extension missing");
			return NULL;
		}
		/* Binary first, as source/ asks; then as text, to show. */
		r = p->console ? NULL : execute(p, lookup, sql, 1);
		if (p->console || PQresultStatus(r) == PGRES_TUPLES_OK) {
			PQclear(r);
			r = p->console ? PQexec(p->conn, sql) : execute(p, lookup, sql, 0);
		}
		free(sql);
		if (PQresultStatus(r) == PGRES_TUPLES_OK || !may_step_down(r))
			break;
		const struct panel_body *lower = panel_body_for(p->panel, lookup, version, body->since);
		if (!lower)
			break;
		version = body->since - 1;
		body = lower;
		PQclear(r);
		r = NULL;
	}
	if (!body) {
		json_put_string(&p->w, "error", "no body for this version");
		return NULL;
	}
	json_put_int(&p->w, "since", body->since);
	if (PQresultStatus(r) != PGRES_TUPLES_OK) {
		put_failure(p, r);
		PQclear(r);
		return NULL;
	}
	check_columns(p, lookup, version, r);
	put_rows(p, r);
	return r;
}

static void run_panel(struct probe *p, const struct panel *panel)
{
	struct buf out = BUF_INIT(TEXT_MAX);

	p->panel = panel;
	json_begin(&p->w, &out, false);
	json_open_map(&p->w, NULL);
	json_put_string(&p->w, "panel", panel->name);
	p->rows = run(p, -1);
	json_open_map(&p->w, "lookups");
	for (int i = 0; i < panel->lookup_count; i++) {
		json_open_map(&p->w, panel->lookup[i].name);
		PQclear(run(p, i));
		json_close(&p->w);
	}
	json_close(&p->w);
	json_close(&p->w);
	PQclear(p->rows);
	puts(out.failed ? "{\"panel\": \"?\", \"error\": \"too long\"}" : buf_text(&out));
	buf_release(&out);
}

static void probe_file(struct probe *p, const char *path)
{
	const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct panel *panel = NULL;
	struct err why;
	char name[128];
	size_t len;
	char *text = read_file(path, &len);

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(base, "."), base);
	if (panel_parse(&panel, name, path, text, len, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	if (panel->source == (p->console ? PANEL_PGBOUNCER : PANEL_PG))
		run_panel(p, panel);
	panel_free(panel);
	free(text);
}

int main(int argc, char **argv)
{
	struct probe p = {0};

	if (argc < 3) {
		fprintf(stderr, "usage: panel_probe CONNINFO FILE...\n");
		return 2;
	}
	p.conn = PQconnectdb(argv[1]);
	if (PQstatus(p.conn) != CONNECTION_OK) {
		fprintf(stderr, "%s", PQerrorMessage(p.conn));
		return 2;
	}
	p.version = PQserverVersion(p.conn);
	p.console = strcmp(PQdb(p.conn), "pgbouncer") == 0;
	if (!p.console)
		PQclear(PQexec(p.conn, "SET search_path = pg_catalog; SET default_transaction_read_only = on; SET work_mem = '64MB';"
		                       "SET statement_timeout = '10s'; SET lock_timeout = '250ms'; SET client_encoding = 'UTF8';"
		                       "SET application_name = 'dytop'"));
	for (int i = 2; i < argc; i++)
		probe_file(&p, argv[i]);
	PQfinish(p.conn);
	return 0;
}
