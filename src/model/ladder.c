/* SPDX-License-Identifier: PostgreSQL */
#include "model/ladder.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/map.h"
#include "core/mem.h"
#include "model/inflight.h"

/* --- statistics of an interval --- */

static double square(double v)
{
	return v * v;
}

/* The sum of squares about the interval's mean, and how far rounding can have put it off: every call rounds the
 * server's sums once, and squaring, multiplying and differencing here some more. */
static void spread(const struct ladder_totals *a, const struct ladder_totals *b, struct ladder_interval *out)
{
	double n = out->calls, before = 0, apart = 0, all = square(b->stddev) * b->calls, m2, off;

	if (a && a->calls > 0) {
		double far = out->mean - a->total / a->calls, scale = a->calls * n / b->calls;

		before = square(a->stddev) * a->calls;
		apart = square(far) * scale;
		off = 2 * fabs(far) * scale * out->slack + square(out->slack) * scale;
	} else {
		off = 0;
	}
	m2 = all - before - apart;
	off += (4 * n + 256) * DBL_EPSILON * (all + before + apart);
	out->sd_most = sqrt(fmax(m2, 0) / n + off / n);
	if (n >= LADDER_SD_CALLS && out->sd_most <= sqrt(fmax(m2, 0) / n) * 1.05 + out->mean * 1e-6)
		out->sd = sqrt(fmax(m2, 0) / n);
}

void ladder_between(const struct ladder_totals *before, const struct ladder_totals *now, struct ladder_interval *out)
{
	*out = (struct ladder_interval){.calls = now->calls, .total = now->total, .max = now->max};
	out->mean = out->sd = out->sd_most = NAN;
	if (before) {
		out->calls = now->calls - before->calls;
		out->total = now->total - before->total;
		/* When the maximum fell it was reset within the interval, and what came before that is not
		 * covered. */
		if (!(now->max >= before->max))
			out->max = NAN;
	}
	if (!(out->calls > 0) || !(out->total >= 0))
		return;
	out->mean = out->total / out->calls;
	out->slack = (out->calls + 8) * DBL_EPSILON * now->total / out->calls;
	/* One call or two hold no spread worth the name, and a maximum below the mean is none. */
	if (!(out->max >= out->mean * (1 - 1e-9)))
		out->max = NAN;
	spread(before, now, out);
}

double ladder_bound(const struct ladder_interval *i, double q)
{
	double least = INFINITY, longer;

	if (!(i->calls > 0) || !isfinite(i->mean) || !(q > 0 && q < 1))
		return NAN;
	if (i->calls >= LADDER_SD_CALLS && isfinite(i->sd_most))
		least = i->mean + i->slack + i->sd_most * sqrt(q / (1 - q));
	longer = i->calls - ceil(q * i->calls - 1e-9) + 1;
	least = fmin(least, (i->total + i->slack * i->calls) / fmax(longer, 1));
	least = fmin(least, i->max); /* NAN is passed over */
	return least;
}

void ladder_totals_of(const struct panel *p, const struct sample *s, int row, struct ladder_totals *out)
{
	const struct panel_timings *t = &p->timings;

	out->calls = sample_number(s, row, t->calls);
	out->total = sample_number(s, row, t->total);
	out->mean = sample_number(s, row, t->mean);
	out->stddev = sample_number(s, row, t->stddev);
	out->max = sample_number(s, row, t->max);
}

/* --- single calls --- */

struct window {
	uint64_t key;
	double *value;  /* ms, newest at the end */
	int64_t *at_ns;
	int count, room;
};

struct ladder {
	struct map index; /* row key -> window */
	struct window *window;
	int windows;
	struct inflight *inflight; /* NULL until somebody looks */
	double rate_hz;
};

struct ladder *ladder_new(void)
{
	return mem_alloc(sizeof(struct ladder));
}

void ladder_free(struct ladder *l)
{
	if (!l)
		return;
	for (int i = 0; i < l->windows; i++) {
		free(l->window[i].value);
		free(l->window[i].at_ns);
	}
	free(l->window);
	map_release(&l->index);
	inflight_free(l->inflight);
	free(l);
}

static struct window *window_find(const struct ladder *l, uint64_t key)
{
	uint64_t at;

	return map_get(&l->index, key, &at) ? &l->window[at] : NULL;
}

static void window_remove(struct ladder *l, struct window *w)
{
	struct window *last = &l->window[l->windows - 1];

	map_remove(&l->index, w->key);
	free(w->value);
	free(w->at_ns);
	if (w != last) {
		*w = *last;
		map_put(&l->index, w->key, (uint64_t)(w - l->window));
	}
	l->windows--;
}

