/* SPDX-License-Identifier: PostgreSQL */
/*
 * PostgreSQL's own text layout, made from the JSON: its properties are walked in their order, which is that of the text
 * (ExplainNode() and ExplainOnePlan() of 13 to 18). What an extension adds comes as "label: value", as ExplainProperty...()
 * would write it.
 */
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "insight/plan_show.h"
#include "insight/plan_text.h"

enum { TEXT_MAX = 32 << 20 };

static void put_head(struct plan_writer *w, const struct plan_node *n)
{
	buf_adds(w->out, n->name);
	if (json_get(n->json, "Total Cost"))
		buf_addf(w->out, "  (cost=%.2f..%.2f rows=%.0f width=%.0f)", plan_or_zero(n->startup_cost), plan_or_zero(n->total_cost),
		         plan_or_zero(n->rows), plan_or_zero(n->width));
	if (n->never_run) {
		buf_adds(w->out, " (never executed)");
	} else if (json_get(n->json, "Actual Loops")) {
		buf_adds(w->out, " (");
		plan_text_actual(w, n->json);
		buf_addc(w->out, ')');
	}
	buf_addc(w->out, '\n');
}

static void put_nodes(struct plan_writer *w)
{
	const struct plan *p = w->p;
	int *stop = mem_calloc((size_t)p->count, sizeof(*stop)); /* indent of what stands in a node */

	for (int i = 0; i < p->count; i++) {
		const struct plan_node *n = &p->node[i];

		w->indent = n->parent < 0 ? 0 : stop[n->parent];
		if (n->subplan) {
			plan_text_begin(w);
			buf_addf(w->out, "%s\n", n->subplan);
			w->indent++;
		}
		if (w->indent > 0) {
			plan_text_begin(w);
			buf_adds(w->out, "->  ");
			w->indent += 2;
		}
		stop[i] = ++w->indent;
		put_head(w, n);
		plan_text_walk(w, n->json);
	}
	free(stop);
	w->indent = 0;
}

/* --- what stands below the nodes --------------------------------------------------------------------------------------------- */

static void put_settings(struct plan_writer *w, const struct json *map, const struct json *value)
{
	bool any = false;

	(void)map;
	for (const struct json *c = json_child(value); c; c = json_next(c)) {
		buf_addf(w->out, "%s%s = '%s'", any ? ", " : "Settings: ", json_key(c) ? json_key(c) : "?", json_text(c) ? json_text(c) : "");
		any = true;
	}
	if (any)
		buf_addc(w->out, '\n');
}

static void put_planning(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const struct json *memory = json_get(value, "Memory Used");
	size_t from = w->out->len, began;

	(void)map;
	buf_adds(w->out, "Planning:\n");
	began = w->out->len;
	w->indent++;
	plan_text_buffers(w, value, NULL);
	if (memory) {
		plan_text_begin(w);
		buf_addf(w->out, "Memory: used=%.0fkB  allocated=%.0fkB\n", json_number(memory), plan_count_of(value, "Memory Allocated"));
	}
	w->indent--;
	if (w->out->len == began)
		buf_cut(w->out, from);
}

static void put_time(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	buf_addf(w->out, "%s: %.3f ms\n", json_key(value), plan_or_zero(json_number(value)));
}

static void put_triggers(struct plan_writer *w, const struct json *map, const struct json *value)
{
	const char *relation = NULL;
	bool several = false;

	(void)map;
	for (const struct json *t = json_child(value); t; t = json_next(t)) {
		const char *name = plan_text_of(t, "Relation");

		several |= relation && name && strcmp(name, relation) != 0;
		relation = name ? name : relation;
	}
	for (const struct json *t = json_child(value); t; t = json_next(t)) {
		const char *constraint = plan_text_of(t, "Constraint Name"), *name = plan_text_of(t, "Trigger Name");

		buf_adds(w->out, "Trigger");
		if ((w->p->verbose || !constraint) && name)
			buf_addf(w->out, " %s", name);
		if (constraint)
			buf_addf(w->out, " for constraint %s", constraint);
		if (several && plan_text_of(t, "Relation"))
			buf_addf(w->out, " on %s", plan_text_of(t, "Relation"));
		buf_addc(w->out, ':');
		if (json_get(t, "Time"))
			buf_addf(w->out, " time=%.3f", plan_count_of(t, "Time"));
		buf_addf(w->out, " calls=%.0f\n", plan_count_of(t, "Calls"));
	}
}

static void put_serialization(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	buf_adds(w->out, "Serialization:");
	if (json_get(value, "Time"))
		buf_addf(w->out, " time=%.3f ms ", plan_count_of(value, "Time"));
	buf_addf(w->out, " output=%.0fkB  format=%s\n", plan_count_of(value, "Output Volume"),
	         plan_text_of(value, "Format") ? plan_text_of(value, "Format") : "?");
	w->indent++;
	plan_text_buffers(w, value, NULL);
	w->indent--;
}

static void put_query_id(struct plan_writer *w, const struct json *map, const struct json *value)
{
	(void)map;
	(void)value;
	if (w->p->query_id)
		buf_addf(w->out, "Query Identifier: %s\n", w->p->query_id);
}

static void put_top(struct plan_writer *w)
{
	static const struct {
		const char *key;
		void (*write)(struct plan_writer *w, const struct json *map, const struct json *value);
	} top[] = {
		{"Plan", NULL}, {"Settings", put_settings}, {"Planning", put_planning}, {"Planning Time", put_time},
		{"Execution Time", put_time}, {"Triggers", put_triggers}, {"JIT", plan_text_jit}, {"Serialization", put_serialization},
		{"Query Identifier", put_query_id}};

	if (!json_get(w->p->top, "Plan")) /* a bare node: all of it was written */
		return;
	for (const struct json *c = json_child(w->p->top); c; c = json_next(c)) {
		size_t i = 0;

		while (i < ARRAY_LEN(top) && strcmp(json_key(c) ? json_key(c) : "", top[i].key) != 0)
			i++;
		if (i == ARRAY_LEN(top) && json_key(c))
			plan_text_plain(w, c);
		else if (i < ARRAY_LEN(top) && top[i].write)
			top[i].write(w, w->p->top, c);
	}
}

void plan_text(struct buf *out, const struct plan *p)
{
	struct buf raw = BUF_INIT(TEXT_MAX);
	struct plan_writer w = {.p = p, .out = &raw};

	put_nodes(&w);
	put_top(&w);
	clean_text(out, buf_text(&raw), raw.len, CLEAN_KEEP_LINES);
	if (raw.failed)
		out->failed = true;
	buf_release(&raw);
}
