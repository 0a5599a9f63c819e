/* SPDX-License-Identifier: PostgreSQL */
/*
 * The batch: the same samples and deltas as the screen, printed. A frame is complete when every panel that was asked for
 * has answered or failed on every server, or when the deadline for it passed; then it is printed whole, so a slow
 * server costs its own panels and nothing else.
 */
#ifndef APP_BATCH_H
#define APP_BATCH_H

#include "app/session.h"
#include "core/err.h"
#include "model/view.h"
#include "out/out.h"

struct batch_conf {
	struct session_conf session;    /* changed and its ctx are set here */
	const struct panel *const *all; /* every panel */
	int all_count;
	const int *panels;              /* those to print, by index, in order */
	int panel_count;
	const struct out_format *format;
	int frames;                     /* 0 = until a signal */
	int row_limit;                  /* 0 = all */
	bool ascii;                     /* tables: nothing beyond ASCII */
	/* Columns to print of a panel, in order, into `columns` (room for 256): their number, 0 = the format's own choice. */
	int (*columns)(void *ctx, const struct panel *panel, int *columns);
	int fd;                         /* where it goes */
	bool replace;                   /* what the file held goes when the first frame is written, not before */
	const char *fd_name;            /* for messages: "standard output" or the file */
	/* Applies --sort and --filter to a view. */
	void (*prepare)(void *ctx, struct view *view);
	double interval_s;              /* between frames, for the formats */
	/* Replay: goes on to the next recorded frame; false at the end. NULL when live. */
	bool (*next_frame)(void *ctx);
	void (*turn)(void *ctx, struct session *s); /* a frame begins (for a recorder); NULL = none */
	void *ctx;
	double frame_timeout_ms;        /* deadline of the first frame's connects and answers */
};

/* Exit status as in design 2: 0 ok, 2 no server could be reached, 3 some source or panel failed, or SIGINT, SIGTERM or SIGHUP
 * came before the last of `frames` (0: before the first) was printed (one line each in `complaints`), 4 the output failed
 * (*why). A negative error is dytop's own (*why). */
int batch_run(struct loop *l, const struct batch_conf *conf, struct buf *complaints, struct err *why) MUSTCHECK;

#endif
