/* SPDX-License-Identifier: PostgreSQL */
/* A bounded ring of numbers over time, NAN where there was no valid figure. */
#ifndef MODEL_SERIES_H
#define MODEL_SERIES_H

#include "core/base.h"

struct series {
	float *value;
	int room;  /* capacity */
	int count; /* filled */
	int head;  /* next place */
};

void series_init(struct series *s, int room);
void series_release(struct series *s);
void series_add(struct series *s, double value);
/* i = 0 is the newest; NAN past the oldest. */
double series_at(const struct series *s, int i);
/* Extremes of the newest n; NAN when none is known. */
double series_max(const struct series *s, int n);
double series_min(const struct series *s, int n);

#endif
