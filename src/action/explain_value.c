/* SPDX-License-Identifier: PostgreSQL */
/* Values for the parameters of a normalised text: given, seen in a running text of the same statement, known by statistics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "model/json.h"
#include "source/pgstmt.h"

enum { WANTED_MAX = 256 << 10 };

static const char not_needed[] = "not needed for a plan"; /* compared by address: such a value is none for a run */

static void set_value(struct explain *e, int n, const char *value, const char *from)
{
	free(e->value[n]);
	e->value[n] = mem_strdup(value);
	e->value_from[n] = from;
	e->param[n - 1].value = e->value[n];
	e->param[n - 1].from = from;
	e->param[n - 1].known = from != not_needed;
}

static bool is_utf8(const char *text)
{
	size_t len = strlen(text), n;

	for (size_t at = 0; at < len; at += n)
		if (utf8_decode(text + at, len - at, &n) == 0xFFFD && n == 1)
			return false;
	return true;
}

/* --- given, seen -------------------------------------------------------------------------------------------------- */

static bool take_given(struct explain *e)
{
	if (e->conf.param_count != e->params) {
		explain_fail(e, ERR_INVALID, "the statement has %d parameters, but %d values are given", e->params, e->conf.param_count);
		return false;
	}
	for (int n = 1; n <= e->params; n++) {
		const char *value = e->conf.params[n - 1];

		if (value && !is_utf8(value)) {
			explain_fail(e, ERR_INVALID, "the value of $%d is not UTF-8", n);
			return false;
		}
		set_value(e, n, value, "given");
	}
	return true;
}

static void take_from_texts(struct explain *e)
{
	char **value = mem_calloc((size_t)e->params + 1, sizeof *value);
	struct err ignored;

	for (int i = 0; e->parse && i < e->seen_count; i++) {
		struct parse *actual;

		if (parse_new(&actual, e->seen[i], strlen(e->seen[i]), &ignored) < 0)
			continue;
		int found = parse_literals(e->parse, actual, value, e->params);
		for (int n = 1; n <= e->params; n++) {
			if (value[n] && !e->value_from[n])
				set_value(e, n, value[n], "a running statement");
			free(value[n]);
			value[n] = NULL;
		}
		parse_free(actual);
		if (found > 0)
			break; /* values of one statement belong together */
	}
	free(value);
}

/* --- statistics --------------------------------------------------------------------------------------------------- */

static void add_wanted(struct json_writer *w, int n, const struct parse_table *t, const struct parse_use *use)
{
	struct buf name = BUF_INIT(1024);

	if (t->schema[0]) {
		pgstmt_quote(&name, t->schema);
		buf_addc(&name, '.');
	}
	pgstmt_quote(&name, t->name);
	json_open_map(w, NULL);
	json_put_int(w, "n", n);
	json_put_string(w, "table", buf_text(&name));
	json_put_string(w, "column", use->column);
	json_put_bool(w, "range", use->kind == PARSE_RANGE);
	json_close(w);
	buf_release(&name);
}

static bool list_wanted(const struct explain *e, struct buf *out)
{
	struct json_writer w;
	bool any = false;

	json_begin(&w, out, false);
	json_open_list(&w, NULL);
	for (int n = 1; e->parse && n <= e->params && n <= e->parse->params; n++) {
		int index = e->parse->param[n].use;
		enum parse_param_kind kind = e->parse->param[n].kind;

		if (e->value_from[n] || (kind != PARSE_PARAM_COMPARED && kind != PARSE_PARAM_STORED) || index < 0)
			continue;
		const struct parse_use *use = &e->parse->use[index];
		for (int t = 0; t < e->parse->tables; t++) {
			if (e->parse->table[t].cte || !use->column[0] || (use->table >= 0 && use->table != t))
				continue;
			add_wanted(&w, n, &e->parse->table[t], use);
			any = true;
		}
	}
	json_close(&w);
	return any && !out->failed;
}

/* One element as an array's text. */
static char *as_array(const char *element)
{
	struct buf out = BUF_INIT(EXPLAIN_VALUE_MAX);

	buf_adds(&out, "{\"");
	for (const char *c = element; *c; c++)
		buf_addf(&out, "%s%c", *c == '"' || *c == '\\' ? "\\" : "", *c);
	buf_adds(&out, "\"}");
	return buf_take(&out);
}

