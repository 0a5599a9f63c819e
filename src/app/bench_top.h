/* SPDX-License-Identifier: PostgreSQL */
/*
 * dytop bench --top: the bench in a child process, the dashboard on the same servers in this one. The child asks its question first;
 * the dashboard opens when it was answered yes. Leaving the dashboard ends the bench early, which cleans up; then its report
 * is printed.
 */
#ifndef APP_BENCH_TOP_H
#define APP_BENCH_TOP_H

#include "app/options.h"

struct bench_child {
	int fd;           /* write end of the pipe to the dashboard's process */
	char report[32];  /* where the report goes */
};

/* Calls bench() in the child and never returns there. Exit status: that of the bench. */
int bench_top(const struct options *o, int (*bench)(const struct options *o, struct bench_child *child, struct err *why),
              struct err *why);
/* In the child: the load begins. ctx is the struct bench_child. */
void bench_top_begun(void *child);

#endif
