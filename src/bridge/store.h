/* SPDX-License-Identifier: PostgreSQL */
/*
 * Cache first: a value comes from Redis, else from PostgreSQL, and then stands in Redis for the next one. Redis away: the database
 * serves. PostgreSQL away: what is cached is still served. A key is PREFIX KIND ":" ID, as "dytallix:bridge:tx:4711".
 *
 * What makes a cached value old is told by invalidation: by id, by kind, or by the trigger's notifications ("tx:4711", "tx:*", "tx:!" on
 * channel dytop_invalidate). An invalidated key holds a tombstone for 5 s, and a refill is SET NX, so a reader that had read
 * the old row cannot put it back; here its query is given up by later readers at once. What cannot be told for sure (the listener
 * was away, a server was, or it came back as another process or by a failover, with what it had before) ends with a flush of what
 * those servers hold, before which nothing is read from them.
 *
 * Whoever will put a value back holds a lease: before the database is asked, a token is put under the key (SET NX), and the value takes
 * its place only if it still stands there (one EVAL). Every invalidation takes it away, however late the refill comes: no clock
 * decides. A Redis that refuses EVAL gets SET NX, which is right while no refill arrives later than a tombstone lasts.
 *
 * Any number of readers that miss the same key ask the database once. All callbacks come from the loop, except that what waits for the pool
 * may be told from inside another's pool_release().
 */
#ifndef BRIDGE_STORE_H
#define BRIDGE_STORE_H

#include "bridge/codec.h"
#include "bridge/deny.h"
#include "bridge/pool.h"
#include "bridge/recipe.h"
#include "core/err.h"
#include "core/log.h"
#include "core/str.h"
#include "loop/loop.h"
#include "model/quantile.h"
#include "source/pgwork.h"
#include "source/source.h"

enum { STORE_KINDS_MAX = 16, STORE_KIND_MAX = 32, STORE_KEY_MAX = 512 /* bytes of a key, prefix and all */ };

/* What stands in place of an invalidated value. No codec decodes it: other readers miss too. */
#define STORE_TOMBSTONE "dytop:invalidated"
/* What stands for a value that somebody is reading: this, and who. */
#define STORE_LEASE "dytop:lease:"

#define STORE_KEY_PUBLISHED "dytop:stores" /* a hash: one field for each store, see store_publish() */

struct store;

struct store_kind {
	const char *name;       /* "tx"; letters, digits, _ and - */
	const char *sql;        /* $1 = id; one row: value (text), then perhaps priority (text); no row: there is none */
	enum codec_kind codec;
	double ttl_ms[RECIPE_PRIORITIES]; /* without a priority: that of low */
	double jitter;          /* up to this share is taken off at random */
	bool sensitive;         /* read from the database always, never cached */
};

struct store_events {
	/* What a person should know: Redis or the listener went away or is back, a flush; words are clean. NULL: not told. */
	void (*notice)(void *ctx, const char *words);
	/* Redis was reached (why NULL), or could not be, or went away. NULL: not told. */
	void (*redis)(void *ctx, const struct err *why);
	void *ctx;
};

struct store_conf {
	const struct source_conf *redis;  /* borrowed for store_new() only */
	struct pool *pool;                /* borrowed for the store's life; opened by its owner */
	/* A connection of its own that listens; NULL: no events. Borrowed for store_new(). listen_sql: "LISTEN dytop_invalidate". */
	const struct pgwork_conf *listen;
	const char *listen_sql;
	const char *prefix;               /* "dytallix:bridge:" */
	const struct store_kind *kind;    /* borrowed for the store's life */
	int kinds;
	const struct codec_keys *keys;    /* for sealed kinds; NULL none */
	const struct deny *deny;          /* what matches is served, not cached; NULL: the built-in list */
	double tombstone_ms;              /* default 5000 */
	double redis_deadline_ms;         /* Redis silent for so long: the database serves; default 500 */
	double query_deadline_ms;         /* default 5000 */
	bool flush_at_start;              /* what was cached while nobody listened is not trusted: flushed now, and when it listens */
	const char *name;                 /* in what is published; NULL: nothing is published */
	struct log *log;
};

