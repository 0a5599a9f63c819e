/* SPDX-License-Identifier: PostgreSQL */
/* What replay.c (the file) and replay_source.c (the answers) share. */
#ifndef SOURCE_REPLAY_PRIVATE_H
#define SOURCE_REPLAY_PRIVATE_H

#include <stdio.h>

#include "core/buf.h"
#include "core/map.h"
#include "model/json.h"
#include "source/replay.h"

enum {
	REPLAY_LINE_MAX = 64 << 20, /* bytes of one line */
	REPLAY_SERVERS_MAX = 256,
	REPLAY_FIELDS_MAX = 4096,
	REPLAY_TASKS_MAX = 60,
	REPLAY_PLANS_MAX = 200, /* older ones are forgotten */
};

struct replay_sample { /* one sample line, parsed */
	struct json *line;
	const char *panel, *lookup; /* borrowed from line; lookup NULL: the panel itself */
	int server;
	bool indexed;               /* lookups: its rows are in the index of its place */
};

struct replay_index { /* the rows of one lookup of one server, by their keys */
	char *panel, *lookup;
	int server;
	struct map row;             /* hash of the keys -> struct json * of the row */
	struct map owner;           /* the same hash -> struct json * of its line */
};

struct replay {
	char *path;
	FILE *file;
	struct buf text;            /* the line just read */
	int line;
	int64_t frame, frames;
	double interval_ms;
	struct clock now;
	struct json *next;          /* the line that begins the next frame, or ends the file */
	bool ended;
	int server_count;
	struct server_status *status;
	struct source **source;     /* attached, or NULL */
	struct replay_sample *sample; /* of this frame */
	int sample_count, sample_room;
	struct replay_sample *learned; /* lookups, of all frames so far */
	int learned_count;
	struct replay_index *index;
	int index_count;
	struct task *task[REPLAY_TASKS_MAX]; /* oldest first */
	int task_count;
	struct json *plans[REPLAY_PLANS_MAX]; /* likewise */
	int plans_count;
};

/* A line about a task; a line of plans, which is taken over. */
int replay_take_task(struct replay *r, const struct json *line, struct err *why) MUSTCHECK;
int replay_take_plans(struct replay *r, struct json *line, struct err *why) MUSTCHECK;
void replay_forget_tasks(struct replay *r);
/* Puts the recorded status of server i into its attached source. */
void replay_show_status(struct replay *r, int i);

#endif
