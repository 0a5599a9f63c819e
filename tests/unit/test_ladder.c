/* SPDX-License-Identifier: PostgreSQL */
#include "model/ladder.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/histogram.h"
#include "model/inflight.h"
#include "unit.h"

#define S INT64_C(1000000000)

/* --- random workloads (xorshift64, so that every run is the same) --- */

struct random {
	uint64_t state;
};

static double uniform(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return (double)(r->state >> 11) / 9007199254740992.0;
}

static double exponential(struct random *r, double mean)
{
	return -mean * log(1 - uniform(r));
}

static double key_lookup(struct random *r)
{
	return 0.014 + exponential(r, 0.003);
}

static double pareto(struct random *r) /* no variance at all: what a sum of squares hates most */
{
	return 2 * pow(1 - uniform(r), -1 / 1.5);
}

static double hit_or_miss(struct random *r) /* 2 % at 20 ms */
{
	return uniform(r) < 0.02 ? 18 + 4 * uniform(r) : 0.05 + 0.1 * uniform(r);
}

static double cliff(struct random *r) /* 5 % at 20 ms: the p95 lies on the edge */
{
	return uniform(r) < 0.05 ? 18 + 4 * uniform(r) : 0.05 + 0.1 * uniform(r);
}

static double slow(struct random *r)
{
	return exponential(r, 20);
}

static double quick(struct random *r)
{
	return exponential(r, 1);
}

