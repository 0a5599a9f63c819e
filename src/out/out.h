/* SPDX-License-Identifier: PostgreSQL */
/*
 * Formats of the batch: a frame (servers and panels at one moment) to bytes. Pure: nothing is written here, the caller
 * has a buffer and writes it out when its ceiling nears.
 */
#ifndef OUT_OUT_H
#define OUT_OUT_H

#include "core/base.h"
#include "core/buf.h"
#include "core/clock.h"
#include "core/err.h"
#include "model/feed.h"
#include "model/status.h"
#include "model/view.h"

struct out_panel {
	const struct panel *panel;
	const struct feed *feed;             /* NULL: the server never came up */
	const struct view *view;             /* updated: order and filter; NULL with feed NULL */
	const struct server_status *server;
	const int *columns;                  /* what to print, in order; NULL: table what is shown, the others all */
	int column_count;
};

struct out_frame {
	int number;                          /* 1.. */
	struct clock now;
	double interval_s;                   /* asked for; NAN for a single frame */
	const struct server_status *const *servers;
	int server_count;
	const struct out_panel *panels;
	int panel_count;
	int row_limit;                       /* 0 = all */
	bool last;                           /* no frame follows (JSON closes its list) */
	bool ascii;                          /* table: nothing beyond ASCII */
};

struct out_format {
	const char *name;
	const char *help;
	/* Appends one frame. Formats that need a head or a foot write it on the first / last frame. ERR_TOO_BIG: the buffer's
	 * ceiling was hit; nothing of the frame is left in it. */
	int (*frame)(struct buf *out, const struct out_frame *frame, struct err *why);
	/* The run ends after `frames` frames of which none was the last (a signal): closes what is open. NULL: nothing to do. */
	void (*abandon)(struct buf *out, int frames);
};

const struct out_format *const *out_formats(void); /* NULL-terminated: table json ndjson csv openmetrics */
const struct out_format *out_format_by_name(const char *name); /* NULL */
const char *const *out_format_names(void); /* NULL-terminated */

#endif
