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

/*
 * True time. A series has no times of its own: all that get their points together share one series of steps, whose i-th newest
 * point is the time in seconds that passed before their i-th newest one, below zero where nothing is known over that time (an
 * outage, a pause), NAN at the first point of all. So 4 bytes a point, whatever the number of series.
 *
 * Lays the points on an axis of `count` places of step_s seconds each, oldest first; where the axis ends the newest point is age_s
 * old. A point stands for the time since the one before it; after a hole, and as the first of all, for one place only. A place has
 * the mean of the points that lie in it, else the one that spans its middle, NAN where there is none.
 */
void series_lay(const struct series *s, const struct series *steps, double age_s, double step_s, double *out, int count);

#endif
