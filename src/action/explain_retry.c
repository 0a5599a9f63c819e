/* SPDX-License-Identifier: PostgreSQL */
/* After an error: the next form of the statement that the server may take. Each SQLSTATE has its own cures, the surest first. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/mem.h"
#include "model/json.h"

static const char *const guesses[] = {"int4", "numeric", "text", "timestamptz", "interval", "date"};

static bool is_state(const struct explain *e, const char *states)
{
	return e->sqlstate[0] && strstr(states, e->sqlstate) != NULL;
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static void set_text(struct explain *e, struct buf *text)
{
	struct explain_form *f = &e->form;
	int params = parse_count_params(buf_text(text), text->len);
	const char **type = mem_calloc((size_t)params + 1, sizeof *type);

	for (int n = 1; n <= params && n <= f->params; n++)
		type[n] = f->type[n];
	free(f->type);
	free(f->text);
	f->type = type;
	f->params = params;
	f->text = buf_take(text);
}

static struct parse *read_form(const struct explain *e)
{
	struct parse *p;
	struct err ignored;

	return parse_new(&p, e->form.text, strlen(e->form.text), &ignored) == 0 ? p : NULL;
}

static bool deparse(struct explain *e)
{
	const char *call = pgwork_version(e->work) >= 140000 ? "pg_catalog.\"extract\"" : "pg_catalog.date_part";
	struct buf text = BUF_INIT(EXPLAIN_STATEMENT_MAX);
	struct parse *p = e->form.deparsed ? NULL : read_form(e);
	struct err ignored;
	bool ok = p && parse_deparse(p, call, &text, &ignored) == 0;

	e->form.deparsed = true;
	if (ok)
		set_text(e, &text);
	parse_free(p);
	buf_release(&text);
	return ok;
}

/* PL/pgSQL's expressions stand in pg_stat_statements without their SELECT: `a + $1`, `total := $2 * b`. */
static bool complete_fragment(struct explain *e)
{
	struct buf text = BUF_INIT(EXPLAIN_STATEMENT_MAX);
	const char *at = e->form.text, *assigned;
	size_t name;

	if (e->form.fragment || e->parse)
		return false;
	e->form.fragment = true;
	name = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.\" ");
	assigned = at + name;
	if (name > 0 && assigned[0] == ':' && assigned[1] == '=')
		at = assigned + 2;
	char *expression = mem_strdup(at);
	free(e->form.text);
	e->form.text = expression;
	explain_fill(e, "explain_fragment", &text);
	set_text(e, &text);
	e->form.deparsed = false;
	buf_release(&text);
	struct parse *p = read_form(e);
	if (p) {
		e->parse = p;
		e->unread = (struct err){0};
	}
	return p != NULL;
}

static bool copy_groups(struct explain *e)
{
	struct buf text = BUF_INIT(EXPLAIN_STATEMENT_MAX);
	struct parse *p = e->form.grouped ? NULL : read_form(e);
	bool ok = p && parse_group_copies(p, &text) > 0;

	e->form.grouped = true;
	if (ok)
		set_text(e, &text);
	parse_free(p);
	buf_release(&text);
	return ok;
}

/* --- search_path -------------------------------------------------------------------------------------------------- */

static void take_schemas(struct explain *e, const struct pgresult *r)
{
	char *found = explain_text(r, 0, "path");
	struct buf path = BUF_INIT(64 << 10);

	if (found && *found) {
		buf_addf(&path, "%s, %s", e->path && *e->path ? e->path : "public", found);
		free(e->form.path);
		e->form.path = buf_take(&path);
	}
	free(found);
	buf_release(&path);
}