static double five_to_25(struct random *r)
{
	return 5 + 20 * uniform(r);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nearest rank; sorts. */
static double true_quantile(double *v, int n, double q)
{
	qsort(v, (size_t)n, sizeof(*v), by_value);
	return v[(int)ceil(q * n - 1e-9) - 1];
}

/* --- pg_stat_statements' own bookkeeping (pgss_store) --- */

struct counters {
	double calls, total, mean, squares, max;
};

static void call(struct counters *c, double ms)
{
	double old = c->mean;

	c->calls++;
	c->total += ms;
	c->max = fmax(c->max, ms);
	if (c->calls == 1) {
		c->mean = ms;
		return;
	}
	c->mean += (ms - old) / c->calls;
	c->squares += (ms - old) * (ms - c->mean);
}

static struct ladder_totals totals(const struct counters *c)
{
	return (struct ladder_totals){
		.calls = c->calls, .total = c->total, .mean = c->mean, .max = c->max,
		.stddev = c->calls > 1 ? sqrt(c->squares / c->calls) : 0,
	};
}

START_TEST(the_interval_statistics_are_those_of_its_calls)
{
	struct random r = {12345};
	struct counters c = {0};
	struct ladder_totals before, now;
	struct ladder_interval i;
	double v[100], mean = 0, squares = 0;

	for (int k = 0; k < 1000000; k++)
		call(&c, slow(&r));
	before = totals(&c);
	for (int k = 0; k < 100; k++) {
		v[k] = 3 + slow(&r);
		call(&c, v[k]);
		mean += v[k] / 100;
	}
	for (int k = 0; k < 100; k++)
		squares += (v[k] - mean) * (v[k] - mean);
	now = totals(&c);
	ladder_between(&before, &now, &i);
	ck_assert_double_eq(i.calls, 100);
	ck_assert_double_eq_tol(i.mean, mean, mean * 1e-8);
	ck_assert_double_eq_tol(i.sd, sqrt(squares / 100), 1e-6 * i.sd);
}
END_TEST

START_TEST(no_deviation_from_few_calls_or_out_of_rounding)
{
	struct random r = {777};
	struct counters c = {0};
	struct ladder_totals before, now;
	struct ladder_interval i;

	for (int k = 0; k < 1000; k++)
		call(&c, slow(&r));
	before = totals(&c);
	for (int k = 0; k < 9; k++)
		call(&c, slow(&r));
	now = totals(&c);
	ladder_between(&before, &now, &i);
	ck_assert(isnan(i.sd));
	ck_assert_double_eq_tol(i.mean, (now.total - before.total) / 9, 1e-9);
	/* One call of 1000 s drowns what ten calls of 14 us add to the sum of squares. */
	call(&c, 1e6);
	before = totals(&c);
	for (int k = 0; k < 10; k++)
		call(&c, 0.014 + 0.001 * (k % 2));
	now = totals(&c);
	ladder_between(&before, &now, &i);
	ck_assert(isnan(i.sd));
	ck_assert(ladder_bound(&i, 0.95) >= 0.015);
	ck_assert(ladder_bound(&i, 0.95) <= 0.15 + 1e-6); /* Markov: ten calls took 0.145 ms */
	/* Ten equal calls have none, and that is known. */
	c = (struct counters){0};
	before = totals(&c);
	for (int k = 0; k < 10; k++)
		call(&c, 5);
	now = totals(&c);
	ladder_between(&before, &now, &i);
	ck_assert_double_eq_tol(i.sd, 0, 1e-9);
}
END_TEST

START_TEST(the_bound_always_holds)
{
	double (*const work[])(struct random *) = {key_lookup, pareto, hit_or_miss, cliff, slow};
	const double q[] = {0.5, 0.9, 0.95, 0.99};
	struct random r = {99};

	for (size_t w = 0; w < ARRAY_LEN(work); w++) {
		struct counters c = {0};

		for (int k = 0; k < 50000; k++)
			call(&c, work[w](&r));
		for (int round = 0; round < 2000; round++) {
			struct ladder_totals before = totals(&c), now;
			struct ladder_interval i;
			int n = 1 + (int)(uniform(&r) * (round % 2 ? 12 : 150));
			double v[200];

			if (round == 1000)
				call(&c, 1e5); /* an outlier, once */
			before = totals(&c);
			for (int k = 0; k < n; k++) {
				v[k] = work[w](&r);
				call(&c, v[k]);
			}
			now = totals(&c);
			ladder_between(&before, &now, &i);
			for (size_t k = 0; k < ARRAY_LEN(q); k++)
				ck_assert_double_ge(ladder_bound(&i, q[k]), true_quantile(v, n, q[k]));
		}
	}
}
END_TEST

START_TEST(the_maximum_caps_only_what_it_covers)
{
	struct ladder_totals before = {.calls = 100, .total = 100, .mean = 1, .stddev = 0.5, .max = 8};
	struct ladder_totals now = {.calls = 103, .total = 112, .mean = NAN, .stddev = NAN, .max = 8};
	struct ladder_interval i;

	ladder_between(&before, &now, &i);
	ck_assert_double_eq_tol(ladder_bound(&i, 0.95), 8, 1e-9); /* three calls, 12 ms: Markov alone says 12 */
	now.max = 5; /* minmax_only reset within the interval */
	ladder_between(&before, &now, &i);
	ck_assert_double_eq_tol(ladder_bound(&i, 0.95), 12, 1e-6);
	now.max = NAN; /* an extension that has none */
	ladder_between(&before, &now, &i);
	ck_assert_double_eq_tol(ladder_bound(&i, 0.95), 12, 1e-6);
	now.calls = 101;
	ladder_between(&before, &now, &i);
	ck_assert_double_eq_tol(ladder_bound(&i, 0.99), 12, 1e-6); /* one call is its own bound */
}
END_TEST

START_TEST(nothing_comes_of_nothing)
{
	struct ladder_totals a = {.calls = 10, .total = 10, .mean = 1, .stddev = 0, .max = 1}, b = a;
	struct ladder_interval i;

	ladder_between(&a, &b, &i);
	ck_assert_double_eq(i.calls, 0);
	ck_assert(isnan(i.mean) && isnan(i.sd) && isnan(ladder_bound(&i, 0.95)));
	b.calls = 5; /* fell: the caller voids such rows, but here nothing may come of it either */
	ladder_between(&a, &b, &i);
	ck_assert(isnan(i.mean) && isnan(ladder_bound(&i, 0.95)));
	b = (struct ladder_totals){NAN, NAN, NAN, NAN, NAN};
	ladder_between(&a, &b, &i);
	ck_assert(isnan(ladder_bound(&i, 0.95)));
	ladder_between(NULL, &a, &i); /* since the reset */
	ck_assert_double_eq(i.mean, 1);
	ck_assert(isnan(ladder_bound(&i, 0)) && isnan(ladder_bound(&i, 1)) && isnan(ladder_bound(&i, NAN)));
}
END_TEST

/* --- single calls, through samples --- */

enum { F_QUERY, F_CALLS, F_TOTAL, F_MEAN, F_STDDEV, F_MAX, FIELDS };

static struct panel_field fields[] = {
	[F_QUERY] = {.name = "queryid", .kind = FIELD_ID, .lookup = -1},
	[F_CALLS] = {.name = "calls", .kind = FIELD_COUNTER, .lookup = -1},
	[F_TOTAL] = {.name = "total", .kind = FIELD_COUNTER, .lookup = -1},
	[F_MEAN] = {.name = "mean", .kind = FIELD_GAUGE, .lookup = -1},
	[F_STDDEV] = {.name = "stddev", .kind = FIELD_GAUGE, .lookup = -1},
	[F_MAX] = {.name = "max", .kind = FIELD_GAUGE, .lookup = -1},
};

static const struct panel statements = {
	.reset_field = -1, .hidden_field = -1, .field = fields, .field_count = FIELDS,
	.timings = {F_CALLS, F_TOTAL, F_MEAN, F_STDDEV, F_MAX, F_QUERY},
};

static struct sample *sample_of(const struct counters *c, int rows, int64_t mono_ns)
{
	struct sample *s = sample_new(FIELDS);

	for (int i = 0; i < FIELDS; i++)
		sample_type(s, i, i <= F_CALLS ? SAMPLE_INT : SAMPLE_FLOAT);
	for (int i = 0; i < rows; i++) {
		struct ladder_totals t = totals(&c[i]);

		sample_add_row(s);
		sample_set_int(s, i, F_QUERY, 100 + i);
		sample_set_int(s, i, F_CALLS, (int64_t)t.calls);
		sample_set_float(s, i, F_TOTAL, t.total);
		sample_set_float(s, i, F_MEAN, t.mean);
		sample_set_float(s, i, F_STDDEV, t.stddev);
		sample_set_float(s, i, F_MAX, t.max);
	}
	s->mono_ns = mono_ns;
	sample_finish(s, (int[]){F_QUERY}, 1);
	return s;
}

/* A statement panel as feed.c drives it, without the feed. */
struct rig {
	struct ladder *ladder;
	struct sample *prev, *now;
	struct delta delta;
};

static void rig_push(struct rig *g, struct sample *s)
{
	sample_free(g->prev);
	delta_release(&g->delta);
	g->prev = g->now;
	g->now = s;
	delta_init(&g->delta, &statements, g->prev, s, INFINITY);
	ladder_push(g->ladder, &statements, &g->delta, g->prev, s);
}

static struct cell rig_quantile(struct rig *g, int row, double q, enum ladder_rung *rung)
{
	struct ladder_totals before, now;
	struct ladder_interval i;

	*rung = LADDER_NONE;
	if (g->delta.state[row] != DELTA_KNOWN)
		return CELL_NONE;
	ladder_totals_of(&statements, g->prev, g->delta.before[row], &before);
	ladder_totals_of(&statements, g->now, row, &now);
	ladder_between(&before, &now, &i);
	return ladder_quantile(g->ladder, g->now->key[row], 100 + row, &i, q, rung);
}

static void rig_release(struct rig *g)
{
	ladder_free(g->ladder);
	sample_free(g->prev);
	sample_free(g->now);
	delta_release(&g->delta);
}

START_TEST(single_calls_are_exact_while_all_are_single)
{
	struct rig g = {.ladder = ladder_new()};
	struct counters c = {0};
	enum ladder_rung rung;
	struct cell p95;

	call(&c, 500);
	rig_push(&g, sample_of(&c, 1, 0));
	for (int k = 1; k <= 100; k++) {
		call(&c, k); /* 1, 2, ... ms */
		rig_push(&g, sample_of(&c, 1, k * S));
		p95 = rig_quantile(&g, 0, 0.95, &rung);
		ck_assert_int_eq(rung, k < 20 ? LADDER_BOUND : LADDER_SINGLE);
		if (k == 20)
			ck_assert_double_eq_tol(p95.number, 19, 1e-9);
		p95 = rig_quantile(&g, 0, 0.99, &rung);
		ck_assert_int_eq(rung, k < 100 ? LADDER_BOUND : LADDER_SINGLE);
	}
	ck_assert_double_eq_tol(p95.number, 99, 1e-9);
	ck_assert_int_eq(p95.mark, MARK_EXACT);
	rig_push(&g, sample_of(&c, 1, 101 * S)); /* no call: the window stays */
	p95 = rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_SINGLE);
	call(&c, 1);
	call(&c, 1); /* two at once: not known apart */
	rig_push(&g, sample_of(&c, 1, 102 * S));
	p95 = rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_BOUND);
	ck_assert_int_eq(p95.mark, MARK_BOUND);
	rig_release(&g);
}
END_TEST

