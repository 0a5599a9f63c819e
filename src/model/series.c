/* SPDX-License-Identifier: PostgreSQL */
#include "model/series.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

void series_init(struct series *s, int room)
{
	*s = (struct series){.room = room > 0 ? room : 1};
	s->value = mem_calloc((size_t)s->room, sizeof(*s->value));
}

void series_release(struct series *s)
{
	free(s->value);
	*s = (struct series){0};
}

void series_add(struct series *s, double value)
{
	if (s->room == 0)
		return;
	/* What a float cannot hold (1e300, infinities) is not a figure to draw. */
	float v = isfinite(value) && fabs(value) <= 3.4e38 ? (float)value : NAN;

	s->value[s->head] = v;
	s->head = (s->head + 1) % s->room;
	if (s->count < s->room)
		s->count++;
}

double series_at(const struct series *s, int i)
{
	if (i < 0 || i >= s->count)
		return NAN;
	return s->value[(s->head - 1 - i + s->room) % s->room];
}

double series_max(const struct series *s, int n)
{
	double best = NAN;

	for (int i = 0; i < n && i < s->count; i++)
		best = fmax(best, series_at(s, i)); /* fmax() passes over one NAN */
	return best;
}

double series_min(const struct series *s, int n)
{
	double best = NAN;

	for (int i = 0; i < n && i < s->count; i++)
		best = fmin(best, series_at(s, i));
	return best;
}