static void take_statistics(struct explain *e, const struct pgresult *r)
{
	for (int i = 0; i < r->rows; i++) {
		int64_t n = explain_int(r, i, "n");
		char *value = explain_text(r, i, "value");
		bool common = explain_bool(r, i, "common");

		if (n >= 1 && n <= e->params && value && !e->value_from[n]) {
			size_t len = strlen(e->param[n - 1].type);
			bool array = len > 2 && strcmp(e->param[n - 1].type + len - 2, "[]") == 0 && value[0] != '{';
			char *element = array ? as_array(value) : NULL;

			set_value(e, (int)n, array ? element : value, common ? "the most common value" : "the middle of the histogram");
			free(element);
		}
		free(value);
	}
}

/* What statistics do not tell: LIMIT from what the statement returned so far; what is only put out or stored costs the plan nothing. */
static void fill_rest(struct explain *e)
{
	for (int n = 1; n <= e->params; n++) {
		enum parse_param_kind kind = e->parse && n <= e->parse->params ? e->parse->param[n].kind : PARSE_PARAM_OTHER;
		char text[32];

		if (e->value_from[n])
			continue;
		if (kind == PARSE_PARAM_LIMIT && e->calls > 0 && e->rows > 0) {
			snprintf(text, sizeof text, "%.0f", ceil((double)e->rows / (double)e->calls));
			set_value(e, n, text, "rows per call");
		} else if (kind == PARSE_PARAM_OFFSET)
			set_value(e, n, "0", "no offset");
		else if (kind == PARSE_PARAM_OUTPUT || kind == PARSE_PARAM_STORED || kind == PARSE_PARAM_LIMIT || kind == PARSE_PARAM_UNUSED)
			set_value(e, n, NULL, not_needed);
	}
}

static void say_values(struct explain *e)
{
	for (int n = 1; n <= e->params && n <= 20; n++) {
		if (!e->value_from[n])
			task_say(&e->task, TASK_PLAIN, "no value is known for $%d (%s): --param gives the values of all, in order", n,
			         e->param[n - 1].type);
		else if (e->value_from[n] != not_needed && e->conf.param_count == 0)
			task_say(&e->task, TASK_PLAIN, "$%d (%s) = %.100s: %s", n, e->param[n - 1].type, e->value[n] ? e->value[n] : "NULL",
			         e->value_from[n]);
	}
}

static void looked_up(struct explain *e)
{
	fill_rest(e);
	say_values(e);
	e->then(e);
}

/* No statistics, for whatever reason: the transaction is ended. */
static void after_statistics(struct explain *e)
{
	if (e->failed >= 0 && pgwork_is_up(e->work))
		explain_recover(e, looked_up);
	else
		looked_up(e);
}

void explain_find_values(struct explain *e, void (*after)(struct explain *e))
{
	struct buf wanted = BUF_INIT(WANTED_MAX);

	e->then = after;
	if (e->conf.param_count > 0) {
		if (take_given(e))
			explain_later(e, after);
		return;
	}
	take_from_texts(e);
	if (list_wanted(e, &wanted)) {
		const char *values[] = {buf_text(&wanted)};

		explain_batch(e, false);
		explain_local(e, e->form.path, "auto", 2000);
		explain_add(e, "explain_values", take_statistics, values, 1);
		explain_add(e, "explain_end", NULL, NULL, 0);
		explain_send(e, e->work, after_statistics);
	} else
		looked_up(e);
	buf_release(&wanted);
}

/* --- what is sent ------------------------------------------------------------------------------------------------- */

bool explain_has_values(const struct explain *e)
{
	for (int n = 1; n <= e->form.params; n++)
		if (n > e->params || !e->value_from[n])
			return false;
	return true;
}

bool explain_may_run(const struct explain *e, struct buf *missing)
{
	bool may = true;

	for (int n = 1; n <= e->form.params; n++) {
		const char *type = n <= e->params ? e->param[n - 1].type : "unknown";

		if (n <= e->params && e->value_from[n] && e->value_from[n] != not_needed)
			continue;
		buf_addf(missing, "%s$%d %s", may ? "" : ", ", n, type);
		may = false;
	}
	return may;
}

void explain_values_text(struct explain *e, bool nulls)
{
	struct buf out = BUF_INIT(EXPLAIN_STATEMENT_MAX);

	for (int n = 1; n <= e->form.params; n++) {
		buf_adds(&out, n == 1 ? "(" : ", ");
		if (nulls || n > e->params || !e->value[n])
			buf_adds(&out, "NULL");
		else
			parse_quote_literal(&out, e->value[n]);
	}
	if (e->form.params > 0)
		buf_addc(&out, ')');
	free(e->values);
	e->values = buf_take(&out);
	buf_release(&out);
}
