/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a pool of connections decides, without a connection, a loop or a clock: everything comes in as numbers, so that a test
 * has a year pass in a moment. Times are monotonic nanoseconds.
 */
#ifndef BRIDGE_POOL_PLAN_H
#define BRIDGE_POOL_PLAN_H

#include "core/base.h"

struct pool_limits {
	int min, max;          /* connections; 0 <= min <= max, max >= 1; defaults 5, 20 */
	double lifetime_ms;    /* then a connection is replaced, not while it is in use; default 30 min */
	double jitter;         /* each one's lifetime is shorter by up to this share, so that they do not go together; default 0.1 */
	double idle_ms;        /* above min: closed when not used for so long; default 10 min */
	double acquire_ms;     /* a waiter is told "none" after that; default 5 s */
	double leak_ms;        /* held longer: reported once; default 60 s */
	double check_ms;       /* idle for so long: asked whether it still lives; default 30 s */
	double check_limit_ms; /* and given up without an answer within; default 5 s */
	double grow_ms;        /* the first in the queue waits so long before another connection is opened for the queue; default 5 ms */
	int opening_max;       /* logins at once; default 4 */
};

/* Fills in defaults for what is 0 (min: -1) and puts min, max in order. */
void pool_limits_init(struct pool_limits *l);

enum pool_place {
	POOL_EMPTY,
	POOL_LINGERS,  /* just closed by us: the server may still count it */
	POOL_OPENING,
	POOL_IDLE,
	POOL_CHECKING, /* idle and asked whether it lives */
	POOL_BUSY,
};

enum { POOL_LINGER_MS = 100, POOL_HASTE_MS = 500, POOL_BACKOFF_MS = 250, POOL_BACKOFF_MAX_MS = 5000 };

struct pool_slot {
	enum pool_place place;
	int64_t since_ns;   /* in this place */
	int64_t expires_ns; /* end of its life; 0 empty */
	int64_t heard_ns;   /* last time that it was known to live */
	int64_t used_ns;    /* last time that somebody had it, or its login */
	bool reported;      /* BUSY: as a leak */
};

struct pool_view {              /* of all slots */
	const struct pool_slot *slot;
	int count;                  /* == limits.max */
	int waiting;
	int64_t head_ns;            /* the first waiter came then */
	int64_t failed_ns;          /* the last login failed then; 0 = it did not */
	int64_t retry_ns;           /* none is begun before, but for a queue: 500 ms after it failed */
};

/* How many logins to begin now: up to min at once, above it for the queue, one for each waiter that no login under way is
 * for; never so that more than max are open, being opened or lingering. */
int pool_plan_open(const struct pool_limits *l, const struct pool_view *v, int64_t now);

enum pool_fate { POOL_KEEP, POOL_CHECK, POOL_CLOSE_OLD, POOL_CLOSE_IDLE, POOL_CLOSE_SILENT };
/* Of an idle or checked slot. */
enum pool_fate pool_plan_idle(const struct pool_limits *l, const struct pool_view *v, int i, int64_t now);
bool pool_plan_leaks(const struct pool_limits *l, const struct pool_slot *s, int64_t now); /* and was not reported */
/* Which idle one is given next: the one used last, so that those too many stay unused; not one past its life; -1 none. */
int pool_plan_take(const struct pool_view *v, int64_t now);
/* End of a life that begins now; random: any 32 bits. */
int64_t pool_plan_expiry(const struct pool_limits *l, uint32_t random, int64_t now);
/* Milliseconds until the next try after `failures` logins failed in a row (>= 1): 250 ms doubled up to 5 s, less up to a quarter. */
double pool_plan_backoff(int failures, uint32_t random);

#endif
