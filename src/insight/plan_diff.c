/* SPDX-License-Identifier: PostgreSQL */
/* The shape of a plan as a number, and two plans of one statement laid beside each other. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/mem.h"
#include "insight/plan_private.h"

enum { WORDS_PAIRS = 3 };

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

/* What it is worth to stand side by side. */
enum { WORTH_SAME = 8, WORTH_TABLE = 5, WORTH_TYPE = 4, WORTH_JOIN = 2, WORTH_NOTHING = 0 };

struct differ {
	const struct plan *a, *b;
	struct plan_diff *d;
	uint64_t *hash[2];
	int rows, columns;       /* nodes of each that are aligned */
	int32_t *best;           /* by row and column: the most that the nodes from there on are worth */
	int room;
};

static double ratio(double from, double to)
{
	return from > 0 && to >= 0 ? to / from : NAN;
}

static int worth(const struct differ *d, int a, int b)
{
	const struct plan_node *x = &d->a->node[a], *y = &d->b->node[b];

	if (d->hash[0][a] == d->hash[1][b])
		return WORTH_SAME + (x->depth == y->depth);
	if (x->relation && y->relation)
		return strcmp(x->relation, y->relation) == 0 ? WORTH_TABLE : WORTH_NOTHING;
	if (strcmp(x->type, y->type) == 0)
		return WORTH_TYPE;
	return x->join && y->join ? WORTH_JOIN : WORTH_NOTHING;
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
		pair->change = d->hash[0][a] == d->hash[1][b] ? PLAN_SAME : PLAN_CHANGED;
		pair->cost_ratio = ratio(d->a->node[a].total_cost, d->b->node[b].total_cost);
		pair->ms_ratio = ratio(d->a->node[a].ms, d->b->node[b].ms);
	}
	d->d->changed += pair->change != PLAN_SAME;
}

static int32_t *best_at(const struct differ *d, int a, int b)
{
	return &d->best[(size_t)a * (size_t)(d->columns + 1) + (size_t)b];
}

/* The usual alignment of two sequences, from the end. */
static void weigh(struct differ *d)
{
	for (int a = d->rows - 1; a >= 0; a--)
		for (int b = d->columns - 1; b >= 0; b--) {
			int32_t skip = *best_at(d, a + 1, b), other = *best_at(d, a, b + 1), both = worth(d, a, b);

			skip = other > skip ? other : skip;
			both = both ? both + *best_at(d, a + 1, b + 1) : 0;
			*best_at(d, a, b) = both > skip ? both : skip;
		}
}

static void collect(struct differ *d)
{
	int a = 0, b = 0;

	while (a < d->rows || b < d->columns) {
		int both = a < d->rows && b < d->columns ? worth(d, a, b) : 0;

		if (both && *best_at(d, a, b) == both + *best_at(d, a + 1, b + 1))
			add_pair(d, a++, b++);
		else if (a < d->rows && (b == d->columns || *best_at(d, a, b) == *best_at(d, a + 1, b)))
			add_pair(d, a++, -1);
		else
			add_pair(d, -1, b++);
	}
	for (a = d->rows; a < d->a->count; a++)
		add_pair(d, a, -1);
	for (b = d->columns; b < d->b->count; b++)
		add_pair(d, -1, b);
}

static uint64_t *hash_all(const struct plan *p)
{
	uint64_t *hash = mem_calloc((size_t)p->count, sizeof(*hash));

	for (int i = 0; i < p->count; i++)
		hash[i] = hash_node(FNV_START, &p->node[i]);
	return hash;
}

struct plan_diff *plan_diff(const struct plan *a, const struct plan *b)
{
	struct differ d = {.a = a, .b = b, .d = mem_alloc(sizeof(*d.d)), .hash = {hash_all(a), hash_all(b)}};

	d.rows = a->count < PLAN_DIFF_NODES ? a->count : PLAN_DIFF_NODES;
	d.columns = b->count < PLAN_DIFF_NODES ? b->count : PLAN_DIFF_NODES;
	d.best = mem_calloc((size_t)(d.rows + 1) * (size_t)(d.columns + 1), sizeof(*d.best));
	weigh(&d);
	collect(&d);
	d.d->same_shape = a->shape == b->shape;
	d.d->cost_ratio = ratio(a->node[0].total_cost, b->node[0].total_cost);
	d.d->ms_ratio = ratio(a->execution_ms, b->execution_ms);
	if (isnan(d.d->ms_ratio))
		d.d->ms_ratio = ratio(a->node[0].ms, b->node[0].ms);
	free(d.hash[0]);
	free(d.hash[1]);
	free(d.best);
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
	static const enum plan_change order[] = {PLAN_CHANGED, PLAN_NEW, PLAN_GONE}; /* what says most, first */
	int said = 0;

	buf_adds(out, d->same_shape ? "the same shape" : "another shape: ");
	for (size_t k = 0; k < ARRAY_LEN(order) && !d->same_shape; k++)
		for (int i = 0; i < d->count && said < WORDS_PAIRS; i++) {
			if (d->pair[i].change != order[k])
				continue;
			buf_adds(out, said ? ", " : "");
			add_pair_words(&d->pair[i], a, b, out);
			said++;
		}
	if (d->same_shape)
		said = d->changed;
	else if (said == 0)
		buf_adds(out, "the same nodes, put together otherwise");
	if (d->changed > said)
		buf_addf(out, " and %d more", d->changed - said);
	add_ratio(out, "cost", a->node[0].total_cost, b->node[0].total_cost);
	add_ratio(out, "ms", run_ms(a), run_ms(b));
}
