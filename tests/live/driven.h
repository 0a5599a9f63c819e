/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the live tests' programs (asker, worker, pooled, storer) have in common: commands on stdin, one JSON line per event on
 * stdout, the texts that dytop is built with, and what a key would have waited for.
 */
#ifndef TESTS_LIVE_DRIVEN_H
#define TESTS_LIVE_DRIVEN_H

#include "core/buf.h"
#include "loop/loop.h"
#include "model/json.h"

/* An event: begin, what it says, end (which writes it). */
void driven_begin(struct json_writer *w, struct buf *out, const char *event);
void driven_end(struct json_writer *w, struct buf *out);

struct driven_input {
	struct loop *loop;
	struct loop_fd *fd;
	void (*command)(void *ctx, char *line);
	void *ctx;
	size_t len;
	char line[1 << 16];
};

/* Calls command() for every line; the end of stdin stops the loop. */
void driven_input(struct driven_input *in, struct loop *l, void (*command)(void *ctx, char *line), void *ctx);
void driven_input_free(struct driven_input *in);

struct driven_beat { /* of a timer every 2 ms */
	struct loop_timer *timer;
	int64_t at_ns, queued_ns;
	double stall_ms; /* the longest pause between two, less the time that others had the processors */
};

void driven_beat(struct driven_beat *b, struct loop *l);
void driven_beat_free(struct driven_beat *b);

/* For source_conf.text: sql/session/NAME.sql; NULL: there is none. */
const char *driven_text(void *ctx, const char *name);
/* What the test's author has to know; exit status 2. */
NORETURN void driven_die(const char *program, const char *what, const char *why);

#endif
