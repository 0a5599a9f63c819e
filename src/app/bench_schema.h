/* SPDX-License-Identifier: PostgreSQL */
/* What of the bridge's schema a bench finds, and what it brings between the runs of before and after. */
#ifndef APP_BENCH_SCHEMA_H
#define APP_BENCH_SCHEMA_H

#include <stdio.h>

#include "app/run.h"
#include "bridge/bench_workload.h"

struct bench_schema {
	int optimized, wanted; /* objects of the optimisation that are there, and that there are */
	bool baseline;         /* all of the application's own is there */
	bool whole;            /* all of the optimisation is there */
};

/* Connects, looks and goes. Exit status: 0, or 1 or 2 with *why. */
int bench_schema_look(struct run *r, struct bench_schema *out, struct err *why);
/* ERR_NOT_FOUND, ERR_INVALID: not what these runs measure; *why names the remedy. */
int bench_schema_fits(const struct bench_schema *s, const enum bench_variant *run, int runs, struct err *why) MUSTCHECK;
/* Brings the optimisation's indexes and views, with their statements shown and in the audit log, without another question (the
 * bench's own said so; yes: it was answered by --yes). Exit status as above. */
int bench_schema_optimize(struct run *r, bool yes, FILE *lines, struct err *why);

#endif
