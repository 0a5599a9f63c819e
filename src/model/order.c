/* SPDX-License-Identifier: PostgreSQL */
#include "model/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"

/* --- by a column --- */

struct number_key {
	double value; /* negated when descending; unknown is INFINITY */
	int place;    /* in the order it came in */
	int row;
};

struct cell_key {
	struct cell cell;
	int place, row;
};

static int by_number(const void *a, const void *b)
{
	const struct number_key *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

static int by_cell(const struct cell_key *x, const struct cell_key *y, int sign)
{
	bool x_known = x->cell.kind != CELL_UNKNOWN, y_known = y->cell.kind != CELL_UNKNOWN;
	int order;

	if (x_known != y_known)
		return x_known ? -1 : 1;
	order = sign * cell_compare(&x->cell, &y->cell);
	return order != 0 ? order : x->place < y->place ? -1 : 1;
}

static int by_cell_up(const void *a, const void *b)
{
	return by_cell(a, b, 1);
}

static int by_cell_down(const void *a, const void *b)
{
	return by_cell(a, b, -1);
}

/* Whether a double stands for the cell in comparisons: not for texts, nor for ids beyond 2^53. */
static bool is_plain_number(const struct cell *c)
{
	if (c->kind == CELL_INT)
		return c->integer >= -(INT64_C(1) << 53) && c->integer <= INT64_C(1) << 53;
	return c->kind != CELL_TEXT;
}

/* The usual case, with half the memory and none of the branches. */
static void sort_numbers(const struct cell_key *key, bool descending, int *rows, int count)
{
	struct number_key *number = mem_calloc((size_t)count, sizeof(*number));

	for (int i = 0; i < count; i++) {
		double v = cell_value(&key[i].cell);

		number[i] = (struct number_key){isnan(v) ? (double)INFINITY : descending ? -v : v, i, key[i].row};
	}
	qsort(number, (size_t)count, sizeof(*number), by_number);
	for (int i = 0; i < count; i++)
		rows[i] = number[i].row;
	free(number);
}

void order_sort(const struct feed *f, int column, bool descending, int64_t wall_us, int *rows, int count)
{
	struct cell_key *key = mem_calloc((size_t)count, sizeof(*key));
	bool plain = true;

	for (int i = 0; i < count; i++) {
		key[i] = (struct cell_key){feed_cell(f, rows[i], column, wall_us), i, rows[i]};
		plain = plain && is_plain_number(&key[i].cell);
	}
	if (plain) {
		sort_numbers(key, descending, rows, count);
	} else {
		qsort(key, (size_t)count, sizeof(*key), descending ? by_cell_down : by_cell_up);
		for (int i = 0; i < count; i++)
			rows[i] = key[i].row;
	}
	free(key);
}

/* --- as a tree --- */

struct node {
	int parent, child, sibling; /* places in the old order, -1 = none */
	int open;                   /* children whose own rows are not counted yet */
	int below;
	int walk;                   /* the walk that came by here, for finding circles */
};

struct root {
	int below, place;
};

static void find_parents(const struct feed *f, const int *rows, int count, struct node *node)
{
	int id_field = feed_panel(f)->tree_id, parent_field = feed_panel(f)->tree_parent;
	struct map place_of = {0};

	for (int i = count - 1; i >= 0; i--) { /* backwards: of equal ids the first row wins */
		struct cell id = feed_field(f, rows[i], id_field);

		if (id.kind == CELL_INT)
			map_put(&place_of, (uint64_t)id.integer, (uint64_t)i);
	}
	for (int i = 0; i < count; i++) {
		struct cell parent = feed_field(f, rows[i], parent_field);
		uint64_t place;

		node[i] = (struct node){.parent = -1, .child = -1, .sibling = -1, .walk = -1};
		if (parent.kind == CELL_INT && map_get(&place_of, (uint64_t)parent.integer, &place) && (int)place != i)
			node[i].parent = (int)place;
	}
	map_release(&place_of);
}

static void break_circles(struct node *node, int count)
{
	for (int i = 0; i < count; i++) {
		int at = i, first;

		while (at >= 0 && node[at].walk < 0) {
			node[at].walk = i;
			at = node[at].parent;
		}
		if (at < 0 || node[at].walk != i)
			continue;
		/* This walk came back to itself: `at` is in a circle. */
		first = at;
		for (int j = node[at].parent; j != at; j = node[j].parent)
			first = j < first ? j : first;
		node[first].parent = -1;
	}
}

/* Counts from the leaves up, and strings the children together in their old order. */
static void count_below(struct node *node, int count)
{
	int *leaf = mem_calloc((size_t)count, sizeof(*leaf)), leaves = 0;

	for (int i = count - 1; i >= 0; i--) {
		int parent = node[i].parent;

		if (parent < 0)
			continue;
		node[i].sibling = node[parent].child;
		node[parent].child = i;
		node[parent].open++;
	}
	for (int i = 0; i < count; i++) {
		if (node[i].open == 0)
			leaf[leaves++] = i;
	}
	while (leaves > 0) {
		int i = leaf[--leaves], parent = node[i].parent;

		if (parent < 0)
			continue;
		node[parent].below += node[i].below + 1;
		if (--node[parent].open == 0)
			leaf[leaves++] = parent;
	}
	free(leaf);
}

static int by_below(const void *a, const void *b)
{
	const struct root *x = a, *y = b;

	if (x->below != y->below)
		return x->below > y->below ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

struct tree_out {
	int *rows;
	uint8_t *depth;
	int *below;
	int count;
};

/* The root and all below it, depth first. */
static void emit(struct tree_out *out, const struct node *node, const int *rows, int root)
{
	int at = root, depth = 0;

	for (;;) {
		out->rows[out->count] = rows[at];
		out->depth[out->count] = depth < UINT8_MAX ? (uint8_t)depth : UINT8_MAX;
		out->below[out->count++] = node[at].below;
		if (node[at].child >= 0) {
			at = node[at].child;
			depth++;
			continue;
		}
		while (at != root && node[at].sibling < 0) {
			at = node[at].parent;
			depth--;
		}
		if (at == root)
			return;
		at = node[at].sibling;
	}
}

void order_tree(const struct feed *f, int *rows, int count, uint8_t *depth, int *below)
{
	struct node *node = mem_calloc((size_t)count, sizeof(*node));
	struct root *root = mem_calloc((size_t)count, sizeof(*root));
	struct tree_out out = {mem_calloc((size_t)count, sizeof(*rows)), depth, below, 0};
	int roots = 0;

	find_parents(f, rows, count, node);
	break_circles(node, count);
	count_below(node, count);
	for (int i = 0; i < count; i++) {
		if (node[i].parent < 0)
			root[roots++] = (struct root){node[i].below, i};
	}
	qsort(root, (size_t)roots, sizeof(*root), by_below);
	for (int i = 0; i < roots; i++)
		emit(&out, node, rows, root[i].place);
	memcpy(rows, out.rows, sizeof(*rows) * (size_t)out.count);
	free(out.rows);
	free(root);
	free(node);
}
