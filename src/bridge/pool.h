/* SPDX-License-Identifier: PostgreSQL */
/*
 * A pool of PostgreSQL connections for many logical clients of one loop: never more than max, first come first served, grown
 * for a queue and shrunk when idle, each connection replaced at the end of its life, idle ones asked whether they live, and
 * what is held too long told with its holder's name. pool_plan.h decides; this does.
 *
 * A connection that is given back with a statement or a transaction open is closed, not passed on. One that was lost while
 * held stays the holder's until it is given back.
 */
#ifndef BRIDGE_POOL_H
#define BRIDGE_POOL_H

#include "bridge/pool_plan.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/quantile.h"
#include "source/pgwork.h"

struct pool;
struct pool_lease; /* the right to use one connection, until it is given back */

struct pool_leak {
	char who[64];
	double held_ms;
	int64_t since_us; /* wall clock, microseconds since 1970 */
	int pid;          /* of its backend */
};

struct pool_events {
	void (*leak)(void *ctx, const struct pool_leak *leak); /* once for each time that one is held too long; NULL: not told */
	void (*notice)(void *ctx, const struct err *why);      /* a login failed or a connection was lost; NULL: not told */
	void *ctx;
};

struct pool_conf {
	struct pgwork_conf work; /* where to and how; borrowed for pool_new() only */
	struct pool_limits limits; /* 0 = the default; min -1 = the default */
	struct log *log;
};

/* Who waits. The memory is the caller's, and must stay until got() or pool_give_up(). */
struct pool_waiter {
	const char *who; /* for leaks; borrowed until got(), copied then */
	/* lease NULL: none came in time (ERR_TIMEOUT, with the newest reason why logins fail), or the pool closes (ERR_LOST). From
	 * the loop, or from inside another's pool_release(). */
	void (*got)(void *ctx, struct pool_lease *lease, const struct err *why);
	void *ctx;
	/* private */
	struct pool_waiter *next, *before;
	int64_t since_ns;
	bool waits;
};

struct pool_stats {
	struct pool_limits limits;
	int open, idle, busy, opening, waiting;
	int most_open, most_busy, most_waiting;
	int64_t acquired, at_once;  /* leases given; those that needed no wait */
	int64_t timeouts, leaks;
	int64_t opened, failed;     /* logins */
	int64_t lost;               /* open ones that went down by themselves */
	int64_t closed_old, closed_idle, closed_silent, closed_dirty;
	double open_ns, busy_ns;    /* connection time so far: efficiency is what of the first is the second */
	struct quantile acquire;    /* time to a lease, ns; of those that got one */
	struct err why;             /* newest login failure or loss; code 0 none */
};

/* As pgwork_new(). Connects to nothing. */
int pool_new(struct pool **out, struct loop *l, const struct pool_conf *conf, const struct pool_events *events,
             struct err *why) MUSTCHECK;
void pool_open(struct pool *p);  /* opens min, and keeps them open */
/* Waiters get ERR_LOST from the loop; leases stay valid (their connection is closed) until they are given back. */
void pool_close(struct pool *p);
void pool_free(struct pool *p);  /* NULL is accepted; waiters get nothing; leases are gone. Not inside a callback of it */

/* A lease at once when one is idle and nobody waits; else NULL, and got() comes later. */
struct pool_lease *pool_acquire(struct pool *p, struct pool_waiter *w);
struct pool_lease *pool_acquire_at(struct pool *p, struct pool_waiter *w, int64_t now); /* the caller has just read clock_mono() */
void pool_give_up(struct pool *p, struct pool_waiter *w); /* no got() any more; no-op when it does not wait */
struct pgwork *pool_work(struct pool_lease *lease);
/* Its statements should have ended: if not, they end with ERR_LOST. */
void pool_release(struct pool *p, struct pool_lease *lease);
void pool_release_at(struct pool *p, struct pool_lease *lease, int64_t now); /* the caller has just read clock_mono() */

const struct pool_stats *pool_stats(struct pool *p); /* as of now */
double pool_efficiency(const struct pool_stats *s);  /* 0..1; NAN when nothing was open yet */
/* Those held longer than the limit, longest first; returns how many were written. */
int pool_leaks(struct pool *p, struct pool_leak *out, int room);

#endif
