/* SPDX-License-Identifier: PostgreSQL */
/*
 * Latency tails out of the ages of running statements.
 *
 * In a stream of calls with rate L (per ms), of which the share S(t) takes longer than t, the expected number of
 * calls in flight whose age lies in [t, t + dt] at any moment is L * S(t) * dt. So, with K looks at what is running,
 *
 *     S(t) = (density of the ages seen at t) / (K * L)
 *
 * and as S only falls, the density is fitted by the best falling one: the slopes of the least concave majorant of the
 * cumulated ages (U. Grenander, "On the theory of mortality measurement II", Skand. Aktuarietidskr. 1956). The
 * quantile is where the fitted S falls to 1 - q.
 *
 * Only used where measuring it against auto_explain found it good (tails of 10 ms and more) and where the look is
 * clear: enough sightings of enough different executions beyond half the estimate, and no cliff (a two-humped
 * distribution whose gap lies at the quantile: there a slightly other q would give a wholly other answer). The fit's
 * share is off by about 2.5 n^(-1/3) (n executions; the exponent is Grenander's, the factor simulated:
 * tests/unit/test_ladder.c); times how much the quantile moves with the share, that must not be more than
 * INFLIGHT_ERROR_MAX percent.
 *
 * Ages are kept for one window of segments. A segment is the time between two samples of the statement counters, so
 * calls and looks are counted over the same time.
 */
#ifndef MODEL_INFLIGHT_H
#define MODEL_INFLIGHT_H

#include "core/base.h"

enum {
	INFLIGHT_QUERIES_MAX = 256,    /* statements with a tail at one time */
	INFLIGHT_SIGHTINGS_MAX = 32768,
	INFLIGHT_SEGMENTS_MAX = 32,
	INFLIGHT_WINDOW_S = 30,
	INFLIGHT_LEAST_SIGHTINGS = 30, /* beyond half the estimate */
	INFLIGHT_LEAST_CALLS = 8,      /* different executions among them */
	INFLIGHT_LEAST_MS = 10,
	INFLIGHT_ERROR_MAX = 20        /* percent */
};

struct inflight;

struct inflight *inflight_new(void);
void inflight_free(struct inflight *f); /* NULL is accepted */
/* One look at what is running: begin it, then one call of inflight_see() for each running statement. expected_rows
 * and rate_hz bound the memory: looks that come too often for what they see are passed over (false: skip this
 * one). */
bool inflight_look(struct inflight *f, double rate_hz, int expected_rows);
/* who tells executions apart (the session); start_ms is on any steady clock and the same for one execution. */
void inflight_see(struct inflight *f, int64_t query, uint64_t who, double start_ms, double age_ms);
/* The slot of a query, -1 = it was not seen running in this window: no need to count its calls. */
int inflight_slot(const struct inflight *f, int64_t query);
/* Closes the segment: it lasted `seconds` (NAN: it means nothing, and goes with all its ages); then, for each slot,
 * how often it was called in it. A slot for which no call of inflight_calls() comes had none; NAN = not known. */
void inflight_close(struct inflight *f, double seconds);
void inflight_calls(struct inflight *f, int slot, double calls);
/* The estimate in ms, NAN when there is none that may be shown. */
double inflight_quantile(struct inflight *f, int64_t query, double q);
/* The same without any guard, and what the guards would look at: for measuring them. */
struct inflight_fit {
	double value;        /* the quantile, NAN when nothing was seen */
	double early, late;  /* the same at 1.25 and 0.8 times the share above: how steep it is */
	int sightings, calls; /* beyond half the value */
};
void inflight_fit(struct inflight *f, int64_t query, double q, struct inflight_fit *out);
size_t inflight_bytes(const struct inflight *f);

#endif
