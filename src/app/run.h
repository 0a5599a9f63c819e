/* SPDX-License-Identifier: PostgreSQL */
/*
 * What live, batch and script have in common: options become panels, servers, a log, a recording or a replay, and are given
 * back. One struct for one run of the program.
 */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "app/desk.h"
#include "app/files.h"
#include "app/guard.h"
#include "app/options.h"
#include "app/recorder.h"
#include "app/servers.h"
#include "app/session.h"
#include "core/log.h"
#include "loop/loop.h"
#include "loop/writer.h"
#include "source/replay.h"
#include "ui/ui.h"

struct run {
	const struct options *options;
	struct files *files;
	struct servers servers;
	struct loop *loop;
	struct log *log;
	struct writer *log_file;        /* --log, else NULL */
	struct recorder *recorder;      /* --record, else NULL */
	struct replay *replay;          /* --replay, else NULL */
	struct source_conf *replayed;   /* of the recorded servers */
	int replayed_count;
	struct desk *desk;              /* of the live dashboard, for the recorder; else NULL */
	struct err trouble;
	bool layout;                    /* a saved layout was read */
	const struct panel *const *panels;
	int panel_count;
};

/* Finds files and servers, opens the recording. On failure everything is given back. */
int run_init(struct run *r, const struct options *options, struct err *why) MUSTCHECK;
void run_release(struct run *r);
/* Ends the recording: ERR_IO when it is not whole. */
int run_close(struct run *r, struct err *why) MUSTCHECK;
/* Reads the panels, with turns of the loop in between, so that connecting goes on meanwhile. Then r->panels are there. */
int run_panels(struct run *r, struct err *why) MUSTCHECK;
/* The session that options ask for; `changed` is the caller's. */
struct session_conf run_session(struct run *r);
double run_interval_ms(const struct run *r); /* as asked for; a replay's as recorded unless one was asked for */
/* struct live_conf's and batch_conf's turn and next_frame; ctx is the struct run. */
void run_turn(void *run, struct session *s);
bool run_next_frame(void *run);
/* The first thing that went wrong with a replay or a recording and does not end the view; NULL none. */
const char *run_trouble(const struct run *r);

/* What options say about the first screen, its order, filter and columns, over what a saved layout said. */
int run_dress(const struct run *r, struct ui *ui, struct err *why) MUSTCHECK;

/* The modes; each gives the exit status, and *why when it is about dytop itself. *signo: the signal that ended it. */
int run_live(const struct options *options, int *signo, struct err *why);
int run_batch(const struct options *options, struct err *why);
int run_script(const struct options *options, struct err *why);

#endif