START_TEST(single_calls_are_forgotten)
{
	struct rig g = {.ladder = ladder_new()};
	struct counters c = {0};
	enum ladder_rung rung;

	call(&c, 1);
	rig_push(&g, sample_of(&c, 1, 0));
	for (int k = 1; k <= 30; k++) {
		call(&c, k);
		rig_push(&g, sample_of(&c, 1, k * S));
	}
	rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_SINGLE);
	call(&c, 1); /* 600 s later only calls 16 to 30 and this one are young enough */
	rig_push(&g, sample_of(&c, 1, (15 + LADDER_WINDOW_S) * S + 1));
	rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_BOUND);
	/* A reset voids the row, and with it the window. */
	for (int k = 1; k <= 30; k++) {
		call(&c, k);
		rig_push(&g, sample_of(&c, 1, (700 + k) * S));
	}
	rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_SINGLE);
	c = (struct counters){0};
	call(&c, 3);
	rig_push(&g, sample_of(&c, 1, 740 * S));
	call(&c, 3);
	rig_push(&g, sample_of(&c, 1, 741 * S));
	rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_BOUND);
	rig_release(&g);
}
END_TEST

START_TEST(windows_are_bounded)
{
	enum { ROWS = 2000 };
	struct rig g = {.ladder = ladder_new()};
	struct counters *c = mem_calloc(ROWS, sizeof(*c));

	for (int round = 0; round < LADDER_WINDOW + 20; round++) {
		for (int i = 0; i < ROWS; i++)
			call(&c[i], 1);
		rig_push(&g, sample_of(c, ROWS, (round + 1) * S));
	}
	ck_assert_uint_lt(ladder_bytes(g.ladder), 1200 * 1000);
	rig_push(&g, sample_of(c, 1, 1000 * S)); /* their rows are gone */
	ck_assert_uint_lt(ladder_bytes(g.ladder), 60 * 1000);
	free(c);
	rig_release(&g);
}
END_TEST

