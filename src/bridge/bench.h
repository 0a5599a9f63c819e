/* SPDX-License-Identifier: PostgreSQL */
/*
 * One run of a bench: a workload's mix by many logical clients over one pool of connections, with a cache in front of the reads
 * that have one, from the loop of one thread.
 *
 * Steps: connect and check, then wait for bench_go(); read the domains; fill the cache; warm-up; the measured window; drain; take
 * away what was written.
 * Closed loop: a client begins its next operation when the last one ended. Open loop: operations begin at times drawn before (a
 * Poisson process of that rate) and their time counts from then, however late they begin: a stall of the server shows in the
 * times of all that it held up (no coordinated omission).
 *
 * What fails is counted, a client rests 100 ms after it, lost connections come back: the run always ends.
 */
#ifndef BRIDGE_BENCH_H
#define BRIDGE_BENCH_H

#include "bridge/bench_report.h"
#include "bridge/bench_workload.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "source/source.h"

struct bench;

enum bench_step_now {
	BENCH_CONNECTING, BENCH_READY, BENCH_READING, BENCH_FILLING, BENCH_WARMING, BENCH_MEASURING, BENCH_DRAINING, BENCH_CLEANING, BENCH_ENDED
};
const char *bench_step_name(enum bench_step_now step); /* "connecting", ..., "measuring" */

struct bench_progress {
	enum bench_step_now step;
	double elapsed_ms, of_ms;  /* of this step; of_ms 0 = until stopped */
	double ops_per_s;          /* of the last interval */
	double p99_ms;             /* of the last interval; NAN nothing ended */
	double hit_percent;        /* of the last interval */
	int in_flight, open, busy; /* operations; connections */
	int64_t errors;            /* since the beginning */
	const char *trouble;       /* the newest error; "" none */
};

struct bench_events {
	void (*ready)(void *ctx); /* connected, the workload's tables are there; nothing was changed. bench_go() goes on */
	void (*progress)(void *ctx, const struct bench_progress *p); /* about once a second; NULL: not told */
	/* Every operation of the measured window that worked, as it goes into the histograms. NULL: not told. */
	void (*sample)(void *ctx, int statement, int64_t ns);
	void (*ended)(void *ctx, const struct err *why); /* why NULL: bench_result() is there. The last event */
	void *ctx;
};

struct bench_conf {
	const struct bench_workload *workload;
	enum bench_variant variant;
	const struct source_conf *postgres; /* borrowed for bench_new() only */
	const char *over;                   /* conninfo whose settings win over it; NULL none */
	const struct source_conf *redis;    /* NULL: no cache */
	int clients;
	double rate;                        /* open loop: operations a second; 0 = closed loop */
	int pool_min, pool_max;
	double warmup_ms, window_ms;        /* window_ms 0: until bench_stop() */
	double timeout_ms;                  /* of one statement */
	uint64_t seed;
	uint32_t only;                      /* bits of statements that take part; 0 = all */
	bool keep;                          /* what was written stays */
	struct log *log;
};

/* ERR_INVALID: bad address, or a choice of statements that has no weight. Borrows the workload for the bench's life. */
int bench_new(struct bench **out, struct loop *l, const struct bench_conf *conf, const struct bench_events *events,
              struct err *why) MUSTCHECK;
void bench_free(struct bench *b);   /* NULL is accepted; not inside an event: loop_defer() */
/* Ends the window now: drains, takes away what was written, then ended(). Called again: without that. */
void bench_stop(struct bench *b);
/* After ended() without error; the caller's from then on (bench_result_release()). */
void bench_take_result(struct bench *b, struct bench_result *out);
/* Allowed inside ready(). */
void bench_go(struct bench *b);
/* What is known of the server, for the report: name, version, rows; texts are cleaned. */
void bench_describe(const struct bench *b, struct bench_report *r);

#endif
