/* SPDX-License-Identifier: PostgreSQL */
/*
 * One server that can be asked for panels. PostgreSQL, Redis, PgBouncer and a recorded file look the same from above.
 *
 * A source connects by itself when started, for ever: back-off 0.25 to 5 s with jitter (slower, 30 s, when refused), begun
 * anew by a session that lasted 10 s. All asks of one call go out in one round trip. Every ask gets exactly one answer: a
 * sample, or an error (also when the connection is lost or the source is freed: ERR_LOST). Callbacks come from the loop,
 * never from inside source_ask().
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "core/base.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/panel.h"
#include "model/sample.h"
#include "model/status.h"

struct replay;
struct source;

struct source_param { /* a configured parameter that panels may name in params: */
	const char *name;
	const char *value; /* NULL = SQL NULL */
};

struct source_conf {
	enum panel_source kind;
	const char *name;         /* as shown; NULL: made from the address */
	const char *target;       /* conninfo or URI; pg and pgbouncer: anything that libpq takes, may be "" */
	/* pg and pgbouncer: settings from flags; as in psql the target's own win over them; NULL = not given */
	const char *host, *port, *user, *dbname;
	char *password;           /* from a prompt; wiped by source_new() after it took its copy. redis: from env or file */
	const char *redis_user;
	const char *tls_ca, *tls_cert, *tls_key; /* redis */
	bool tls_insecure;        /* redis: do not verify (asked for by the person) */
	double connect_timeout_ms; /* own deadline of one attempt, default 10000 */
	double statement_timeout_ms, lock_timeout_ms; /* defaults 2000, 250 */
	double notice_ms;         /* how long "restarted", "promoted" and the like are shown, default 60000 */
	double start_delay_ms;    /* source_start() connects that much later: many servers start staggered */
	const struct source_param *params; /* NULL-name-terminated, borrowed for the source's life */
	/* Server-side texts that are not panels (session settings, probes), by name, e.g. "pg_session"; borrowed. */
	const char *(*text)(void *ctx, const char *name);
	void *text_ctx;
	struct replay *replay;    /* not NULL: recorded server replay_server stands in (source/replay.h) */
	int replay_server;
};

struct source_events {
	/* The status changed: state, reason, notice, who and what the server is. (answered_ns, rtt_ms and the counters move
	 * with every answer and are read when drawing.) While a server is silent it comes once a second. */
	void (*status)(void *ctx, struct source *s);
	void *ctx;
};

struct ask {
	const struct panel *panel;
	int lookup;              /* -1: the panel itself */
	const int64_t *keys;     /* lookup: key_count rows of by_count integers; copied by source_ask() */
	int key_count;
	void (*done)(void *ctx, struct sample *sample, const struct err *why); /* sample is the callee's; NULL on error */
	void *ctx;
};

/* Checks the target and says what is wrong with it (bad conninfo or URI): ERR_INVALID. Connects to nothing. */
int source_new(struct source **out, struct loop *l, struct source_conf *conf, const struct source_events *events,
               struct log *log, struct err *why) MUSTCHECK;
void source_start(struct source *s);
/* Answers what is open with ERR_LOST, closes, frees; NULL is accepted. Not from inside a callback of the same source: use
 * loop_defer() there. */
void source_free(struct source *s);
const struct server_status *source_status(const struct source *s);
/* Live and nothing under way: may be asked. */
bool source_ready(const struct source *s);
/* Sends them all in one round trip. ERR_BUSY when not ready: ask again when it is. */
int source_ask(struct source *s, const struct ask *asks, int count, struct err *why) MUSTCHECK;
/* Monotonic time when the open round trip was sent, 0 = none is open. */
int64_t source_asking_since(const struct source *s);
/* Tries to connect now instead of waiting for the back-off. */
void source_retry(struct source *s);

/* --- for the files of this folder: one const struct each, listed in source.c (see source/source_private.h) --- */
struct source_ops {
	enum panel_source kind;
	int (*create)(struct source *s, struct source_conf *conf, struct err *why); /* on failure leaves nothing behind */
	void (*start)(struct source *s);
	void (*destroy)(struct source *s);
	bool (*ready)(const struct source *s);
	int (*ask)(struct source *s, const struct ask *asks, int count, struct err *why);
	void (*retry)(struct source *s);
};

#endif