/* --- in flight: a stream of calls, looked at --- */

struct stream {
	double (*work)(struct random *);
	double per_second, looks_per_second, seconds, segment_s;
};

enum { CALLS_MAX = 40000 };

struct run {
	double start[CALLS_MAX], took[CALLS_MAX];
	int calls;
};

static int ended_between(const struct run *run, double from, double to)
{
	int n = 0;

	for (int i = 0; i < run->calls; i++) {
		double end = run->start[i] + run->took[i];

		n += end > from && end <= to;
	}
	return n;
}

static void close_segment(struct inflight *f, const struct run *run, const struct stream *st, double at_ms)
{
	inflight_close(f, st->segment_s);
	inflight_calls(f, inflight_slot(f, 7), ended_between(run, at_ms - st->segment_s * 1000, at_ms));
}

/* Plays the stream; returns its run (free() it). */
static struct run *play(struct inflight *f, const struct stream *st, struct random *r)
{
	struct run *run = mem_alloc(sizeof(*run));
	double end = st->seconds * 1000, at = 0, next = st->segment_s * 1000, step = 1000 / st->looks_per_second;
	int oldest = 0;

	while ((at += exponential(r, 1000 / st->per_second)) < end && run->calls < CALLS_MAX) {
		run->start[run->calls] = at;
		run->took[run->calls++] = st->work(r);
	}
	for (double look = uniform(r) * step; look < end; look += step) {
		for (; look > next; next += st->segment_s * 1000)
			close_segment(f, run, st, next);
		while (oldest < run->calls && run->start[oldest] < look - 5000)
			oldest++;
		if (!inflight_look(f, st->looks_per_second, 8))
			continue;
		for (int i = oldest; i < run->calls && run->start[i] <= look; i++)
			if (run->start[i] + run->took[i] > look)
				inflight_see(f, 7, (uint64_t)i % 50, run->start[i], look - run->start[i]);
	}
	close_segment(f, run, st, next);
	return run;
}

