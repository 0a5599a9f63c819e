/* SPDX-License-Identifier: PostgreSQL */
/* The shape of a plan as a number, and two plans of one statement laid beside each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/map.h"
#include "core/mem.h"
#include "insight/plan_private.h"

/* Children of one node that are compared pair by pair; what stands behind goes by order alone, so that thousands of
 * partitions stay cheap. */
enum { CHILDREN_MATCHED = 64, WORDS_PAIRS = 3, WORDS_MAX = 4096 };

#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* --- shape ------------------------------------------------------------------------------------------------------------ */

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return (hash ^ 0xff) * FNV_PRIME;
}

static uint64_t hash_node(uint64_t hash, const struct plan_node *n)
{
	hash = hash_text(hash, n->type);
	hash = hash_text(hash, n->strategy);
	hash = hash_text(hash, n->join);
	hash = hash_text(hash, n->relation ? n->relation : n->target);
	hash = hash_text(hash, n->index);
	hash = hash_text(hash, plan_text_of(n->json, "Operation"));
	hash = hash_text(hash, plan_text_of(n->json, "Partial Mode"));
	return (hash ^ (uint64_t)n->link) * FNV_PRIME;
}

uint64_t plan_shape(const struct plan *p)
{
	uint64_t hash = FNV_START;

	for (int i = 0; i < p->count; i++) {
		hash = hash_node(hash, &p->node[i]);
		hash = (hash ^ (uint64_t)p->node[i].depth) * FNV_PRIME;
	}
	return hash;
}

/* --- pairs ------------------------------------------------------------------------------------------------------------ */

struct differ {
	const struct plan *a, *b;
	struct plan_diff *d;
	int room;
};

static double ratio(double from, double to)
{
	return from > 0 && to >= 0 ? to / from : NAN;
}

static bool texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* 3 the same node, 2 the same kind on the same relation, 1 on the same relation, 0 nothing in common. */
static int likeness(const struct plan_node *a, const struct plan_node *b)
{
	if (hash_node(FNV_START, a) == hash_node(FNV_START, b))
		return 3;
	if (!texts_equal(a->relation, b->relation))
		return 0;
	return strcmp(a->type, b->type) == 0 ? 2 : 1;
}

static void add_pair(struct differ *d, int a, int b)
{
	struct plan_pair *pair;

	if (d->d->count == d->room) {
		d->room = d->room ? d->room * 2 : 64;
		d->d->pair = mem_resize(d->d->pair, (size_t)d->room, sizeof(*d->d->pair));
	}
	pair = &d->d->pair[d->d->count++];
	*pair = (struct plan_pair){.a = a, .b = b, .cost_ratio = NAN, .ms_ratio = NAN};
	if (a < 0 || b < 0) {
		pair->change = a < 0 ? PLAN_NEW : PLAN_GONE;
	} else {
		const struct plan_node *x = &d->a->node[a], *y = &d->b->node[b];

		pair->change = likeness(x, y) == 3 ? PLAN_SAME : PLAN_CHANGED;
		pair->cost_ratio = ratio(x->total_cost, y->total_cost);
		pair->ms_ratio = ratio(x->ms, y->ms);
	}
	d->d->changed += pair->change != PLAN_SAME;
}

static void add_alone(struct differ *d, int a, int a_end, int b, int b_end)
{
	for (; a < a_end; a++)
		add_pair(d, a, -1);
	for (; b < b_end; b++)
		add_pair(d, -1, b);
}

static int next(const struct plan *p, int node)
{
	return p->node[node].end;
}

/* Whether child `b` (or one up to `steps` behind it) is the very same as `a`; how many stand before it, -1. */
static int find_same(const struct plan *p, int b, int end, const struct plan_node *a, int want)
{
	for (int steps = 0; b < end && steps < CHILDREN_MATCHED; b = next(p, b), steps++)
		if (likeness(a, &p->node[b]) >= want)
			return steps;
	return -1;
}

static bool wraps(const struct plan *p, int node, const struct plan_node *other, int *inner)
{
	int child = node + 1;

	if (child >= p->node[node].end || next(p, child) != p->node[node].end)
		return false;
	*inner = child;
	return likeness(&p->node[child], other) == 3;
}

/* Pairs two nodes and all below them. A node that was only put above or taken away from above (Sort, Gather, Limit) is shown
 * as new or gone, and what is below it is paired all the same. */