/* Drops the oldest `gone` values. */
static void window_cut(struct window *w, int gone)
{
	w->count -= gone;
	memmove(w->value, w->value + gone, (size_t)w->count * sizeof(*w->value));
	memmove(w->at_ns, w->at_ns + gone, (size_t)w->count * sizeof(*w->at_ns));
}

static void window_add(struct ladder *l, uint64_t key, double value, int64_t now_ns)
{
	struct window *w = window_find(l, key);

	if (!w) {
		if (l->windows == LADDER_WINDOWS_MAX)
			return;
		if (!l->window)
			l->window = mem_calloc(LADDER_WINDOWS_MAX, sizeof(*l->window));
		map_put(&l->index, key, (uint64_t)l->windows);
		w = &l->window[l->windows++];
		*w = (struct window){.key = key};
	}
	if (w->count == LADDER_WINDOW)
		window_cut(w, 1);
	if (w->count == w->room) {
		w->room = w->room ? w->room * 2 : 8;
		w->value = mem_resize(w->value, (size_t)w->room, sizeof(*w->value));
		w->at_ns = mem_resize(w->at_ns, (size_t)w->room, sizeof(*w->at_ns));
	}
	w->value[w->count] = value;
	w->at_ns[w->count++] = now_ns;
}

/* Old values leave, and windows whose row is gone. */
static void windows_expire(struct ladder *l, const struct sample *now)
{
	int64_t oldest = now->mono_ns - INT64_C(1000000000) * LADDER_WINDOW_S;

	for (int i = l->windows - 1; i >= 0; i--) {
		struct window *w = &l->window[i];
		int gone = 0;

		while (gone < w->count && w->at_ns[gone] < oldest)
			gone++;
		if (gone == w->count || sample_find(now, w->key) < 0)
			window_remove(l, w);
		else if (gone > 0)
			window_cut(w, gone);
	}
}

static void push_singles(struct ladder *l, const struct panel *p, const struct delta *d, const struct sample *prev,
                         const struct sample *now)
{
	const struct panel_timings *t = &p->timings;

	for (int row = 0; row < now->rows; row++) {
		double calls = NAN, value = NAN;
		struct window *w;

		if (d->state[row] == DELTA_KNOWN) {
			calls = sample_number(now, row, t->calls) - sample_number(prev, d->before[row], t->calls);
			if (calls == 0)
				continue;
			value = sample_number(now, row, t->total) - sample_number(prev, d->before[row], t->total);
		}
		if (calls == 1 && isfinite(value)) {
			window_add(l, now->key[row], value, now->mono_ns);
			continue;
		}
		/* Calls fell together, or unseen: the window would not be all calls any more. */
		w = window_find(l, now->key[row]);
		if (w)
			window_remove(l, w);
	}
	windows_expire(l, now);
}

/* --- in flight --- */

void ladder_observe(struct ladder *l, const struct panel *observer, const struct sample *s, double rate_hz)
{
	if (!l->inflight)
		l->inflight = inflight_new();
	if (!inflight_look(l->inflight, rate_hz, s->rows))
		return;
	for (int row = 0; row < s->rows; row++) {
		struct cell id = sample_cell(s, row, observer->observe_id);
		double age = sample_number(s, row, observer->observe_age);

		if (id.kind == CELL_INT && id.integer != 0 && isfinite(age))
			inflight_see(l->inflight, id.integer, s->key[row], (double)s->mono_ns / 1e6 - age, age);
	}
}

static void push_inflight(struct ladder *l, const struct panel *p, const struct delta *d, const struct sample *prev,
                          const struct sample *now)
{
	double calls[INFLIGHT_QUERIES_MAX] = {0};

	if (!l->inflight)
		return;
	inflight_close(l->inflight, d->seconds);
	if (!prev || isnan(d->seconds))
		return;
	/* One query id may have several rows (users, databases): the look saw them all. */
	for (int row = 0; row < now->rows; row++) {
		struct cell id = sample_cell(now, row, p->timings.queryid);
		int slot = id.kind == CELL_INT ? inflight_slot(l->inflight, id.integer) : -1;

		if (slot < 0)
			continue;
		calls[slot] += d->state[row] == DELTA_KNOWN
		                       ? sample_number(now, row, p->timings.calls) -
		                                 sample_number(prev, d->before[row], p->timings.calls)
		                       : (double)NAN;
	}
	for (int slot = 0; slot < INFLIGHT_QUERIES_MAX; slot++)
		inflight_calls(l->inflight, slot, calls[slot]);
}