/* Plays it ten times; returns how often there was an estimate, and the worst error. */
static int try_ten(const struct stream *st, double q, double *worst)
{
	struct random r = {4242};
	int used = 0;

	*worst = 0;
	for (int k = 0; k < 10; k++) {
		struct inflight *f = inflight_new();
		struct run *run = play(f, st, &r);
		double got = inflight_quantile(f, 7, q), want = true_quantile(run->took, run->calls, q);

		if (!isnan(got)) {
			used++;
			*worst = fmax(*worst, fabs(got / want - 1));
		}
		inflight_free(f);
		free(run);
	}
	return used;
}

START_TEST(tails_of_20_ms_are_estimated_well)
{
	double worst;

	ck_assert_int_eq(try_ten(&(struct stream){hit_or_miss, 500, 100, 20, 4}, 0.99, &worst), 10);
	ck_assert_double_lt(worst, 0.12);
	ck_assert_int_eq(try_ten(&(struct stream){five_to_25, 100, 100, 20, 4}, 0.99, &worst), 10);
	ck_assert_double_lt(worst, 0.12);
	ck_assert_int_ge(try_ten(&(struct stream){slow, 50, 100, 20, 1}, 0.95, &worst), 5);
	ck_assert_double_lt(worst, 0.15);
}
END_TEST

START_TEST(no_estimate_where_it_would_be_none)
{
	double worst;

	ck_assert_int_eq(try_ten(&(struct stream){cliff, 400, 100, 20, 4}, 0.95, &worst), 0);     /* on the edge */
	ck_assert_int_eq(try_ten(&(struct stream){quick, 1000, 100, 20, 4}, 0.99, &worst), 0);    /* below 10 ms */
	ck_assert_int_eq(try_ten(&(struct stream){key_lookup, 1000, 100, 20, 4}, 0.99, &worst), 0);
	ck_assert_int_eq(try_ten(&(struct stream){slow, 2, 10, 20, 4}, 0.95, &worst), 0);         /* hardly seen */
}
END_TEST

START_TEST(one_long_execution_is_no_distribution)
{
	struct inflight *f = inflight_new();
	struct inflight_fit fit;

	for (int k = 0; k < 1000; k++) { /* the same one, seen a thousand times */
		ck_assert(inflight_look(f, 100, 1));
		inflight_see(f, 7, 1, 0, k * 10.0);
	}
	inflight_close(f, 10);
	inflight_calls(f, inflight_slot(f, 7), 10);
	inflight_fit(f, 7, 0.95, &fit);
	ck_assert_double_gt(fit.value, 9000);
	ck_assert_int_eq(fit.calls, 1);
	ck_assert(isnan(inflight_quantile(f, 7, 0.95)));
	ck_assert(isnan(inflight_quantile(f, 8, 0.95)));
	inflight_free(f);
}
END_TEST

