/* SPDX-License-Identifier: PostgreSQL */
/* Statements of one transaction under one sync: made from files, sent at once, told about once. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/explain_private.h"
#include "core/clean.h"
#include "core/mem.h"

/* The file's text without its leading comment, :name replaced by what stands for it. Casts (::) stay. */
static void fill(const struct explain *e, const char *text, struct buf *out)
{
	const struct { const char *name; const char *value; } holes[] = {
		{"name", e->name}, {"types", ""}, {"values", e->values}, {"statement", e->form.text}, {"schema", e->schema},
	};

	while (strncmp(text, "--", 2) == 0) {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	while (*text) {
		size_t len = 0;

		if (text[0] == ':' && text[1] == ':') {
			buf_add(out, text, 2);
			text += 2;
			continue;
		}
		for (size_t i = 0; text[0] == ':' && i < ARRAY_LEN(holes) && len == 0; i++) {
			size_t n = strlen(holes[i].name);

			if (strncmp(text + 1, holes[i].name, n) != 0 || isalnum((unsigned char)text[n + 1]) || text[n + 1] == '_')
				continue;
			len = n + 1;
			if (strcmp(holes[i].name, "types") == 0 && e->form.params > 0)
				for (int p = 1; p <= e->form.params; p++)
					buf_addf(out, "%s%s%s", p == 1 ? "(" : ", ", e->form.type[p] ? e->form.type[p] : "unknown",
					         p == e->form.params ? ")" : "");
			else if (holes[i].value)
				buf_adds(out, holes[i].value);
		}
		if (len == 0)
			buf_addc(out, *text++);
		else
			text += len;
	}
	while (out->len > 0 && isspace((unsigned char)out->data[out->len - 1]))
		buf_cut(out, out->len - 1);
}

static void drop_values(struct explain *e)
{
	for (int i = 0; i < e->count; i++) {
		const char *const *values = e->query[i].values;

		for (int v = 0; v < e->query[i].count; v++)
			free((void *)(uintptr_t)values[v]);
		free((void *)(uintptr_t)values);
		e->query[i].values = NULL;
		e->query[i].count = 0;
	}
}

void explain_batch_drop(struct explain *e)
{
	drop_values(e);
	for (int i = 0; i < e->count; i++)
		buf_release(&e->sqls[i]);
	e->count = e->ended = 0;
}

void explain_batch(struct explain *e, bool write)
{
	const char *role[] = {e->conf.role};

	explain_batch_drop(e);
	e->failed = e->prepare_at = e->plan_at = -1;
	e->sqlstate[0] = e->message[0] = '\0';
	e->why = (struct err){0};
	e->sent = false;
	explain_add(e, write ? "explain_begin_write" : "explain_begin", NULL, NULL, 0);
	if (e->conf.role && e->work)
		explain_add(e, "explain_role", NULL, role, 1);
}

void explain_local(struct explain *e, const char *path, const char *mode, double timeout_ms)
{
	char statement[32], lock[32];
	const char *values[] = {statement, lock, path ? path : "pg_catalog", mode};

	snprintf(statement, sizeof statement, "%.0fms", timeout_ms);
	snprintf(lock, sizeof lock, "%dms", EXPLAIN_LOCK_TIMEOUT_MS);
	explain_add(e, "explain_local", NULL, values, 4);
}

static void done(void *ctx, const struct pgwork_outcome *outcome)
{
	struct explain_step *s = ctx;
	struct explain *e = s->e;

	e->ended++;
	e->sent |= outcome->sent;
	if (s->index == e->plan_at)
		e->elapsed_ms = outcome->elapsed_ms;
	if (outcome->why && !outcome->skipped && e->failed < 0) {
		e->failed = s->index;
		e->why = *outcome->why;
		snprintf(e->sqlstate, sizeof e->sqlstate, "%s", outcome->sqlstate);
		snprintf(e->message, sizeof e->message, "%s", outcome->why->text);
	} else if (!outcome->why && s->take && outcome->result)
		s->take(e, outcome->result);
	if (e->ended == e->count) /* from the loop: what comes after may send or end */
		explain_later(e, e->cancelled && e->failed < 0 && e->doing != EXPLAIN_ANALYZED ? explain_was_cancelled : e->after);
}

void explain_fill(const struct explain *e, const char *file, struct buf *out)
{
	const char *text = e->conf.text(e->conf.text_ctx, file);

	fill(e, text ? text : "", out);
}

void explain_add(struct explain *e, const char *file, explain_take *take, const char *const *values, int count)
{
	struct pgwork_query *q = &e->query[e->count];

	buf_init(&e->sqls[e->count], EXPLAIN_STATEMENT_MAX * 2);
	explain_fill(e, file, &e->sqls[e->count]);
	/* values live until explain_send() copies them: the callers' arrays do not, so the query keeps copies. */
	const char **kept = count > 0 ? mem_calloc((size_t)count, sizeof *kept) : NULL;
	for (int i = 0; i < count; i++)
		kept[i] = mem_strdup(values[i]);
	e->steps[e->count] = (struct explain_step){e, e->count, take};
	*q = (struct pgwork_query){.sql = buf_text(&e->sqls[e->count]), .values = kept, .count = count,
	                           .deadline_ms = EXPLAIN_PLAN_TIMEOUT_MS + 3000, .done = done, .ctx = &e->steps[e->count]};
	e->count++;
}

void explain_send(struct explain *e, struct pgwork *w, void (*after)(struct explain *e))
{
	e->after = after;
	pgwork_run(w, e->query, e->count);
	drop_values(e);
}

/* What failed is remembered over the batch that cleans up. */
struct failure {
	int failed;
	struct err why;
	char sqlstate[6], message[480];
};

void explain_recover(struct explain *e, void (*after)(struct explain *e))
{
	struct failure kept = {.failed = e->failed, .why = e->why};
	bool prepared = e->prepare_at >= 0 && e->failed > e->prepare_at;

	memcpy(kept.sqlstate, e->sqlstate, sizeof kept.sqlstate);
	memcpy(kept.message, e->message, sizeof kept.message);
	explain_batch_drop(e);
	if (prepared) {
		explain_add(e, "explain_back", NULL, NULL, 0);
		if (e->hypopg && e->conf.index && e->schema)
			explain_add(e, "explain_forget", NULL, NULL, 0);
		explain_add(e, "explain_deallocate", NULL, NULL, 0);
	}
	explain_add(e, "explain_end", NULL, NULL, 0);
	e->failed = kept.failed;
	e->why = kept.why;
	memcpy(e->sqlstate, kept.sqlstate, sizeof kept.sqlstate);
	memcpy(e->message, kept.message, sizeof kept.message);
	e->prepare_at = e->plan_at = -1;
	explain_send(e, e->work ? e->work : e->find, after);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static const char *value_of(const struct pgresult *r, int row, const char *column, int *len)
{
	*len = 0;
	if (row >= r->rows)
		return NULL;
	for (int c = 0; c < r->columns; c++)
		if (strcmp(pgresult_name(r, c), column) == 0)
			return pgresult_value(r, row, c, len);
	return NULL;
}

char *explain_text(const struct pgresult *r, int row, const char *column)
{
	int len;
	const char *value = value_of(r, row, column, &len);

	return value ? mem_strndup(value, (size_t)len) : NULL;
}

void explain_copy(const struct pgresult *r, int row, const char *column, char *out, size_t room)
{
	int len;
	const char *value = value_of(r, row, column, &len);

	snprintf(out, room, "%.*s", len, value ? value : "");
}

int64_t explain_int(const struct pgresult *r, int row, const char *column)
{
	char text[32];

	explain_copy(r, row, column, text, sizeof text);
	return strtoll(text, NULL, 10);
}

bool explain_bool(const struct pgresult *r, int row, const char *column)
{
	int len;
	const char *value = value_of(r, row, column, &len);

	return value && *value == 't';
}
