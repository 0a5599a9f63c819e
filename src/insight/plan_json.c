/* SPDX-License-Identifier: PostgreSQL */
/* What was worked out of a plan, for programs. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "insight/plan_private.h"
#include "insight/plan_show.h"

static void put_some(struct json_writer *w, const char *key, double value)
{
	if (!isnan(value))
		json_put_number(w, key, value);
}

/* Names come from the server: clean, as everywhere. */
static void put_clean(struct json_writer *w, const char *key, const char *text)
{
	struct buf clean = BUF_INIT(PLAN_BYTES_MAX);

	clean_text(&clean, text, strlen(text), CLEAN_LINE);
	json_put_text(w, key, buf_str(&clean));
	buf_release(&clean);
}

static void put_hints(struct json_writer *w, const struct plan *p)
{
	json_open_list(w, "hints");
	for (int i = 0; i < p->hint_count; i++) {
		const struct plan_hint *h = &p->hint[i];

		json_open_map(w, NULL);
		json_put_string(w, "kind", plan_hint_name(h->kind));
		json_put_bool(w, "strong", h->strong);
		if (h->node >= 0) {
			json_put_int(w, "node", h->node);
			put_clean(w, "name", p->node[h->node].name);
		}
		json_put_string(w, "text", h->text);
		json_close(w);
	}
	json_close(w);
}

static void put_nodes(struct json_writer *w, const struct plan *p)
{
	json_open_list(w, "nodes");
	for (int i = 0; i < p->count; i++) {
		const struct plan_node *n = &p->node[i];

		json_open_map(w, NULL);
		json_put_int(w, "depth", n->depth);
		put_clean(w, "name", n->name);
		put_some(w, "share", p->timed && n->never_run ? NAN : plan_share(p, i));
		put_some(w, "cost", n->total_cost);
		put_some(w, "own_ms", n->self_ms);
		put_some(w, "ms", n->ms);
		put_some(w, "rows", n->rows);
		put_some(w, "actual_rows", n->actual_rows);
		put_some(w, "loops", n->loops);
		put_some(w, "misestimate", n->misestimate);
		put_some(w, "own_hit", n->self.hit);
		put_some(w, "own_read", n->self.read);
		json_put_bool(w, "costliest", n->costliest);
		json_close(w);
	}
	json_close(w);
}

void plan_put_json(struct json_writer *w, const char *key, const struct plan *p)
{
	char shape[17];

	snprintf(shape, sizeof(shape), "%016" PRIx64, p->shape);
	json_open_map(w, key);
	json_put_string(w, "shape", shape);
	json_put_bool(w, "executed", p->analyzed);
	put_some(w, "cost", p->node[0].total_cost);
	put_some(w, "planning_ms", p->planning_ms);
	put_some(w, "execution_ms", p->execution_ms);
	put_hints(w, p);
	put_nodes(w, p);
	json_close(w);
}
