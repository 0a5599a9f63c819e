/* SPDX-License-Identifier: PostgreSQL */
/* A short series for each row of a feed. All rows live in one block; a row takes its points along when the order
 * changes, and they go when the row goes. */
#ifndef MODEL_TREND_H
#define MODEL_TREND_H

#include "core/base.h"
#include "model/delta.h"
#include "model/series.h"

struct trend {
	struct series *row; /* values borrowed from block */
	float *block;
	int rows, points;
};

/* Lines the rows up with a new sample: row i goes on from row before[i]. */
void trend_move(struct trend *t, const struct delta *d, int points);
void trend_release(struct trend *t); /* an all-zero struct is accepted */
size_t trend_bytes(const struct trend *t);

#endif
