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

/* The places whose middle lies in the `span` seconds before a point. */
static void lay_span(double value, double age_s, double span, double step_s, double *out, int count)
{
	double first = fmax(0, ceil(age_s / step_s - 0.5)), end = fmin(count, (age_s + span) / step_s - 0.5);

	for (int i = (int)fmin(first, count); i < end; i++)
		out[count - 1 - i] = value;
}

void series_lay(const struct series *s, const struct series *steps, double age_s, double step_s, double *out, int count)
{
	for (int i = 0; i < count; i++)
		out[i] = NAN;
	if (!(step_s > 0) || !(age_s > -step_s))
		return;
	for (int pass = 0; pass < 2; pass++) { /* what lies in a place goes before what only spans it */
		double age = age_s, sum = 0, step = 0;
		int place = -1, points = 0;

		for (int i = 0; i < s->count && age < count * step_s && !isnan(step); i++, age += fabs(step)) {
			double value = series_at(s, i), span;
			int here;

			step = series_at(steps, i);
			span = step > 0 ? step : step_s;
			if (!isfinite(value))
				continue;
			if (pass == 0) {
				lay_span(value, age, span, step_s, out, count);
				continue;
			}
			here = (int)fmin((age + span / 2) / step_s, count);
			points = here == place ? points + 1 : 1;
			sum = here == place ? sum + value : value;
			place = here;
			if (place < count)
				out[count - 1 - place] = sum / points;
		}
	}
}
