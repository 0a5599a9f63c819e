/* SPDX-License-Identifier: PostgreSQL */
/*
 * Quantiles of latencies where the server keeps none: a ladder of methods, the best rung that holds is taken and
 * named.
 *
 *   exact      single calls: when only one call falls between two polls, the increase of the total IS its latency.
 *              Only while every call of the window fell alone.
 *   ~          in-flight sampling, see inflight.h
 *   <=         a bound that always holds, from what pg_stat_statements has
 *
 * The interval's statistics are exact. With n calls, total T, mean and population standard deviation s since the
 * reset at two moments: n = n2 - n1, m = (T2 - T1) / n, M2 = s2^2 n2 - s1^2 n1 - (m - T1/n1)^2 n1 n / n2, sd =
 * sqrt(M2 / n): the rule for joining two sets (Chan, Golub, LeVeque 1979) solved for the second one. The differences
 * cancel, so sd is only given from 10 calls on and while the rounding of the server's sums cannot matter.
 *
 * The bound is the least of: m + sd sqrt(q / (1 - q)) (Cantelli's inequality, holds for any distribution; from 10
 * calls on); T / k, where k calls are at least as long as the quantile (Markov); the longest call since the reset,
 * when the server knows it over the whole interval.
 */
#ifndef MODEL_LADDER_H
#define MODEL_LADDER_H

#include "core/base.h"
#include "model/cell.h"
#include "model/delta.h"
#include "model/panel.h"
#include "model/sample.h"

enum ladder_rung {
	LADDER_NONE,
	LADDER_SINGLE,   /* exact */
	LADDER_LOG,      /* a sample of the server's log; later */
	LADDER_MONITOR,  /* pg_stat_monitor's histogram; later */
	LADDER_INFLIGHT,
	LADDER_BOUND,
	LADDER_COUNT_
};

enum {
	LADDER_SD_CALLS = 10,     /* least calls for a standard deviation */
	LADDER_WINDOW = 128,      /* single calls remembered of one statement */
	LADDER_WINDOW_S = 600,    /* and for how long */
	LADDER_WINDOWS_MAX = 512, /* statements with such a window */
	LADDER_LEAST = 20         /* single calls for any quantile; more for the high ones: 1 / (1 - q) */
};

const char *ladder_rung_name(enum ladder_rung rung); /* "single calls", "in-flight", "bound", ...; "-" for none */
/* What it is about: " of 10m", where that is more than the interval; else "". */
const char *ladder_rung_over(enum ladder_rung rung);

/* What the server says about one statement since its reset. NAN = not known. */
struct ladder_totals {
	double calls, total, mean, stddev, max;
};

struct ladder_interval {
	double calls; /* 0: nothing ran; NAN: not known */
	double mean;
	double sd;    /* NAN: fewer than 10 calls, or not to be told from rounding */
	double total;
	double max;   /* no call of the interval was longer; NAN not known */
	double slack; /* private: how far rounding may have put the mean off, */
	double sd_most; /* and the most that sd can be */
};

/* The statistics between two moments; before NULL = since the reset. */
void ladder_between(const struct ladder_totals *before, const struct ladder_totals *now, struct ladder_interval *out);
/* An upper bound of the q-quantile of the interval's calls; NAN when there is none. */
double ladder_bound(const struct ladder_interval *i, double q);

struct ladder; /* the windows of single calls and of ages, for one feed */

struct ladder *ladder_new(void);
void ladder_free(struct ladder *l); /* NULL is accepted */
/* Takes in a new pair of samples of the panel (prev NULL: the first). */
void ladder_push(struct ladder *l, const struct panel *p, const struct delta *d, const struct sample *prev,
                 const struct sample *now);
/* Takes in one look at running statements; see feed_observe(). */
void ladder_observe(struct ladder *l, const struct panel *observer, const struct sample *s, double rate_hz);
/* The q-quantile of a row (its key, its query id; 0 = none) whose interval is i; the rung is told through rung (may
 * be NULL). */
struct cell ladder_quantile(struct ladder *l, uint64_t key, int64_t query, const struct ladder_interval *i, double q,
                            enum ladder_rung *rung);
size_t ladder_bytes(const struct ladder *l);

/* What the panel's timings: say of one row. */
void ladder_totals_of(const struct panel *p, const struct sample *s, int row, struct ladder_totals *out);

#endif