void ladder_push(struct ladder *l, const struct panel *p, const struct delta *d, const struct sample *prev,
                 const struct sample *now)
{
	if (p->timings.calls < 0)
		return;
	push_singles(l, p, d, prev, now);
	push_inflight(l, p, d, prev, now);
}

/* --- the rungs --- */

struct question {
	uint64_t key;
	int64_t query;
	const struct ladder_interval *interval;
	double q;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double try_single(struct ladder *l, const struct question *ask)
{
	const struct window *w = window_find(l, ask->key);
	double sorted[LADDER_WINDOW];
	int rank;

	if (!w || w->count < LADDER_LEAST || w->count < (int)ceil(1 / (1 - ask->q) - 1e-9))
		return NAN;
	memcpy(sorted, w->value, sizeof(*sorted) * (size_t)w->count);
	qsort(sorted, (size_t)w->count, sizeof(*sorted), by_value);
	rank = (int)ceil(ask->q * w->count - 1e-9);
	return sorted[rank > 0 ? rank - 1 : 0];
}

/* An estimate that the interval's own figures rule out is none. */
static double try_inflight(struct ladder *l, const struct question *ask)
{
	double value = l->inflight && ask->query ? inflight_quantile(l->inflight, ask->query, ask->q) : (double)NAN;
	double bound = ladder_bound(ask->interval, ask->q);

	return value > bound ? (double)NAN : value;
}

/* Where lower quantiles may be those of single calls, the bound is over the same calls: the 99th of 100 is not below the 95th. */
static double try_bound(struct ladder *l, const struct question *ask)
{
	const struct window *w = window_find(l, ask->key);
	double bound = ladder_bound(ask->interval, ask->q);

	for (int i = 0; w && w->count >= LADDER_LEAST && !isnan(bound) && i < w->count; i++)
		bound = fmax(bound, w->value[i]);
	return bound;
}

/* Best first. A rung without a function is not built yet: its place and its name are. */
static const struct rung {
	enum ladder_rung rung;
	const char *name, *over;
	enum mark mark;
	double (*quantile)(struct ladder *l, const struct question *ask); /* NAN: this rung does not hold here */
} rungs[] = {
	{LADDER_SINGLE, "single calls", " of 10m", MARK_EXACT, try_single},
	{LADDER_LOG, "log sample", "", MARK_ESTIMATED, NULL},
	{LADDER_MONITOR, "pg_stat_monitor", "", MARK_ESTIMATED, NULL},
	{LADDER_INFLIGHT, "in-flight", " of 30s", MARK_ESTIMATED, try_inflight},
	{LADDER_BOUND, "bound", "", MARK_BOUND, try_bound},
};

const char *ladder_rung_name(enum ladder_rung rung)
{
	for (size_t i = 0; i < ARRAY_LEN(rungs); i++) {
		if (rungs[i].rung == rung)
			return rungs[i].name;
	}
	return "-";
}

_Static_assert(LADDER_WINDOW_S == 600 && INFLIGHT_WINDOW_S == 30, "as their rungs say");

const char *ladder_rung_over(enum ladder_rung rung)
{
	for (size_t i = 0; i < ARRAY_LEN(rungs); i++) {
		if (rungs[i].rung == rung)
			return rungs[i].over;
	}
	return "";
}

struct cell ladder_quantile(struct ladder *l, uint64_t key, int64_t query, const struct ladder_interval *i, double q,
                            enum ladder_rung *rung)
{
	const struct question ask = {.key = key, .query = query, .interval = i, .q = q};

	if (rung)
		*rung = LADDER_NONE;
	for (size_t r = 0; q > 0 && q < 1 && r < ARRAY_LEN(rungs); r++) {
		double value = rungs[r].quantile ? rungs[r].quantile(l, &ask) : (double)NAN;
		struct cell c = cell_number(value);

		if (c.kind == CELL_UNKNOWN)
			continue;
		c.mark = rungs[r].mark;
		if (rung)
			*rung = rungs[r].rung;
		return c;
	}
	return CELL_NONE;
}

size_t ladder_bytes(const struct ladder *l)
{
	size_t bytes = sizeof(*l) + l->index.room * 17;

	if (l->window)
		bytes += sizeof(*l->window) * LADDER_WINDOWS_MAX;
	for (int i = 0; i < l->windows; i++)
		bytes += (size_t)l->window[i].room * (sizeof(double) + sizeof(int64_t));
	return bytes + (l->inflight ? inflight_bytes(l->inflight) : 0);
}