enum store_from { STORE_CACHE, STORE_DATABASE };

struct store_answer {
	enum store_from from;
	bool found;          /* false: the database has no such row */
	bool joined;         /* another get's query brought it */
	struct str value;    /* decoded; gone after the call */
};

/* why NULL: answer is there. Else the database could not say (ERR_TIMEOUT, ERR_LOST, ERR_QUERY ...). */
typedef void store_got(void *ctx, const struct store_answer *answer, const struct err *why);
/* why NULL: it is done, `count` keys were dropped. Else it could not be told to Redis now: the servers it did not reach are flushed as
 * soon as they can be, and not read from before. */
typedef void store_done(void *ctx, int64_t count, const struct err *why);

struct store_stats {
	int64_t gets, hits, misses;       /* misses: not there, tombstone, not decodable, or the cache could not be asked */
	int64_t tombstones, undecodable, bypassed; /* of the misses: not asked because of a flush, or because Redis is away */
	int64_t leased;                   /* of the misses: another is reading that row */
	int64_t queries, joined;          /* asked of the database; misses that another's query answered */
	int64_t not_found, failed;        /* gets */
	int64_t sets, sets_late;          /* refills and puts that took; refills that found a value, a tombstone or another's lease */
	int64_t sets_stale;               /* refills given up, because the key was invalidated meanwhile */
	int64_t denied;                   /* not cached by the deny list */
	int64_t deletions;                /* keys: tombstones and sweeps */
	int64_t events, flushes;          /* notifications; flushes of the whole namespace, on all servers or those in doubt */
	int64_t redis_errors, redis_lost, listener_lost;
	bool redis_up, listening, flushing;
	bool leases;                      /* refills are guarded by leases; false: by time (Redis refuses EVAL) */
	struct quantile all, hit, miss;   /* response times of gets, ns */
};

/* ERR_INVALID: bad addresses or kinds, no key for a sealed kind. */
int store_new(struct store **out, struct loop *l, const struct store_conf *conf, const struct store_events *events,
              struct err *why) MUSTCHECK;
void store_open(struct store *s);
void store_free(struct store *s); /* NULL is accepted; open calls get nothing. Not inside a callback; before the pool's pool_free() */

/* Takes out what was published, which else would stand there for half a minute; nothing more is published. */
void store_withdraw(struct store *s);
/* Index of a kind, -1 unknown. */
int store_kind(const struct store *s, struct str name);
/* ERR_INVALID (told from the loop): an id with a zero byte, a key longer than STORE_KEY_MAX; also of store_put(). */
void store_get(struct store *s, int kind, struct str id, store_got *got, void *ctx);
/* Writes through, with the TTL of that priority, whatever stands there; done() with count 0: invalidated before it got there. Whatever
 * becomes of it, what stood there before is not read any more: what may not be cached is taken out, and so is what the value could not
 * replace; when that fails as well, it is as with a drop that failed. done may be NULL. */
void store_put(struct store *s, int kind, struct str id, struct str value, enum recipe_priority priority, store_done *done, void *ctx);

/* Invalidates one key: no get that begins after done() brings what the row was before this call. done may be NULL. */
void store_drop(struct store *s, int kind, struct str id, store_done *done, void *ctx);
/* Of all keys that begin so, under the prefix: SCAN and UNLINK, on every node. "": the whole namespace. */
void store_drop_prefix(struct store *s, struct str rest, store_done *done, void *ctx);
/* Something is wrong with a class of values (a key leaked, a signer is compromised): from now on this process reads and writes none
 * of that kind in the cache, and all of them are dropped. For the life of the store. */
void store_security_event(struct store *s, int kind, store_done *done, void *ctx);

/* The pattern of SCAN ... MATCH for keys that begin so; free() it. */
char *store_pattern(const char *prefix);
const struct store_stats *store_stats(struct store *s);
const char *store_name(const struct store *s); /* of the Redis server, raw */

#endif
