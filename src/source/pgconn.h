/* SPDX-License-Identifier: PostgreSQL */
/*
 * One connection to a PostgreSQL-like server that never waits: names resolved first (libpq would block), each address with a
 * deadline of its own (libpq ignores connect_timeout when polled), then bytes in and out from the loop. The only user of
 * libpq together with pgresult.
 *
 * A pgconn is opened again and again by its owner. It reports `up` once per success and `down` once per failure or loss;
 * back-off is the owner's.
 */
#ifndef SOURCE_PGCONN_H
#define SOURCE_PGCONN_H

#include "loop/loop.h"
#include "source/pgresult.h"
#include "source/source_private.h"

struct pgconn;
struct pgcancel;

struct pgconn_events {
	void (*up)(void *ctx);       /* logged in; requests may be sent */
	/* No attempt is under way and nothing is connected any more; pgconn_open() is allowed, pgconn_free() is not. */
	void (*down)(void *ctx, const struct err *why, enum source_failure failure);
	void (*readable)(void *ctx); /* bytes have come: take results with pgconn_next() until it has none */
	void *ctx;
	/* Of a connection that is up, with raw texts that last for the call; NULL: not told. */
	void (*notice)(void *ctx, const char *severity, const char *sqlstate, const char *text);
	void (*notify)(void *ctx, const char *channel, const char *payload, int pid);
	void (*writable)(void *ctx); /* what pgconn_flushed() left has gone */
};

enum { PGCONN_ANSWER_BYTES_MAX = 48 << 20 }; /* between two calls of pgconn_sent(): a server that sends more is dropped */

int pgconn_new(struct pgconn **out, struct loop *l, const struct source_conf *conf, const struct pgconn_events *events,
               struct log *log, struct err *why) MUSTCHECK;
/* One that goes where `like` goes: to the very host that it is connected to, once it has been; with its credentials. */
struct pgconn_like {
	const struct pgconn *like;
	const char *over;        /* conninfo or URI whose settings win; with another user or host `like`'s password stays behind */
	const char *dbname;      /* wins over all */
	const char *application; /* application_name. Each NULL: as `like` */
	double connect_timeout_ms; /* 0: as `like` */
};
/* ERR_INVALID: bad `over`. */
int pgconn_new_like(struct pgconn **out, struct loop *l, const struct pgconn_like *conf, const struct pgconn_events *events,
                    struct log *log, struct err *why) MUSTCHECK;
void pgconn_free(struct pgconn *c);   /* NULL is accepted; closes without an event */
void pgconn_open(struct pgconn *c);   /* no-op when open or opening; events come from the loop */
void pgconn_close(struct pgconn *c);  /* without an event */
bool pgconn_is_closed(const struct pgconn *c); /* neither up nor opening */

/* "bridge@db1:5432", raw; a guess before the first pgconn_open(). Borrowed. */
const char *pgconn_name(const struct pgconn *c);
const char *pgconn_user(const struct pgconn *c);
const char *pgconn_dbname(const struct pgconn *c);
int pgconn_version(const struct pgconn *c);     /* 150020; 0 when not up */
int pgconn_backend_pid(const struct pgconn *c); /* as told at login (a pooler makes one up) */
const char *pgconn_parameter(const struct pgconn *c, const char *name); /* reported parameter; "" when not known */

/* In a transaction block, perhaps a failed one; as of the last result. */
bool pgconn_in_transaction(const struct pgconn *c);

/* --- sending. Nothing leaves before pgconn_flush(), except where libpq's own buffer is full. False = out of memory or not
 * up; the loss is then reported by `down` soon. */
bool pgconn_pipeline(struct pgconn *c); /* enters pipeline mode */
/* Leaves it; only when every result of what was sent has been taken. False: libpq does not let go, all is as before. */
bool pgconn_leave_pipeline(struct pgconn *c);
bool pgconn_prepare(struct pgconn *c, const char *name, const char *sql);
/* Binary results. values are texts, NULL = SQL NULL. */
bool pgconn_execute(struct pgconn *c, const char *name, int count, const char *const *values);
bool pgconn_query(struct pgconn *c, const char *sql, int count, const char *const *values);
/* One statement: prepared `name`, or NULL and its text; results in binary or as texts. */
bool pgconn_send(struct pgconn *c, const char *name, const char *sql, int count, const char *const *values, bool binary);
bool pgconn_simple(struct pgconn *c, const char *sql); /* simple protocol, text results; not in pipeline mode */
bool pgconn_ask_flush(struct pgconn *c); /* the server sends what it has so far */
bool pgconn_sync(struct pgconn *c);
void pgconn_flush(struct pgconn *c);
void pgconn_sent(struct pgconn *c);      /* a new round begins: resets the byte count */

/* COPY FROM STDIN, after PGRESULT_COPY_IN. The bytes are kept until they have left: see pgconn_flushed(). `failed` not NULL: the
 * server discards all and answers with that. */
bool pgconn_put_copy(struct pgconn *c, const char *bytes, size_t len);
bool pgconn_end_copy(struct pgconn *c, const char *failed);
/* Flushes; true when nothing is left to be sent. If not, events.writable tells when it has gone. */
bool pgconn_flushed(struct pgconn *c);

/* --- receiving */
/* The next result, or NULL when more bytes are needed. pgresult_free() it. */
struct pgresult *pgconn_next(struct pgconn *c);
/* One step: a result, or NULL. *ended: a request has ended (its results were all); else more bytes are needed. Only while
 * something is asked. */
struct pgresult *pgconn_step(struct pgconn *c, bool *ended);
/* The request whose results come next gives them a few at a time (PGRESULT_SOME). Before the first pgconn_step() that could
 * meet them. single: one at a time. False: it is not the turn of any request yet. */
bool pgconn_stream(struct pgconn *c, bool single);
/* Nothing asked is left to be answered: the simple protocol takes the next command. */
bool pgconn_idle(const struct pgconn *c);
/* While paused no bytes are read (results are being worked on). */
void pgconn_pause(struct pgconn *c, bool paused);
int64_t pgconn_heard_ns(const struct pgconn *c); /* monotonic time of the last byte */
/* Looks once whether bytes have come without the loop having said so (TLS keeps some to itself). */
void pgconn_poke(struct pgconn *c);

/* --- cancel: a second, short connection; never blocks */
/* Cancels what backend `pid` of the server behind c runs (pid 0: c's own backend). With libpq 17 and pid 0 an encrypted cancel
 * request; else a login that runs `sql` ("SELECT pg_cancel_backend($1)"). done (may be NULL) gets NULL or why not, from the
 * loop. Lives on its own when c is freed; ends within deadline_ms. */
struct pgcancel *pgcancel_start(struct pgconn *c, int pid, const char *sql, double deadline_ms,
                                void (*done)(void *ctx, const struct err *why), void *ctx);
bool pgcancel_is_direct(const struct pgconn *c); /* by libpq 17's request, which is right through a pooler too */
void pgcancel_free(struct pgcancel *k); /* gives up; not after done was called */

#endif
