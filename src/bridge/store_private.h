/* SPDX-License-Identifier: PostgreSQL */
/* What store.c (life, reads and refills), store_drop.c (invalidation) and store_publish.c share. */
#ifndef BRIDGE_STORE_PRIVATE_H
#define BRIDGE_STORE_PRIVATE_H

#include "bridge/store.h"
#include "core/buf.h"
#include "core/map.h"
#include "source/redis_cluster.h"

enum {
	STORE_RETRY_MS = 100, STORE_RETRY_MAX_MS = 2000, /* between two logins to Redis, to the listener's server */
	STORE_PROMPT_MS = 1000,   /* a first LISTEN that takes longer after store_open() leaves a gap behind */
	STORE_BEAT_MS = 5000,     /* the listener is asked whether it lives */
	STORE_REFLUSH_MS = 1000,  /* between two tries to flush */
	STORE_PUBLISH_MS = 2000,
	STORE_PUBLISH_TTL_S = 30,
	STORE_SWEEP_COUNT = 1000, /* keys that one SCAN looks at */
	STORE_FILL_MARGIN_MS = 500, /* without leases: a refill must arrive so long before a tombstone of its reading time could have gone */
	STORE_LEASE_MS = 15000,   /* longer than a query waits and runs: another's lease that outlives its process keeps others from caching */
	STORE_TOKEN_MAX = 64,
};

struct store_flight;

/* An id that is none: told from the loop. */
struct store_refusal {
	struct store_refusal *next;
	store_got *got;    /* or */
	store_done *done;
	void *ctx;
	struct err why;
};

/* First in what waits for a reply of Redis: what is still under way when the store is freed goes with it. */
struct store_call {
	struct store *store;
	struct store_call *next, *before;
};

struct store_reader {  /* one get */
	struct store *store;
	struct store_reader *next, *before; /* in its flight, or among those that Redis was asked for */
	int kind;
	int64_t began_ns;
	store_got *got;
	void *ctx;
	size_t id_at;      /* in key */
	size_t len;
	char key[];        /* NUL-terminated */
};

struct store_flight {  /* one query */
	struct store *store;
	struct store_flight *next, *before; /* all of them */
	struct store_reader *first, *last;
	struct pool_waiter waiter;
	struct pool_lease *lease;
	uint64_t hash;
	bool listed;       /* in the map: others may join */
	bool stale;        /* invalidated since it began: not cached */
	bool leased;       /* its token stands in Redis, or did */
	char token[STORE_TOKEN_MAX];
	bool again;        /* its connection was lost once */
	uint64_t epoch;
	int64_t began_ns;  /* its query; 0: has not been sent yet */
	/* Who may not join a query that is under way waits for the next one; that one begins when this one is over. */
	struct store_flight *then, *after;
	int kind;
	char *key;
	size_t id_at, len;
	/* Landed: kept for those who asked Redis before that, and hear only now that it had nothing. */
	int64_t landed_ns;
	struct store_flight *landed_next;
	bool found;
	char *value;
	size_t value_len;
};

struct store_scan {    /* of one server */
	struct store_sweep *sweep;
	int server;
	bool in, failed;
};

struct store_sweep {
	struct store *store;
	struct store_sweep *next;
	char *prefix;      /* of keys, whole */
	char *pattern;
	int kind;          /* -1: the whole namespace */
	bool ours;         /* what servers in doubt have: the classes are not closed, nobody waits for it */
	int pass;
	int64_t changes;   /* of the slots' owners, when the pass began */
	bool unsteady, changed; /* slots were on their way; got another owner */
	int scanning, unlinking; /* servers that are not through yet; keys whose UNLINK is under way */
	bool again;        /* asked for once more since it began */
	bool failed;
	struct err why;
	int64_t dropped;
	struct sweep_waiter *waiters, *next_waiters;
	struct store_scan scan[REDIS_NODES_MAX];
};

/* By its number, see source/redis_cluster.h. Who owns no slots is always in doubt: what it has when it gets some may be a replica's. */
struct store_server {
	bool doubt;        /* it may hold what an invalidation should have removed: nothing is read from it before a flush */
	bool flushing;
	bool again;        /* in doubt once more since that flush began */
	int64_t flushed_ns; /* the last one began then */
};

struct sweep_waiter {
	struct sweep_waiter *next;
	store_done *done;
	void *ctx;
};

struct store_class {   /* what changes about a kind */
	uint64_t epoch;    /* counts sweeps */
	int sweeping;      /* sweeps under way: nothing is read from the cache */
	bool banned;       /* security event */
	struct codec *codec;
	char name[48];     /* of its prepared statement */
};

