/* SPDX-License-Identifier: PostgreSQL */
/* A bench as a task: says what it will do, asks, writes the audit line, runs each variant, and has a report at its end. */
#ifndef APP_BENCH_TASK_H
#define APP_BENCH_TASK_H

#include "bridge/bench.h"
#include "model/task.h"

struct audit;

struct bench_plan {
	struct bench_conf conf;            /* variant is set for each run */
	enum bench_variant run[BENCH_VARIANTS];
	int runs;
	bool then_optimizes;               /* the question says that the optimisation's indexes and views come next, and a second run */
	struct audit *audit;               /* NULL: the workload writes nothing */
	const char *confirmed;             /* for the audit line: "y", "--yes" */
	void (*begun)(void *ctx);          /* it was agreed to; NULL: not told */
	void *begun_ctx;
	void (*sample)(void *ctx, int statement, int64_t ns);
	void *sample_ctx;
};

/* The plan is copied; what it points to is borrowed for the task's life. The report is filled in while it runs: its runs are those
 * that were measured. It is freed by the task's owner (bench_result_release() for each run). */
void bench_task_new(struct task **out, struct loop *l, const struct bench_plan *plan, struct bench_report *report);

#endif
