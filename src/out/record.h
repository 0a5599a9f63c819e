/* SPDX-License-Identifier: PostgreSQL */
/*
 * The recording: every sample as it arrived, as lines of JSON (docs/recording.md), to bytes. Nothing is written to a disk
 * here; source/replay reads them back.
 */
#ifndef OUT_RECORD_H
#define OUT_RECORD_H

#include "core/base.h"
#include "core/buf.h"
#include "core/clock.h"
#include "model/panel.h"
#include "model/sample.h"
#include "model/status.h"
#include "model/task.h"

enum { RECORD_VERSION = 2 }; /* 2: tasks and plans */

struct record {
	int server_count;
	struct server_status *written; /* as last written, to see what changed */
	int64_t frames;               /* begun */
	int64_t dropped;              /* since the last frame that was kept; said by the next one */
};

struct record_sample {
	int server;                   /* index as given to record_begin() */
	const struct panel *panel;
	int lookup;                   /* -1: the panel itself */
	const int64_t *keys;          /* lookup: key_count rows of by_count */
	int key_count;
	const struct sample *sample;
};

/* The plans that were shown at once, and of what: of a statement, or of what a session ran. */
struct record_plan {
	const char *title, *about, *notes, *json; /* about, notes: NULL none */
	size_t json_len;
	int beside;                   /* the number, from 1, of the one that it is compared with; 0 the first */
};

struct record_plans {
	int server;
	int64_t queryid, dbid;        /* 0: of a session */
	int64_t pid, start_us;        /* of the session, and since when it was there, microseconds since 1970; 0: of a statement */
	const char *statement;        /* the window's title */
	const struct record_plan *plan;
	int count;
};

/* The head: version, time, servers (dytop itself, PANEL_SELF, is left out and must be last). */
void record_begin(struct record *r, struct buf *out, const struct server_status *const *servers, int count,
                  const struct clock *now, double interval_ms);
/* A frame begins. */
void record_frame(struct record *r, struct buf *out, const struct server_status *const *servers,
                  const struct clock *now);
/* A sample of this frame; status: of its server, written too when it changed. */
void record_sample(struct record *r, struct buf *out, const struct record_sample *s, const struct server_status *status);
/* How a task stands in this frame. sql: in place of its own (masked); NULL none. */
void record_task(struct record *r, struct buf *out, int server, const struct task *t, const char *sql);
/* Plans over 16 MiB in all are left out. */
void record_plans(struct record *r, struct buf *out, const struct record_plans *p);
/* The frame that was begun last is thrown away by its owner: the next one takes its number, and says that one is missing. */
void record_drop(struct record *r);
/* The last line; without it a recording counts as truncated. */
void record_end(struct record *r, struct buf *out);
void record_release(struct record *r);

#endif
