/* SPDX-License-Identifier: PostgreSQL */
/* What can be worked out of a plan's own figures: shares, times on the clock, own blocks, misestimation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "insight/plan_private.h"

enum { INITPLANS_SEARCHED = 256 }; /* those that come later are taken off the node that they hang on */

/* cost_rescan() of costsize.c: to read a kept row again costs cpu_operator_cost; this is its default. */
#define KEPT_ROW_COST 0.0025

static bool is(const struct plan_node *n, const char *type)
{
	return strcmp(n->type, type) == 0;
}

/* --- cost ------------------------------------------------------------------------------------------------------------- */

struct costs {
	double *times;   /* by node: how often it is expected to be started */
	double *each;    /* by node: the same for one start of its parent */
	double *whole;   /* by node: its part of the root's cost, with all below it */
};

/* The first child that feeds it. -1 none. */
static int outer_of(const struct plan *p, int node)
{
	for (int c = node + 1; c < p->node[node].end; c = p->node[c].end)
		if (p->node[c].link == PLAN_OUTER || p->node[c].link == PLAN_SUBQUERY)
			return c;
	return -1;
}

static double at_least_one(double value)
{
	return value > 1 ? value : 1;
}

static bool is_hashed(const struct plan *p, const struct plan_node *parent, const struct plan_node *child)
{
	char word[80];

	if (!child->subplan || strlen(child->subplan) > 60)
		return false;
	snprintf(word, sizeof(word), "hashed %s", child->subplan);
	return plan_note_has(p, parent, word);
}

/* How often the child is started for one start of its parent. outer: outer_of() the parent. */
static double starts(const struct plan *p, int outer, int child)
{
	const struct plan_node *n = &p->node[child], *up = &p->node[n->parent];

	if (n->link == PLAN_INNER && is(up, "Nested Loop") && outer >= 0)
		return at_least_one(p->node[outer].rows);
	if (n->link == PLAN_SUBPLAN && !is_hashed(p, up, n))
		return at_least_one(outer >= 0 ? p->node[outer].rows : up->rows);
	return 1;
}

/* What a child would cost on its own, all starts together. */
static double wish(const struct plan *p, const struct costs *c, int child)
{
	const struct plan_node *n = &p->node[child];

	if (is(n, "Materialize") && n->parent >= 0) { /* filled once for each start of the join above, then read again */
		double fills = c->times[n->parent];

		return plan_or_zero(n->total_cost) * fills +
		       (c->times[child] - fills) * KEPT_ROW_COST * plan_or_zero(n->rows);
	}
	return plan_or_zero(n->total_cost) * c->times[child];
}

/* Divides what a node and all below it cost among the two. Children that are started once with their parent come first; those
 * that are started again and again share what is left. */
static void divide(struct plan *p, struct costs *c, int node)
{
	double once = 0, again = 0, left = c->whole[node], scale;
	int kept = is(&p->node[node], "Materialize") && p->node[node].parent >= 0 ? p->node[node].parent : node;
	int outer = outer_of(p, node);

	for (int i = node + 1; i < p->node[node].end; i = p->node[i].end) {
		c->each[i] = starts(p, outer, i);
		c->times[i] = c->times[kept] * c->each[i];
		c->whole[i] = wish(p, c, i);
		*(c->each[i] > 1 ? &again : &once) += c->whole[i];
	}
	scale = once > left ? left / once : 1;
	left -= once * scale;
	for (int i = node + 1; i < p->node[node].end; i = p->node[i].end)
		c->whole[i] *= c->each[i] > 1 ? (again > left ? left / again : 1) : scale;
	left -= again > left ? left : again;
	p->node[node].cost_share = c->whole[0] > 0 ? left / c->whole[0] * 100 : 0;
}

static void cost_shares(struct plan *p)
{
	struct costs c = {.times = mem_calloc((size_t)p->count, sizeof(double)),
	                  .each = mem_calloc((size_t)p->count, sizeof(double)),
	                  .whole = mem_calloc((size_t)p->count, sizeof(double))};

	c.times[0] = 1;
	c.whole[0] = plan_or_zero(p->node[0].total_cost);
	for (int i = 0; i < p->count; i++) /* parents come before their children */
		divide(p, &c, i);
	free(c.times);
	free(c.each);
	free(c.whole);
}

