/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files of this folder share: the generic part of a source, its one state function, its back-off.
 *
 * A new kind of server is a file here with one `const struct source_ops`, declared at the end of this header and listed
 * in source.c. Its life:
 *
 *   create   keeps what it needs of conf (strings are the caller's: copy them), sets s->self, fills status.name and
 *            status.product; connects to nothing.
 *   start    begins to connect. So does retry, which also comes from the back-off timer; both only when not connected.
 *   (live)   source_live(s): the state becomes SERVER_LIVE; once it has been that for a while the back-off starts anew.
 *   (failed) source_fail(s, why, failure): the state becomes LOST, CONNECTING or REFUSED, and retry is planned.
 *   ask      copies the asks; each is answered once, later, by source_answer().
 *   destroy  answers what is open with ERR_LOST (source_answer()), closes, frees s->self.
 */
#ifndef SOURCE_SOURCE_PRIVATE_H
#define SOURCE_SOURCE_PRIVATE_H

#include "source/source.h"

enum {
	SOURCE_BACKOFF_FIRST_MS = 250,
	SOURCE_BACKOFF_MAX_MS = 5000,
	SOURCE_AWAY_MAX_MS = 800,
	SOURCE_REFUSED_MS = 30000,
	SOURCE_NOTICE_MS = 60000,
	SOURCE_SETTLED_MS = 10000, /* a session that lasted so long was a good one: its loss is answered by a quick try */
};

struct source {
	const struct source_ops *ops;
	struct loop *loop;
	struct log *log;
	struct source_events events;
	struct server_status status; /* state, reason, since_ns, retry_ns, retries: only through the functions below */
	void *self;                  /* the ops' own */
	struct loop_timer *retry_timer;
	double start_delay_ms;
	double notice_ms;            /* see source_conf */
	double backoff_ms;           /* of the next failure */
	int64_t live_ns;             /* this session went live then; 0 = not live */
	uint32_t jitter;             /* state of the small generator behind the back-off's jitter */
	int64_t asking_ns;           /* the open round trip was sent then; 0 = none */
	bool named;                  /* the person gave the name */
	bool was_live;               /* so a failure is LOST, not CONNECTING */
};

enum source_failure {
	SOURCE_UNREACHABLE, /* name, network, gone, silent: back-off */
	SOURCE_AWAY,        /* refused by the kernel, or starting up: trying costs next to nothing, so at least once a second */
	SOURCE_FULL,        /* it answered, but a limit is reached or it is no such server: refused, back-off as above */
	SOURCE_DENIED,      /* password, privilege, no such database, TLS, an answer too large: refused, retried every 30 s */
};

/* Makes a source with given ops: source_new() by conf->kind, replay with its own. conf->password is wiped. */
int source_make(struct source **out, const struct source_ops *ops, struct loop *l, struct source_conf *conf,
                const struct source_events *events, struct log *log, struct err *why) MUSTCHECK;

/* The one function that changes the state. Sets since_ns when the state is another, the reason ("" or NULL for live),
 * logs, and fires the status event when anything changed. */
void source_set_state(struct source *s, enum server_state state, const char *reason);
/* Fires the status event: after a change of other fields of s->status. */
void source_changed(struct source *s);
/* Connected, logged in, may be asked. */
void source_live(struct source *s);
/* Not connected (any more): plans the next try and says so. why->text is the reason. */
void source_fail(struct source *s, const struct err *why, enum source_failure failure);
/* An attempt begins: stops the planned one, counts. The state stays what it is (LOST stays LOST). */
void source_attempt(struct source *s);
/* Answers one ask: counts asked and failed, notes answered_ns unless it is ERR_LOST, calls done. Takes the sample over. */
void source_answer(struct source *s, const struct ask *ask, struct sample *sample, const struct err *why);
/* Copies src into a fixed field of the status, cleaned to one line and cut at a character. */
void source_put_text(char *out, size_t room, const char *src);

extern const struct source_ops pg_ops;
extern const struct source_ops pgbouncer_ops;
extern const struct source_ops redis_ops;

#endif
