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
	REPLAY_PLACES_MAX = 1024, /* when there are more, every other one goes */
};

struct replay_place { /* where a frame begins, to come back to */
	int64_t frame, offset;
	int line;
	struct clock before, begun; /* the recording's time before it, and its own */
	int64_t *status;            /* by server: offset of the line that its status was last in */
};

struct replay_event { /* a line about a task, or of plans */
	int64_t frame, offset, task; /* task 0: plans */
};

/* A search for a frame, see replay_seek(). */
struct replay_search {
	enum { SEARCH_NONE, SEARCH_BEGIN, SEARCH_FORWARD, SEARCH_RUN_UP } phase;
	int64_t frame, wall_us;     /* what is looked for */
	int64_t target, offset;     /* what was found: its number, and where it begins */
};

struct replay_sample { /* one sample line, parsed */
	struct json *line;
	const char *panel, *lookup; /* borrowed from line; lookup NULL: the panel itself */
	int server;
	int64_t frame;
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
	int64_t offset, line_offset; /* of what is read next, and of the line just read */
	int64_t next_offset, frame_offset; /* of the lines in `next`, and of the present frame */
	int next_line;
	bool passing;               /* over frames that nobody looks at: their samples are not parsed */
	struct replay_search search;
	struct replay_place *place; /* every place_step-th frame so far, from the first on */
	int place_count;
	int64_t place_step;
	int64_t *status_at;         /* by server: of its last line so far */
	struct replay_event *event; /* so far, in the order of the file */
	int event_count;
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
void replay_sort_tasks(struct replay *r); /* by their numbers: the order in which they began */
/* replay_seek.c: notes where the frame in `next` begins; where a line about a task or of plans was. */
void replay_note_place(struct replay *r, int64_t frame, const struct clock *begun);
void replay_note_event(struct replay *r, const struct json *line);
void replay_forget_places(struct replay *r);
/* replay.c, for it */
int replay_parse_line(struct replay *r, struct json **out, struct err *why) MUSTCHECK;
int replay_read_status(struct replay *r, const struct json *line, struct err *why) MUSTCHECK;
void replay_forget_frame(struct replay *r);
int replay_step(struct replay *r, struct err *why) MUSTCHECK; /* replay_next() without telling the sources */
void replay_end(struct replay *r); /* nothing more comes: so the sources are told */
int replay_fail_at(const struct replay *r, struct err *why, const char *what);
/* Puts the recorded status of server i into its attached source. */
void replay_show_status(struct replay *r, int i);

#endif