/* --- time ------------------------------------------------------------------------------------------------------------- */

/* Processes that ran what is below a Gather: as often as its child was started for one start of it. */
static void take_processes(struct plan *p)
{
	for (int i = 1; i < p->count; i++) {
		struct plan_node *n = &p->node[i];
		const struct plan_node *up = &p->node[n->parent];

		n->processes = n->link == PLAN_INITPLAN && is(up, "Gather") ? 1 : up->processes;
		if ((is(up, "Gather") || is(up, "Gather Merge")) && n->link == PLAN_OUTER && up->loops > 0 && n->loops > up->loops)
			n->processes = n->loops / up->loops;
	}
}

static void take_times(struct plan *p)
{
	for (int i = 0; i < p->count; i++) {
		struct plan_node *n = &p->node[i];

		if (!isnan(n->total_ms) && !isnan(n->loops))
			n->ms = n->total_ms * n->loops / n->processes;
	}
}

/* --- own part of a figure that is printed with all below it --------------------------------------------------------------- */

struct own_figure {
	size_t with, own; /* offsets of the double with all below it, and of the one without */
};

#define BLOCKS(member) {offsetof(struct plan_node, buffers.member), offsetof(struct plan_node, self.member)}
static const struct own_figure figures[] = {
	{offsetof(struct plan_node, ms), offsetof(struct plan_node, self_ms)},
	BLOCKS(hit), BLOCKS(read), BLOCKS(dirtied), BLOCKS(written),
	BLOCKS(local_hit), BLOCKS(local_read), BLOCKS(local_dirtied), BLOCKS(local_written),
	BLOCKS(temp_read), BLOCKS(temp_written), BLOCKS(io_read_ms), BLOCKS(io_write_ms)};

static double *figure(struct plan_node *n, size_t at)
{
	return (double *)((char *)n + at);
}

static double with_of(struct plan_node *n, const struct own_figure *f)
{
	return plan_or_zero(*figure(n, f->with));
}

/* Takes up to `amount` off a node's own part; returns what could not be taken. */
static double take_off(struct plan_node *n, const struct own_figure *f, double amount)
{
	double *own = figure(n, f->own);
	double took = plan_or_zero(*own) < amount ? plan_or_zero(*own) : amount;

	if (took > 0)
		*own -= took;
	return amount - took;
}

/* What stands where the result of an InitPlan is asked for: "$0" before 17, "(InitPlan 1).col1" since. */
static bool result_word(const struct plan_node *init, char word[40])
{
	const char *at = strchr(init->subplan, '$');
	size_t n = at ? 1 : strlen(init->subplan);

	while (at && at[n] >= '0' && at[n] <= '9')
		n++;
	if (n >= 40 || n < 2)
		return false;
	memcpy(word, at ? at : init->subplan, n);
	word[n] = '\0';
	return true;
}

struct consumers {
	int init;      /* the InitPlan */
	int *node;     /* of which its figures are taken, in turn */
	int count;
};

static bool consumes(const struct plan *p, int init, int node, const char *word)
{
	const char *name = p->node[init].subplan;

	if (strncmp(name, "CTE ", 4) == 0)
		return is(&p->node[node], "CTE Scan") && p->node[node].target && strcmp(p->node[node].target, name + 4) == 0;
	return word[0] && plan_note_has(p, &p->node[node], word);
}

/* A CTE is taken off all scans of it, another InitPlan off the first node that names its result; else off its parent. */
static void find_consumers(const struct plan *p, struct consumers *c, bool search)
{
	const struct plan_node *init = &p->node[c->init];
	bool cte = init->subplan && strncmp(init->subplan, "CTE ", 4) == 0;
	char word[40] = "";

	c->count = 0;
	if (search && init->subplan && (cte || result_word(init, word)))
		for (int i = init->parent; i < p->node[init->parent].end && (cte || c->count == 0); i++)
			if ((i < c->init || i >= init->end) && consumes(p, c->init, i, word))
				c->node[c->count++] = i;
	if (c->count == 0)
		c->node[c->count++] = init->parent;
}

