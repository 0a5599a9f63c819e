/* SPDX-License-Identifier: PostgreSQL */
/*
 * A Redis connection that does things: what warm-up, the cache-first store and bench stand on. Commands are pipelined in the
 * order given; each gets exactly one reply() call. It is opened again only when its owner says so: nothing is sent twice.
 *
 * Callbacks come from the loop, never from inside a call of this header; freed in its own callbacks only by loop_defer().
 */
#ifndef SOURCE_REDIS_WORK_H
#define SOURCE_REDIS_WORK_H

#include "core/err.h"
#include "core/log.h"
#include "core/str.h"
#include "loop/loop.h"
#include "source/resp.h"
#include "source/source.h"

struct redis_work;

struct redis_work_events {
	void (*up)(void *ctx);                          /* logged in, database selected; NULL: not told */
	/* Could not connect, refused (ERR_AUTH, ERR_CONNECT), silent (ERR_TIMEOUT), beyond a ceiling of source/resp.h (ERR_TOO_BIG) or
	 * lost; what was open has had its reply() before. redis_work_open() is allowed. NULL: not told. */
	void (*down)(void *ctx, const struct err *why);
	void (*drained)(void *ctx);                     /* it was full, and no more than half of that is open again; NULL: not told */
	void *ctx;
};

struct redis_work_conf {
	const struct source_conf *conf; /* kind PANEL_REDIS; borrowed for redis_work_new() only; its password is copied */
	const char *name;               /* CLIENT SETNAME; NULL "dytop" */
	double deadline_ms;             /* silence with replies open for so long: the connection is dropped; default 5000 */
	int window;                     /* for redis_work_full(); default 1000 */
	struct log *log;
};

/* why NULL: reply is there (a RESP_ERROR is a reply), gone after the call. Else reply is NULL: ERR_LOST or ERR_TIMEOUT (its fate is
 * unknown), or ERR_TOO_BIG (it was not sent: 14 MiB or a million commands are waiting). */
typedef void redis_work_reply(void *ctx, const struct resp_reply *reply, const struct err *why);

int redis_work_new(struct redis_work **out, struct loop *l, const struct redis_work_conf *conf,
                   const struct redis_work_events *events, struct err *why) MUSTCHECK;
void redis_work_free(struct redis_work *w);  /* NULL is accepted; open commands get no reply() */
void redis_work_open(struct redis_work *w);
void redis_work_close(struct redis_work *w); /* open commands get ERR_LOST from the loop; no down() */
bool redis_work_is_up(const struct redis_work *w);
/* Queues a command; it leaves at the end of this turn of the loop, with the others, in one write. Not up: ERR_LOST comes by
 * reply() from the loop. reply may be NULL. Words are copied. */
void redis_work_send(struct redis_work *w, int argc, const struct str *argv, redis_work_reply *reply, void *ctx);
int redis_work_open_count(const struct redis_work *w); /* replies that are awaited */
bool redis_work_full(const struct redis_work *w);      /* `window` replies or more, or 2 MiB to leave: wait for drained() */
const char *redis_work_name(const struct redis_work *w); /* "cache1:6379", raw */

#endif
