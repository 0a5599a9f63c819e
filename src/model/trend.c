/* SPDX-License-Identifier: PostgreSQL */
#include "model/trend.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static bool is_same_order(const struct trend *t, const struct delta *d)
{
	if (t->rows != d->rows)
		return false;
	for (int i = 0; i < d->rows; i++) {
		if (d->before[i] != i)
			return false;
	}
	return true;
}

void trend_move(struct trend *t, const struct delta *d, int points)
{
	struct trend to = {.rows = d->rows, .points = points};

	if (t->row && t->points == points && is_same_order(t, d))
		return;
	to.row = mem_calloc((size_t)d->rows, sizeof(*to.row));
	to.block = mem_calloc((size_t)d->rows * (size_t)points, sizeof(*to.block));
	for (int i = 0; i < d->rows; i++) {
		int from = d->before[i];
		float *at = to.block + (size_t)i * (size_t)points;

		to.row[i] = (struct series){.value = at, .room = points};
		if (from < 0 || from >= t->rows || t->points != points)
			continue;
		to.row[i].count = t->row[from].count;
		to.row[i].head = t->row[from].head;
		memcpy(at, t->row[from].value, (size_t)points * sizeof(*at));
	}
	trend_release(t);
	*t = to;
}

void trend_release(struct trend *t)
{
	free(t->row);
	free(t->block);
	*t = (struct trend){0};
}

size_t trend_bytes(const struct trend *t)
{
	return (size_t)t->rows * (sizeof(*t->row) + (size_t)t->points * sizeof(*t->block));
}
