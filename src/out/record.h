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

enum { RECORD_VERSION = 1 };

struct record {
	int server_count;
	struct server_status *written; /* as last written, to see what changed */
	int64_t frames;
};

struct record_sample {
	int server;                   /* index as given to record_begin() */
	const struct panel *panel;
	int lookup;                   /* -1: the panel itself */
	const int64_t *keys;          /* lookup: key_count rows of by_count */
	int key_count;
	const struct sample *sample;
};

/* The head: version, time, servers (dytop itself, PANEL_SELF, is left out and must be last). */
void record_begin(struct record *r, struct buf *out, const struct server_status *const *servers, int count,
                  const struct clock *now, double interval_ms);
/* A frame begins. */
void record_frame(struct record *r, struct buf *out, const struct server_status *const *servers,
                  const struct clock *now);
/* A sample of this frame; status: of its server, written too when it changed. */
void record_sample(struct record *r, struct buf *out, const struct record_sample *s, const struct server_status *status);
/* The last line; without it a recording counts as truncated. */
void record_end(struct record *r, struct buf *out);
void record_release(struct record *r);

#endif
