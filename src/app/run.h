/* SPDX-License-Identifier: PostgreSQL */
/*
 * What live, batch and script have in common: options become panels, servers, a log, a recording or a replay, and are given
 * back. One struct for one run of the program.
 */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "app/files.h"
#include "app/guard.h"
#include "app/options.h"
#include "app/servers.h"
#include "app/session.h"
#include "core/log.h"
#include "loop/loop.h"

struct run {
	const struct options *options;
	struct files *files;
	struct servers servers;
	struct loop *loop;
	struct log *log;
	struct recorder *recorder;      /* --record, else NULL */
	struct replay *replay;          /* --replay, else NULL */
	const struct panel *const *panels;
	int panel_count;
};

/* Finds files and servers, opens the recording. On failure everything is given back. */
int run_init(struct run *r, const struct options *options, struct err *why) MUSTCHECK;
void run_release(struct run *r);
/* Reads the panels, with turns of the loop in between, so that connecting goes on meanwhile. Then r->panels are there. */
int run_panels(struct run *r, struct err *why) MUSTCHECK;
/* The session that options ask for; `changed` is the caller's. */
struct session_conf run_session(struct run *r);

/* The modes; each gives the exit status, and *why when it is about dytop itself. *signo: the signal that ended it. */
int run_live(const struct options *options, int *signo, struct err *why);
int run_batch(const struct options *options, struct err *why);
int run_script(const struct options *options, struct err *why);

#endif
