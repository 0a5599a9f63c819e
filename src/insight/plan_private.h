/* SPDX-License-Identifier: PostgreSQL */
/* What the files of plan_*.c share. */
#ifndef INSIGHT_PLAN_PRIVATE_H
#define INSIGHT_PLAN_PRIVATE_H

#include "core/arena.h"
#include "insight/plan.h"

struct plan_private {
	struct arena *arena;
	struct json *root;   /* what was parsed; the texts of the nodes live in it */
	int room;            /* nodes allocated */
	struct buf text;     /* scratch */
	size_t looked;       /* bytes of conditions searched so far: a hostile plan must not make that square */
};

static inline double plan_or_zero(double value)
{
	return value == value ? value : 0;
}

/* A name the way PostgreSQL writes it: in quotes where it must be (quote_identifier() of ruleutils.c). */
void plan_add_identifier(struct buf *out, const char *name);
/* "Parallel Index Scan using i on public.t x", by the head of the node alone; ends up in the plan's arena. */
const char *plan_name(struct plan_private *own, const struct json *node);
/* " on public.t x": what explain.c's ExplainTargetRel() appends. */
void plan_add_target(struct buf *out, const struct json *node);
const char *plan_text_of(const struct json *map, const char *key); /* NULL when absent or no text */

/* Shares of cost, times, own blocks, misestimation, the costliest path. */
void plan_figures(struct plan *p);
/* Fills p->hint. */
void plan_hints(struct plan *p);
/* Whether `word` stands in a condition of the node, not followed by another digit. False when too much was searched. */
bool plan_note_has(const struct plan *p, const struct plan_node *n, const char *word);

#endif
