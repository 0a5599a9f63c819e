/* SPDX-License-Identifier: PostgreSQL */
/*
 * A PostgreSQL connection that does things: what actions, the pool, warm-up and bench stand on. It runs statements in the
 * order they were given, one protocol statement each (extended protocol: a text with two statements is refused by the
 * server), never waits, and is opened again only when its owner says so: nothing is ever sent twice.
 *
 * Every statement gets exactly one done(); all callbacks come from the loop, never from inside a call of this header. The
 * done()s of one pgwork_run() come together, in order, when the server has confirmed the end of all: a commit may fail.
 * A pgwork may be freed in its own callbacks only through loop_defer().
 */
#ifndef SOURCE_PGWORK_H
#define SOURCE_PGWORK_H

#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "source/pgresult.h"
#include "source/source.h"

struct pgwork;

struct pgwork_events {
	void (*up)(void *ctx);   /* logged in, settings are set; NULL: not told */
	/* Could not connect, or lost; what was open has had its done() before. pgwork_open() is allowed. NULL: not told. */
	void (*down)(void *ctx, const struct err *why);
	/* Raw texts; NULL: dropped. With sqlstate "" it is ours: a cancel request that did not work. */
	void (*notice)(void *ctx, const char *severity, const char *sqlstate, const char *text);
	void (*notify)(void *ctx, const char *channel, const char *payload, int pid);            /* after LISTEN; raw */
	void *ctx;
};

struct pgwork_conf {
	const struct source_conf *conf; /* where to, and session texts; borrowed for pgwork_new() only; its password is copied */
	struct source *like;            /* or: where this live source (PostgreSQL) is connected to, with its credentials */
	/* A conninfo string or URI whose settings win over those; NULL none. With another user or host no password of those is
	 * used; with a service nothing of those. */
	const char *over;
	const char *dbname;             /* wins over all; NULL as above */
	const char *application;        /* application_name; NULL "dytop" */
	/* Session settings, name, value, ..., NULL; set by set_config() once logged in (statement_timeout, search_path ...). NULL
	 * none. What the server refuses makes it go down with that reason. Behind a pooler (pgwork_is_pooled) none is set, for it
	 * would stay in a session that others use: begin each pgwork_run() there with sql/session/pg_local.sql. */
	const char *const *settings;
	/* For pgwork_copy(): one statement at a time, each with its own round trip and transaction; nothing is prepared. When one
	 * of a pgwork_run() fails the rest are skipped as ever. */
	bool copies;
	double connect_timeout_ms;      /* default 10000 */
	struct log *log;
};

struct pgwork_outcome {
	const struct err *why;          /* NULL = it worked. Words for a person, cleaned */
	const char *sqlstate;           /* of an error; "" none */
	const struct pgresult *result;  /* rows (not of a stream); NULL on error. Gone after the call */
	int64_t affected;               /* rows, from the command tag; -1 it has none */
	double elapsed_ms;              /* since it was sent */
	int64_t known_ns;               /* clock_mono() when this was known: of a batch its end */
	bool sent;                      /* bytes of it left us: when why is ERR_LOST, its fate is unknown */
	bool skipped;                   /* an earlier one of the same batch failed */
};

struct pgwork_query {
	const char *sql;
	/* Prepared under that name at first use on this connection; NULL: not prepared. Behind a pooler it is not either: the next
	 * statement may meet another backend. */
	const char *name;
	const char *const *values;      /* texts, NULL = SQL NULL; copied */
	int count;
	bool binary;                    /* results in binary; else as texts */
	bool stream;                    /* rows come by rows() as they arrive, none are kept */
	bool single;                    /* of a stream: one row a call, also where libpq could bring some hundred at once */
	/* Counted from when the server could begin with it (those before it have ended). Then a cancel is sent, and done gets
	 * ERR_TIMEOUT when the server has obeyed, or the connection is dropped 5 s later; 0 = none. */
	double deadline_ms;
	int64_t now_ns;                 /* clock_mono(), where the caller has just read it; 0 = it is read */
	/* Streams: some rows; return false to be held until pgwork_more() (nothing is read meanwhile). */
	bool (*rows)(void *ctx, const struct pgresult *rows);
	void (*done)(void *ctx, const struct pgwork_outcome *outcome); /* NULL: not told */
	void *ctx;
};

/* ERR_INVALID: bad conninfo. ERR_UNSUPPORTED: `like` is no live PostgreSQL. ERR_NOT_FOUND: sql/session/pg_work.sql or
 * pg_cancel.sql is missing. Connects to nothing. */
int pgwork_new(struct pgwork **out, struct loop *l, const struct pgwork_conf *conf, const struct pgwork_events *events,
               struct err *why) MUSTCHECK;
void pgwork_free(struct pgwork *w); /* NULL is accepted; closes; open statements get no done() */
void pgwork_open(struct pgwork *w); /* no-op when open or opening */
void pgwork_close(struct pgwork *w); /* NULL is accepted; open statements get ERR_LOST from the loop; no down() */
bool pgwork_is_up(const struct pgwork *w);

/* Queues statements under one sync: when one fails the rest are skipped, and what is not inside BEGIN ... COMMIT is one
 * implicit transaction. A statement that may not be in a transaction block (VACUUM, ... CONCURRENTLY) must come alone. Not up
 * yet: sent when it is. Once it was lost or closed, and until pgwork_open(): done() gets ERR_LOST, not sent. Texts are copied. */
void pgwork_run(struct pgwork *w, const struct pgwork_query *queries, int count);
/* No done() and no rows() with this ctx any more; the statements go on. Not from inside a done() of the same batch. */
void pgwork_forget(struct pgwork *w, const void *ctx);
/* A query under way with its rows held goes on, or a copy whose fill() had nothing. */
void pgwork_more(struct pgwork *w);
/* Asks the server to cancel what runs (by a second, short connection); the statement's done() tells what came of it (SQLSTATE
 * 57014). What was not sent yet waits until the request is through. Of a copy no more is sent, and all of it is undone. */
void pgwork_cancel(struct pgwork *w);
/* A pooler stands between: the session is not ours, LISTEN would hear nothing. */
bool pgwork_is_pooled(const struct pgwork *w);
/* With no statement open: a BEGIN was not followed by its COMMIT or ROLLBACK (it may have been skipped). */
bool pgwork_in_transaction(const struct pgwork *w);
/* Statements that have no done() yet. */
int pgwork_open_count(const struct pgwork *w);

/* COPY ... FROM STDIN: `fill` is called whenever more may be sent: it appends bytes to out (64 kB is a good measure, 4 MB the
 * most) and returns 1, 0 at the end, or negative with *why to give up (the server discards all). 1 without bytes: not
 * called again before pgwork_more(). done as of a statement. Only with conf.copies. */
void pgwork_copy(struct pgwork *w, const char *sql, int (*fill)(void *ctx, struct buf *out, struct err *why),
                 void (*done)(void *ctx, const struct pgwork_outcome *outcome), void *ctx);

const char *pgwork_name(const struct pgwork *w);    /* "bridge@db1:5432", raw */
const char *pgwork_user(const struct pgwork *w);
const char *pgwork_dbname(const struct pgwork *w);
int pgwork_version(const struct pgwork *w);         /* 150020; 0 when not up */
int pgwork_backend_pid(const struct pgwork *w);
const char *pgwork_parameter(const struct pgwork *w, const char *name);

#endif