static void pair_nodes(struct differ *d, int a, int b)
{
	int a_end = d->a->node[a].end, b_end = d->b->node[b].end, inner;

	while (likeness(&d->a->node[a], &d->b->node[b]) < 3) {
		if (wraps(d->b, b, &d->a->node[a], &inner)) {
			add_pair(d, -1, b);
			b = inner;
		} else if (wraps(d->a, a, &d->b->node[b], &inner)) {
			add_pair(d, a, -1);
			a = inner;
		} else {
			break;
		}
	}
	add_pair(d, a, b);
	a++;
	b++;
	while (a < a_end && b < b_end) {
		int in_b = find_same(d->b, b, b_end, &d->a->node[a], 3), in_a = find_same(d->a, a, a_end, &d->b->node[b], 3);

		if (in_b > 0 && (in_a < 0 || in_b <= in_a)) {
			add_alone(d, 0, 0, b, next(d->b, b));
			b = next(d->b, b);
		} else if (in_a > 0) {
			add_alone(d, a, next(d->a, a), 0, 0);
			a = next(d->a, a);
		} else {
			pair_nodes(d, a, b);
			a = next(d->a, a);
			b = next(d->b, b);
		}
	}
	add_alone(d, a, a_end, b, b_end);
}

struct plan_diff *plan_diff(const struct plan *a, const struct plan *b)
{
	struct differ d = {.a = a, .b = b, .d = mem_alloc(sizeof(*d.d))};

	pair_nodes(&d, 0, 0);
	d.d->same_shape = a->shape == b->shape;
	d.d->cost_ratio = ratio(a->node[0].total_cost, b->node[0].total_cost);
	d.d->ms_ratio = ratio(a->execution_ms, b->execution_ms);
	if (isnan(d.d->ms_ratio))
		d.d->ms_ratio = ratio(a->node[0].ms, b->node[0].ms);
	return d.d;
}

void plan_diff_free(struct plan_diff *d)
{
	if (!d)
		return;
	free(d->pair);
	free(d);
}

/* --- in words --------------------------------------------------------------------------------------------------------- */

static void add_name(struct buf *out, const struct plan_node *n)
{
	clean_text(out, n->name, strlen(n->name), CLEAN_LINE);
}

static void add_pair_words(const struct plan_pair *pair, const struct plan *a, const struct plan *b, struct buf *out)
{
	if (pair->change == PLAN_GONE)
		buf_adds(out, "no more ");
	else if (pair->change == PLAN_NEW)
		buf_adds(out, "new ");
	if (pair->a >= 0)
		add_name(out, &a->node[pair->a]);
	if (pair->a >= 0 && pair->b >= 0)
		buf_adds(out, " -> ");
	if (pair->b >= 0)
		add_name(out, &b->node[pair->b]);
}

static void add_figure(struct buf *out, double value)
{
	buf_addf(out, value < 100 ? "%.2f" : "%.0f", value);
}

static void add_ratio(struct buf *out, const char *what, double from, double to)
{
	if (isnan(from) || isnan(to))
		return;
	buf_addf(out, "; %s ", what);
	add_figure(out, from);
	buf_adds(out, " -> ");
	add_figure(out, to);
	if (from > 0 && to > 0 && to < from)
		buf_addf(out, from / to < 10 ? " (%.1f times less)" : " (%.0f times less)", from / to);
	else if (from > 0 && to > from)
		buf_addf(out, to / from < 10 ? " (%.1f times more)" : " (%.0f times more)", to / from);
}

static double run_ms(const struct plan *p)
{
	return isnan(p->execution_ms) ? p->node[0].ms : p->execution_ms;
}

void plan_diff_words(const struct plan_diff *d, const struct plan *a, const struct plan *b, struct buf *out)
{
	int said = 0;

	buf_adds(out, d->same_shape ? "the same shape" : "another shape: ");
	for (int i = 0; i < d->count && !d->same_shape; i++) {
		if (d->pair[i].change == PLAN_SAME)
			continue;
		if (said == WORDS_PAIRS) {
			buf_addf(out, " and %d more", d->changed - said);
			break;
		}
		buf_adds(out, said ? ", " : "");
		add_pair_words(&d->pair[i], a, b, out);
		said++;
	}
	add_ratio(out, "cost", a->node[0].total_cost, b->node[0].total_cost);
	add_ratio(out, "ms", run_ms(a), run_ms(b));
}
