/* SPDX-License-Identifier: PostgreSQL */
/* Claims: from plans to figures, from figures to text and JSON. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/claims_private.h"
#include "core/clean.h"
#include "core/units.h"
#include "model/json.h"

/* --- plans ----------------------------------------------------------------------------------------------------------- */

static double number(const struct json *node, const char *key)
{
	double value = json_number(json_get(node, key));
	return isfinite(value) ? value : 0;
}

/* Heap fetches of all nodes; the first node that reads a relation is the one to show. */
static void walk(const struct json *node, struct claims_side *side)
{
	const char *type = json_text(json_get(node, "Node Type")), *relation = json_text(json_get(node, "Relation Name"));
	const char *index = json_text(json_get(node, "Index Name"));

	side->heap_fetches += number(node, "Heap Fetches");
	if (type && !side->plan[0] && (relation || index)) {
		struct buf text = BUF_INIT(1024);
		buf_addf(&text, "%s%s", json_is_true(json_get(node, "Parallel Aware")) ? "Parallel " : "", type);
		if (index)
			buf_addf(&text, " using %s", index);
		if (relation)
			buf_addf(&text, " on %s", relation);
		struct buf clean = BUF_INIT(4096);
		clean_text(&clean, buf_text(&text), text.len, CLEAN_LINE);
		snprintf(side->plan, sizeof side->plan, "%s", buf_text(&clean));
		buf_release(&clean);
		buf_release(&text);
	}
	for (const struct json *child = json_child(json_get(node, "Plans")); child; child = json_next(child))
		walk(child, side);
}

int claims_explained(const char *text, double *ms, struct claims_side *side, struct err *why)
{
	struct json *root = NULL;
	int rc = json_parse(&root, text, strlen(text), 4 << 20, why);

	if (rc < 0)
		return err_prefix(why, "EXPLAIN's JSON");
	const struct json *first = json_child(root), *plan = json_get(first, "Plan");
	*ms = json_number(json_get(first, "Execution Time"));
	side->pages = number(plan, "Shared Hit Blocks") + number(plan, "Shared Read Blocks");
	side->heap_fetches = 0;
	side->plan[0] = '\0';
	walk(plan, side);
	json_free(root);
	return isfinite(*ms) ? 0 : err_set(why, ERR_PROTOCOL, "EXPLAIN's JSON has no execution time");
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

double claims_median(double *values, int count)
{
	if (count == 0)
		return NAN;
	qsort(values, (size_t)count, sizeof *values, ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* --- text ------------------------------------------------------------------------------------------------------------ */

static void add_value(struct buf *out, enum claim_measure measure, double value)
{
	static const char *const unit[] = {[CLAIM_FASTER] = "% faster", [CLAIM_SMALLER] = "% smaller",
	                                   [CLAIM_FEWER_PAGES] = "% fewer pages", [CLAIM_TIMES] = "x"};
	bool times = measure == CLAIM_TIMES;

	if (!isfinite(value))
		buf_adds(out, "-");
	else
		buf_addf(out, "%.*f%s%s", fabs(value) < 10 ? 1 : 0, value, times ? "" : " ", unit[measure]);
}

static void add_side(struct buf *out, enum claim_measure measure, const struct claims_side *s)
{
	char text[UNIT_TEXT_MAX];

	if (!isfinite(s->value)) {
		buf_adds(out, "-");
		return;
	}
	unit_format(text, measure == CLAIM_SMALLER ? UNIT_BYTES : measure == CLAIM_FEWER_PAGES ? UNIT_NONE : UNIT_MS, s->value, 0);
	buf_adds(out, text);
	if (measure == CLAIM_FEWER_PAGES)
		buf_addf(out, " pages, %.0f heap fetches", s->heap_fetches);
}

void claims_text(struct buf *out, const struct claims_report *r)
{
	int met = 0, measured = 0;

	for (int i = 0; i < r->count; i++) {
		const struct claims_result *c = &r->result[i];
		buf_addf(out, "%s\n  claimed   %s\n  measured  ", c->claim->title, c->claim->claimed);
		if (c->why.code < 0) {
			buf_addf(out, "not: %s\n\n", c->why.text);
			continue;
		}
		add_value(out, c->claim->measure, c->value);
		if (c->claim->measure == CLAIM_FASTER && c->value >= 1000)
			buf_addf(out, " (%.0fx)", 1 + c->value / 100);
		buf_addf(out, ": %s (", c->met ? "met" : "not met");
		add_side(out, c->claim->measure, &c->without);
		buf_adds(out, " without, ");
		add_side(out, c->claim->measure, &c->with);
		buf_adds(out, " with)\n");
		if (c->without.plan[0])
			buf_addf(out, "  without   %s\n", c->without.plan);
		if (c->with.plan[0])
			buf_addf(out, "  with      %s\n", c->with.plan);
		if (c->claim->note)
			buf_addf(out, "  note      %s\n", c->claim->note);
		buf_addc(out, '\n');
		measured++;
		met += c->met;
	}
	buf_addf(out, "%d of %d measurements reach what is claimed, on %lld rows of PostgreSQL %d.%d\n", met, measured,
	         (long long)r->rows, r->version / 10000, r->version % 10000);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static void put_side(struct json_writer *w, const char *key, enum claim_measure measure, const struct claims_side *s)
{
	json_open_map(w, key);
	if (measure == CLAIM_SMALLER)
		json_put_number(w, "bytes", s->value);
	else {
		json_put_number(w, "ms", s->ms);
		json_put_number(w, "pages", s->pages);
		json_put_number(w, "heap_fetches", s->heap_fetches);
		json_put_int(w, "runs", s->runs);
		json_put_string(w, "plan", s->plan);
	}
	json_close(w);
}

static void put_claim(struct json_writer *w, const struct claims_result *r)
{
	json_open_map(w, NULL);
	json_put_string(w, "name", r->claim->name);
	json_put_string(w, "title", r->claim->title);
	json_put_string(w, "claimed", r->claim->claimed);
	json_put_number(w, "least", r->claim->least);
	json_put_string(w, "measure", claim_measure_name(r->claim->measure));
	json_put_number(w, "measured", r->value);
	if (r->why.code < 0)
		json_put_null(w, "met");
	else
		json_put_bool(w, "met", r->met);
	json_put_string(w, "error", r->why.code < 0 ? r->why.text : NULL);
	put_side(w, "without", r->claim->measure, &r->without);
	put_side(w, "with", r->claim->measure, &r->with);
	json_put_string(w, "note", r->claim->note);
	json_close(w);
}

void claims_json(struct buf *out, const struct claims_report *r)
{
	struct json_writer w;

	json_begin(&w, out, true);
	json_open_map(&w, NULL);
	json_put_string(&w, "server", r->server);
	json_put_int(&w, "version", r->version);
	json_put_int(&w, "rows", r->rows);
	json_open_list(&w, "claims");
	for (int i = 0; i < r->count; i++)
		put_claim(&w, &r->result[i]);
	json_close(&w);
	json_close(&w);
	buf_addc(out, '\n');
}
