/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a bench measured, and how it is told: the report's table before and after, each target met or missed, JSON
 * (docs/bench.schema.json), and two runs compared. Pure.
 *
 * A figure that was not measured is NAN (or -1): "-" in the text, null in JSON; a target on it counts as missed.
 */
#ifndef BRIDGE_BENCH_REPORT_H
#define BRIDGE_BENCH_REPORT_H

#include "bridge/bench_workload.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "model/quantile.h"

enum { BENCH_JSON_VERSION = 1, BENCH_FAULTS_MAX = 8, BENCH_TARGETS = 5, BENCH_JSON_MAX = 4 << 20 };

struct bench_count { /* of one statement, or of all, within the measured window */
	struct quantile time;    /* ns, of those that worked: from when it was to begin until its answer was in */
	int64_t errors;
	int64_t deadlocks;       /* of the errors: SQLSTATE 40P01 */
	int64_t hits, misses;    /* of the reads that look into the cache first */
	int64_t shared;          /* of the misses: those that another one's query answered */
};

struct bench_store {         /* of the store's counters (bridge/store.h), differences over the window */
	int64_t queries, joined, tombstones, leased, undecodable, bypassed; /* of misses */
	int64_t sets, sets_late, sets_stale, deletions, errors;
};

struct bench_fault { /* one kind of error */
	char text[240];
	int64_t count;
};

struct bench_result {
	enum bench_variant variant;
	bool cached;                    /* reads looked into a cache */
	double window_ms;               /* as measured */
	struct bench_count all;
	struct bench_count *statement;  /* one for each of the workload's; owned */
	int count;
	int64_t not_begun;              /* open loop: due within the window and not begun when it ended */
	struct bench_fault fault[BENCH_FAULTS_MAX]; /* the first kinds that came */
	int fault_count;
	/* connections of the pool, averaged over the window */
	double open, busy;              /* NAN not measured */
	int most;                       /* the most that were open at once */
	struct quantile wait;           /* ns that operations waited for a connection */
	/* counters of the database, differences over the window; -1 unknown */
	int64_t db_deadlocks;           /* of everybody in it */
	int64_t index_scans, seq_scans; /* of the workload's tables */
	double cpu_ms;                  /* of this program, user and system */
	struct bench_store store;       /* cached: what the store did */
	int64_t rss_bytes;              /* the most memory of this program so far */
	bool cut;                       /* ended early: what is here is of a shorter window */
};

struct bench_report {
	char workload[64], title[200];
	char server[160], cache[160];   /* cleaned; cache "" none */
	char version[32];               /* of the server */
	int64_t rows;                   /* of the workload's first table, estimated by the planner's statistics; -1 unknown */
	int clients, pool_min, pool_max;
	double rate;                    /* open loop: operations a second; 0 = closed loop */
	double warmup_ms;
	int64_t started_us;
	const char *program;            /* "0.1.0" */
	struct bench_result run[BENCH_VARIANTS];
	int runs;                       /* 1, or 2: first baseline, then optimized */
};

/* Statements of the workload get their counts; both zeroed. */
void bench_result_init(struct bench_result *r, enum bench_variant variant, int statements);
void bench_result_release(struct bench_result *r);
void bench_result_sum(struct bench_result *r); /* r->all of r->statement */
void bench_result_fault(struct bench_result *r, const char *text); /* counts one error's text; cleaned here */

double bench_throughput(const struct bench_result *r, const struct bench_count *c); /* a second, of those that worked */
double bench_hit_percent(const struct bench_count *c);    /* of the reads that looked; NAN none did */
double bench_index_percent(const struct bench_result *r); /* share of scans that used an index */
double bench_efficiency(const struct bench_result *r);    /* percent of the open connections' time that statements ran or were queued on them */

struct bench_target {
	const char *name;      /* "throughput", "mean", "hit_ratio", "deadlocks", "connection_efficiency" */
	const char *title;     /* ">= 1000 ops/s" */
	double target, measured;
	bool met;
};

/* The report's five targets, on one run. */
void bench_targets(const struct bench_result *r, struct bench_target out[BENCH_TARGETS]);

void bench_report_text(struct buf *out, const struct bench_report *r, const struct bench_workload *w);
void bench_report_json(struct buf *out, const struct bench_report *r, const struct bench_workload *w);

/* Two JSON reports side by side, the last run of each; names are those of the files. ERR_INVALID: not such a report. */
int bench_compare(struct buf *out, const char *name_a, struct str a, const char *name_b, struct str b,
                  struct err *why) MUSTCHECK;

#endif