START_TEST(a_void_segment_takes_its_ages_along)
{
	struct random r = {5};
	struct inflight *f = inflight_new();
	struct run *run = play(f, &(struct stream){five_to_25, 100, 100, 20, 4}, &r);

	ck_assert(!isnan(inflight_quantile(f, 7, 0.95)));
	inflight_close(f, NAN); /* the server was restarted */
	ck_assert(isnan(inflight_quantile(f, 7, 0.95)));
	free(run);
	run = play(f, &(struct stream){five_to_25, 100, 100, 20, 4}, &r);
	ck_assert(!isnan(inflight_quantile(f, 7, 0.95)));
	inflight_calls(f, inflight_slot(f, 7), NAN); /* its counters were reset */
	ck_assert(isnan(inflight_quantile(f, 7, 0.95)));
	free(run);
	inflight_free(f);
}
END_TEST

START_TEST(memory_of_ages_is_bounded)
{
	struct inflight *f = inflight_new();
	int seen = 0, looks = 0;

	/* 500 running statements of 500 kinds, 100 looks a second for a minute */
	for (int k = 0; k < 6000; k++) {
		if (k % 400 == 0)
			inflight_close(f, 4);
		looks += inflight_look(f, 100, 500);
		for (int i = 0; looks > seen && i < 500; i++)
			inflight_see(f, i, (uint64_t)i, k * 10.0, i);
		seen = looks;
	}
	ck_assert_int_lt(looks, 300);
	ck_assert_uint_lt(inflight_bytes(f), 900 * 1000);
	inflight_free(f);
}
END_TEST

static struct panel_field look_fields[] = {
	{.name = "pid", .kind = FIELD_ID, .lookup = -1},
	{.name = "queryid", .kind = FIELD_ID, .lookup = -1},
	{.name = "age", .kind = FIELD_GAUGE, .lookup = -1},
};

static const struct panel sampler = {
	.field = look_fields, .field_count = 3, .observe_id = 1, .observe_age = 2,
	.reset_field = -1, .hidden_field = -1,
};

/* One session that runs statement 100 for 30 ms, over and over, with 10 ms between; looked at every 7 ms. */
static void look_for(struct rig *g, struct counters *c, int from_ms, int to_ms)
{
	for (int ms = from_ms; ms < to_ms; ms++) {
		if (ms % 40 == 30)
			call(c, 30);
		if (ms % 7 != 0)
			continue;
		struct sample *s = sample_new(3);

		sample_type(s, 0, SAMPLE_INT);
		sample_type(s, 1, SAMPLE_INT);
		sample_type(s, 2, SAMPLE_FLOAT);
		if (ms % 40 < 30) {
			sample_add_row(s);
			sample_set_int(s, 0, 0, 4711);
			sample_set_int(s, 0, 1, 100);
			sample_set_float(s, 0, 2, ms % 40);
		}
		s->mono_ns = ms * INT64_C(1000000);
		sample_finish(s, (int[]){0}, 1);
		ladder_observe(g->ladder, &sampler, s, 1000 / 7.0);
		sample_free(s);
	}
}

START_TEST(ages_climb_the_ladder_but_not_over_the_bound)
{
	struct rig g = {.ladder = ladder_new()};
	struct counters c = {0};
	enum ladder_rung rung;
	struct cell p95;

	for (int k = 0; k < 1000; k++) /* a past that leaves the bound loose */
		call(&c, k % 2 ? 1 : 200);
	rig_push(&g, sample_of(&c, 1, 0));
	for (int second = 0; second < 16; second += 4) {
		look_for(&g, &c, second * 1000, second * 1000 + 4000);
		call(&c, 190); /* keeps the interval's spread wide */
		rig_push(&g, sample_of(&c, 1, (second + 4) * S));
	}
	p95 = rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_INFLIGHT);
	ck_assert_int_eq(p95.mark, MARK_ESTIMATED);
	ck_assert_double_eq_tol(p95.number, 29.5, 1.5);
	ck_assert_str_eq(ladder_rung_name(rung), "in-flight");
	/* Then twenty calls of 1 ms in a second: the bound of this interval rules the window's estimate out. */
	for (int k = 0; k < 200; k++)
		call(&c, 1);
	rig_push(&g, sample_of(&c, 1, 17 * S));
	p95 = rig_quantile(&g, 0, 0.95, &rung);
	ck_assert_int_eq(rung, LADDER_BOUND);
	ck_assert_double_lt(p95.number, 10);
	rig_release(&g);
}
END_TEST