static void subtract_children(struct plan *p)
{
	for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
		const struct own_figure *f = &figures[k];

		for (int i = 0; i < p->count; i++)
			*figure(&p->node[i], f->own) = *figure(&p->node[i], f->with);
		for (int i = 1; i < p->count; i++)
			if (p->node[i].link != PLAN_INITPLAN)
				take_off(&p->node[p->node[i].parent], f, with_of(&p->node[i], f));
	}
}

static void subtract_initplans(struct plan *p)
{
	struct consumers c = {.node = mem_calloc((size_t)p->count, sizeof(int))};
	int seen = 0;

	for (int i = 1; i < p->count; i++) {
		if (p->node[i].link != PLAN_INITPLAN)
			continue;
		c.init = i;
		find_consumers(p, &c, seen++ < INITPLANS_SEARCHED);
		for (size_t k = 0; k < ARRAY_LEN(figures); k++) {
			double left = with_of(&p->node[i], &figures[k]);

			for (int at = 0; at < c.count && left > 0; at++)
				left = take_off(&p->node[c.node[at]], &figures[k], left);
		}
	}
	free(c.node);
}

static void time_shares(struct plan *p)
{
	double whole = p->node[0].ms;

	for (int i = 0; i < p->count; i++)
		if (whole > 0 && !isnan(p->node[i].self_ms))
			p->node[i].time_share = p->node[i].self_ms / whole * 100;
}

/* --- rows ------------------------------------------------------------------------------------------------------------- */

static bool drains(const struct plan_node *n)
{
	static const char *const type[] = {"Sort", "Hash", "Aggregate", "SetOp", "Recursive Union", "Gather Merge"};

	if (is(n, "Aggregate"))
		return !n->strategy || strcmp(n->strategy, "Sorted") != 0;
	for (size_t i = 0; i < ARRAY_LEN(type); i++)
		if (is(n, type[i]))
			return true;
	return false;
}

/* Whether a child may be stopped before it gave all its rows. */
static bool stops_early(const struct plan_node *up, const struct plan_node *n, bool above)
{
	bool probes = up->join && (strcmp(up->join, "Semi") == 0 || strcmp(up->join, "Anti") == 0);

	if (drains(up))
		return false;
	if (is(up, "Limit") || is(up, "Merge Join") || n->link == PLAN_SUBPLAN || n->link == PLAN_INITPLAN)
		return true;
	if (is(up, "Nested Loop") && n->link == PLAN_INNER && (probes || json_is_true(json_get(up->json, "Inner Unique"))))
		return true;
	return above;
}

static void misestimates(struct plan *p)
{
	bool *early = mem_calloc((size_t)p->count, sizeof(*early));

	for (int i = 0; i < p->count; i++) {
		struct plan_node *n = &p->node[i];

		if (i > 0)
			early[i] = stops_early(&p->node[n->parent], n, early[n->parent]);
		if (isnan(n->actual_rows) || isnan(n->rows) || n->never_run)
			continue;
		if (is(n, "BitmapAnd") || is(n, "BitmapOr") || is(n, "ModifyTable") || is(n, "Hash"))
			continue; /* they do not count rows, or repeat their child's */
		if (is(n, "Materialize") || is(n, "Memoize") || (is(n, "Bitmap Index Scan") && n->actual_rows == 0))
			continue; /* re-read; a bitmap that an And no longer needed */
		if (early[i] && n->actual_rows < n->rows)
			continue;
		n->misestimate = at_least_one(n->actual_rows) / at_least_one(n->rows);
	}
	free(early);
}

static void mark_path(struct plan *p)
{
	int most = 0;

	for (int i = 1; i < p->count; i++)
		if (plan_share(p, i) > plan_share(p, most))
			most = i;
	for (int i = most; i >= 0; i = p->node[i].parent)
		p->node[i].costliest = true;
}

void plan_figures(struct plan *p)
{
	cost_shares(p);
	take_processes(p);
	take_times(p);
	subtract_children(p);
	subtract_initplans(p);
	time_shares(p);
	misestimates(p);
	mark_path(p);
}