/* The relations that the text names, as a JSON list; of a text that cannot be read the name in the message. */
static void names_of(const struct explain *e, struct buf *out)
{
	struct json_writer w;

	json_begin(&w, out, false);
	json_open_list(&w, NULL);
	for (int i = 0; e->parse && i < e->parse->tables; i++)
		if (!e->parse->table[i].cte && !e->parse->table[i].schema[0])
			json_put_string(&w, NULL, e->parse->table[i].name);
	const char *open = strchr(e->message, '"'), *close = open ? strchr(open + 1, '"') : NULL;
	if (close)
		json_put_text(&w, NULL, (struct str){open + 1, (size_t)(close - open - 1)});
	json_close(&w);
}

static void schemas_found(struct explain *e)
{
	e->failed = e->failed < 0 ? 0 : e->failed;
	memcpy(e->sqlstate, e->was_state, sizeof e->sqlstate);
	e->then(e);
}

bool explain_retry_path(struct explain *e, void (*then)(struct explain *e))
{
	struct buf names = BUF_INIT(64 << 10);

	if (e->form.pathed || !is_state(e, "42P01 3F000 42704 42883"))
		return false;
	e->form.pathed = true;
	names_of(e, &names);
	const char *weaker = e->foreign && e->weighed && !e->super && !e->stronger[0] && !e->same ? "true" : "false";
	const char *values[] = {buf_text(&names), e->author[0] ? e->author : NULL, weaker};
	memcpy(e->was_state, e->sqlstate, sizeof e->was_state);
	char message[sizeof e->message];
	memcpy(message, e->message, sizeof message);
	struct err why = e->why;
	explain_batch(e, false);
	explain_local(e, "pg_catalog", "auto", 2000);
	explain_add(e, "explain_schemas", take_schemas, values, 3);
	explain_add(e, "explain_end", NULL, NULL, 0);
	memcpy(e->message, message, sizeof e->message);
	e->why = why;
	e->then = then;
	explain_send(e, e->work, schemas_found);
	buf_release(&names);
	return true;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

/* The parameter that a message names: "could not determine data type of parameter $3". */
static int named_param(const struct explain *e)
{
	const char *at = strchr(e->message, '$');
	long n = at ? strtol(at + 1, NULL, 10) : 0;

	return n > 0 && n <= e->form.params ? (int)n : 0;
}

static bool type_named(struct explain *e)
{
	static const char *const types[] = {"text", "int4", "numeric", "timestamptz"};
	int n = named_param(e);

	if (n == 0 || e->form.named[n] >= (int)ARRAY_LEN(types))
		return false;
	e->form.type[n] = types[e->form.named[n]++];
	return true;
}

/* The steps of the ladder: first the parameters that stand beside a + or - get a number, an interval, a numeric; then all of
 * them one type; then each alone. What an error named before keeps its type. */
static bool climb(struct explain *e)
{
	struct explain_form *f = &e->form;
	int arithmetic = 3, all = 4, step = f->ladder++;

	for (int n = 1; n <= f->params; n++)
		if (f->named[n] == 0)
			f->type[n] = NULL;
	if (step < arithmetic) {
		static const char *const types[] = {"int4", "interval", "numeric"};
		bool any = false;

		for (int n = 1; e->parse && n <= f->params && n <= e->parse->params; n++)
			if (f->named[n] == 0 && e->parse->param[n].arithmetic) {
				f->type[n] = types[step];
				any = true;
			}
		return any ? true : climb(e);
	}
	step -= arithmetic;
	if (step < all) {
		for (int n = 1; n <= f->params; n++)
			if (f->named[n] == 0)
				f->type[n] = guesses[step];
		return true;
	}
	step -= all;
	if (step >= f->params * (int)ARRAY_LEN(guesses))
		return false;
	f->type[step % f->params + 1] = guesses[step / f->params];
	return true;
}

bool explain_retry(struct explain *e)
{
	if (is_state(e, "42601") && (complete_fragment(e) || deparse(e)))
		return true;
	if (is_state(e, "42803 42P10") && copy_groups(e))
		return true;
	if (is_state(e, "42P18 42P08") && type_named(e))
		return true;
	if (is_state(e, "42725 42883 42804 42P18 42P08 42846 22P02 42P19 42611") && e->form.params > 0)
		return climb(e);
	return false;
}