struct store {
	struct loop *loop;
	struct log *log;
	struct store_events events;
	struct store_stats stats;
	struct redis_cluster *redis;
	struct loop_timer *retry;
	double retry_ms;
	bool trusting;     /* Redis has never been there: what it has then is as good as what it had before the start */
	struct store_server server[REDIS_NODES_MAX];
	struct pool *pool;
	char *prefix;
	const struct store_kind *kind;
	int kinds;
	struct store_class class[STORE_KINDS_MAX];
	struct deny deny;
	double tombstone_ms, margin_ms, query_deadline_ms;
	uint64_t random;
	char token[STORE_TOKEN_MAX / 2]; /* of this store's leases; the rest counts */
	uint64_t tokens;
	bool no_scripts;             /* Redis does not let us: refills are guarded by time */
	struct map flights;
	bool collided;               /* two keys had one hash */
	struct loop_timer *reflush;
	int flushing;                /* flushes of the whole namespace, of all servers or some */
	bool told_unknown;
	struct store_flight *flight;
	struct store_flight *landed, *landed_last; /* oldest first */
	struct store_reader *asked, *asked_last; /* readers whose GET is under way; the last one began first */
	struct store_sweep *sweep;
	struct store_call *call;     /* all of them */
	struct store_refusal *refused;
	struct loop_timer *telling;
	struct buf value;            /* decoded */
	struct buf coded;
	/* the listener */
	struct pgwork *listener;
	char *listen_sql;
	struct loop_timer *listen_retry, *beat;
	double listen_retry_ms;
	bool deaf;                   /* could not listen, or does not any more: what comes after that is a gap */
	int64_t opened_ns;
	bool flush_at_start;
	/* published */
	char *name;
	struct loop_timer *publish;
	int64_t began_us, began_ns; /* on the wall, monotonic */
	unsigned published;
	struct store_told {          /* of these times was told already; what is published is what came since */
		struct quantile all, hit, miss, acquire;
	} told;
};

/* --- store.c */
void store_say(struct store *s, const char *format, ...) PRINTFLIKE(2, 3);
int64_t store_now(void);
void *store_call_new(struct store *s, size_t size); /* zeroed */
void store_call_free(struct store_call *call);
bool store_may_read(const struct store *s, int kind, struct str key);
/* --- store_get.c */
void store_flight_free(struct store_flight *f);
void store_on_filled(void *ctx, const struct resp_reply *reply, const struct err *why); /* counts */
void store_token(struct store *s, char token[STORE_TOKEN_MAX]); /* a new one */
/* Puts the value in the place of that token, if it still stands there. */
void store_settle(struct store *s, struct str key, const char *token, struct str value, const char *ttl, redis_work_reply *reply, void *ctx);
void store_check_scripts(struct store *s, const struct resp_reply *reply); /* is it that Redis does not let us EVAL? */
void store_ttl(struct store *s, int kind, enum recipe_priority priority, char out[24]);
bool store_encode(struct store *s, int kind, struct str key, struct str value); /* into s->coded; false: not for the cache */
/* --- store_put.c */
void store_tell_refused(void *ctx); /* a timer's */
/* False: it is no id, and whoever asked (got or done) will be told so from the loop. */
bool store_takes_id(struct store *s, int kind, struct str id, store_got *got, store_done *done, void *ctx);
void store_forget_key(struct store *s, struct str key);
void store_forget_flights(struct store *s, int kind); /* -1: all */
/* --- store_drop.c */
int store_listen(struct store *s, const struct pgwork_conf *conf, const char *sql, struct err *why) MUSTCHECK;
/* --- store_sweep.c */
void store_sweep(struct store *s, const char *prefix, int kind, store_done *done, void *ctx);
void store_flush_servers(struct store *s, const bool *which); /* [REDIS_NODES_MAX] */
void store_sweeps_free(struct store *s);
/* --- store_doubt.c: which servers may not be read from */
int store_make_redis(struct store *s, const struct store_conf *conf, struct err *why) MUSTCHECK;
/* Redis was not told of an invalidation of that key; of anything at all; a server (-1: all) may have what it should not. Each is flushed
 * as soon as it can be. why NULL: has been told. */
void store_doubt_key(struct store *s, struct str key, const struct err *why);
void store_doubt(struct store *s, int server, const struct err *why);
void store_reflush(void *ctx); /* a timer's */
/* --- store_publish.c */
void store_publish(void *ctx); /* a timer's */

#endif
