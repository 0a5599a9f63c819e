/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of the claims task. */
#ifndef BRIDGE_CLAIMS_PRIVATE_H
#define BRIDGE_CLAIMS_PRIVATE_H

#include "bridge/claims.h"
#include "source/pgwork.h"

enum { CLAIMS_RUNS_MAX = 50, CLAIMS_PREPARE_MAX = 16 };

struct claims;
typedef void claims_next(struct claims *c, const struct pgwork_outcome *outcome);

struct claims {
	struct task task;          /* first: a task is a claims */
	struct loop *loop;
	struct claims_conf conf;
	struct schema_witness witness;
	struct pgwork *work;
	struct loop_timer *timer;
	void (*later)(struct claims *c);
	claims_next *next;
	struct claims_report report;
	struct claim *claim;
	char *prepare[CLAIMS_PREPARE_MAX]; /* statements that make the copy */
	int prepare_count, prepared;
	char *drop;                /* the statement that drops it */
	bool ended, cancelled, witnessed, made; /* made: the schema is there and ours */
	struct err failure;        /* what ended it early; told when the copy is dropped */
	enum task_outcome outcome;
	/* the measurement under way */
	int at;                    /* which claim */
	bool with;
	enum claim_part part;
	int statement;
	double ms[CLAIMS_RUNS_MAX + 1], other[CLAIMS_RUNS_MAX + 1];
	int runs;
	int64_t began_ns;
};

/* --- claims_report.c --- */
/* Reads EXPLAIN's JSON into one run: execution time, pages, heap fetches, the node that reads the table. */
int claims_explained(const char *text, double *ms, struct claims_side *side, struct err *why) MUSTCHECK;
double claims_median(double *values, int count); /* sorts them; NAN for none */

#endif