START_TEST(rungs_have_names)
{
	for (int i = LADDER_NONE + 1; i < LADDER_COUNT_; i++)
		ck_assert_str_ne(ladder_rung_name((enum ladder_rung)i), "-");
	ck_assert_str_eq(ladder_rung_name(LADDER_NONE), "-");
}
END_TEST

/* --- histograms --- */

static double histogram(const char *before, const char *now, double q)
{
	struct histogram_range range = histogram_quantile(str_from(before), str_from(now), q);

	ck_assert(isnan(range.least) == isnan(range.most) && !(range.least > range.most));
	return range.most;
}

static double at_least(const char *before, const char *now, double q)
{
	return histogram_quantile(str_from(before), str_from(now), q).least;
}

START_TEST(histograms_are_compared_bucket_by_bucket)
{
	ck_assert_double_eq(histogram("", "1:10 2:90 4:99 1024:100", 0.5), 0.002);
	ck_assert_double_eq(histogram("", "1:10 2:90 4:99 1024:100", 0.99), 0.004);
	ck_assert_double_eq(histogram("", "1:10 2:90 4:99 1024:100", 0.991), 1.024);
	ck_assert_double_eq(histogram("", "8:1", 0.01), 0.008);
	/* 2:+0, 4:+1 (was not listed: 90 by then), 1024:+1 -> two came: one in 4, one in 1024 */
	ck_assert_double_eq(histogram("1:10 2:90 1024:100", "1:10 2:90 4:91 1024:102", 0.5), 0.004);
	ck_assert_double_eq(histogram("1:10 2:90 1024:100", "1:10 2:90 4:91 1024:102", 0.95), 1.024);
	ck_assert(isnan(histogram("1:10 2:90", "1:10 2:90", 0.5)));           /* nothing came */
	ck_assert(isnan(histogram("1:10 2:90", "1:9 2:95", 0.5)));            /* fell */
	ck_assert(isnan(histogram("1:10 2:90 8:100", "1:10 2:95", 0.5)));     /* fell at the end */
	ck_assert(isnan(histogram("1:50", "1:10 2:60", 0.5)));                /* reset, and grew beyond */
	ck_assert(isnan(histogram("1:50 2:50", "1:50 2:60 4:55", 0.5)));      /* not cumulated */
	ck_assert(isnan(histogram("", "", 0.5)));
	ck_assert(isnan(histogram("", "1:10 rubbish", 0.5)));
	ck_assert(isnan(histogram("x", "1:10", 0.5)));
	ck_assert(isnan(histogram("", "1:99999999999999999999", 0.5)));
	ck_assert(isnan(histogram("", "1:10", NAN)));
	ck_assert(isnan(histogram("", "1:10", 1.5)));
	ck_assert_double_eq(histogram("", " 1:5  2:18446744073709551615 ", 1), 0.002);
	ck_assert_double_eq(at_least("", "1:10 2:90 4:99 1024:100", 0.99), 0.002);
	ck_assert_double_eq(at_least("", "1:10 2:90 4:99 1024:100", 0.991), 0.512); /* those between hold nothing */
	ck_assert_double_eq(at_least("", "33818:10 67633:100", 0.99), 33.818);
	ck_assert_double_eq(at_least("", "1:100", 0.99), 0);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		the_interval_statistics_are_those_of_its_calls,
		no_deviation_from_few_calls_or_out_of_rounding,
		the_bound_always_holds,
		the_maximum_caps_only_what_it_covers,
		nothing_comes_of_nothing,
		single_calls_are_exact_while_all_are_single,
		single_calls_are_forgotten,
		windows_are_bounded,
		tails_of_20_ms_are_estimated_well,
		no_estimate_where_it_would_be_none,
		one_long_execution_is_no_distribution,
		a_void_segment_takes_its_ages_along,
		memory_of_ages_is_bounded,
		ages_climb_the_ladder_but_not_over_the_bound,
		rungs_have_names,
		histograms_are_compared_bucket_by_bucket,
	};

	return unit_run("ladder", cases, ARRAY_LEN(cases));
}
