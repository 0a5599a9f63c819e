/* SPDX-License-Identifier: PostgreSQL */
/* dytop maintain --plan: runs what is due, once or for ever. */
#ifndef APP_SCHEDULE_RUN_H
#define APP_SCHEDULE_RUN_H

#include "action/audit.h"
#include "app/actions.h"
#include "app/run.h"

struct schedule_conf {
	const char *path;          /* of the plan */
	bool daemon, dry_run;
	const struct options *options;
	struct run *run;
	const struct actions *actions;
	struct audit *audit;
	const struct source_conf *server;
};

/* Exit status: 0 what was due is done, or another dytop runs the plan; 1 something failed; 2 cannot connect; 3 an outcome is unknown.
 * For ever: until SIGTERM or SIGINT, then 0. */
int schedule_run(const struct schedule_conf *conf, struct err *why);

#endif
