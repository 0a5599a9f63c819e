/* SPDX-License-Identifier: PostgreSQL */
/* Putting rows of a feed into order: by a column, or as a tree. For view.c. */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include "core/base.h"
#include "model/feed.h"

/* Sorts rows[0..count-1] (feed rows) by a column; each cell is computed once. Equal cells keep the order they came
 * in; unknown ones come last, also when descending. */
void order_sort(const struct feed *f, int column, bool descending, int64_t wall_us, int *rows, int count);

/* Rearranges rows so that each row stands below the one whose id (the panel's tree: id) its parent field names,
 * keeping the order among the children of one row; roots with most rows below them first. A row whose parent is not
 * among the rows is a root, and of a circle the first member. depth[] and below[] (how many rows stand below) are per
 * place in the new order. */
void order_tree(const struct feed *f, int *rows, int count, uint8_t *depth, int *below);

#endif
