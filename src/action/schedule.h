/* SPDX-License-Identifier: PostgreSQL */
/*
 * A plan of maintenance: which actions are due when, and when not. Pure: the time and what was done before are passed in.
 * docs/actions.md describes the file.
 */
#ifndef ACTION_SCHEDULE_H
#define ACTION_SCHEDULE_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum { SCHEDULE_JOBS_MAX = 64, SCHEDULE_TARGETS_MAX = 64, SCHEDULE_NAME_MAX = 40 };

struct schedule_window {
	bool set;
	unsigned days;      /* bit 0 = Sunday, as tm_wday; of the day that it begins on */
	int from, to;       /* minutes of the day; from > to: over midnight; equal: all day */
};

struct schedule_limits { /* NAN = none */
	double active;      /* running sessions of others */
	double lag_bytes;   /* WAL that a standby has not replayed */
	double lag_ms;      /* the same as a time */
	double latency_ms;  /* time of a transaction on the server, mean of some seconds */
};

struct schedule_job {
	char name[SCHEDULE_NAME_MAX];
	char *action, *value; /* value NULL none */
	char *mark;           /* key that gets the time of success in the state table; NULL none */
	char *target[SCHEDULE_TARGETS_MAX];
	int targets;
	double every_ms, retry_ms;
	struct schedule_window window;
	double max_bytes;     /* larger targets are left out; NAN none */
	int line;
};

struct schedule {
	char name[SCHEDULE_NAME_MAX];
	bool utc;             /* windows are in UTC; else in the local time of this host */
	char *table;          /* table (key, value jsonb, updated_at) that keeps the state; NULL: a file */
	struct schedule_limits limits;
	struct schedule_job job[SCHEDULE_JOBS_MAX];
	int jobs;
};

/* Strict; `path` is for messages: file:line. `name` is the plan's name where the file says none. */
int schedule_parse(struct schedule **out, const char *name, const char *path, struct str text, struct err *why) MUSTCHECK;
void schedule_free(struct schedule *s); /* NULL is accepted */

struct schedule_state {   /* of one job; microseconds since 1970, 0 = never */
	int64_t ok_us;        /* when the last one that succeeded began */
	int64_t tried_us;     /* when the last one began */
	bool unknown;         /* its outcome is not known: not tried again before its time */
};

enum schedule_verdict {
	SCHEDULE_DUE,
	SCHEDULE_LATER,       /* its time has not come */
	SCHEDULE_RETRY,       /* it failed, and is not tried again yet */
	SCHEDULE_CLOSED,      /* it is due, but its window is closed */
};

/* *next_us: when its time comes (for CLOSED: when it came; the window decides). A last run that lies in the future by more than the
 * job's period (a clock was set back) counts as none. */
enum schedule_verdict schedule_due(const struct schedule *s, int job, const struct schedule_state *state, int64_t now_us, int64_t *next_us);
bool schedule_open(const struct schedule_window *w, bool utc, int64_t now_us);

/* State of all jobs as JSON: {"job": {"ok": "2026-...Z", "tried": "...", "unknown": false}}. What a job that is no more left is dropped. */
void schedule_put_state(const struct schedule *s, const struct schedule_state *state, struct buf *out);
/* ERR_INVALID: no such JSON; state is zeroed then. */
int schedule_get_state(const struct schedule *s, const char *text, struct schedule_state *state, struct err *why) MUSTCHECK;

#endif
