/* SPDX-License-Identifier: PostgreSQL */
/*
 * Warm-up: rows of a recipe's query (bridge/recipe.h) stream from PostgreSQL, read only and from one snapshot, into Redis (one
 * server or a cluster) in pipelines, in bounded memory, as a task (model/task.h):
 *
 *   LOOKING   connects to both; what Redis holds and may hold; how many rows to expect; the hit ratio before
 *   ASKING    what will be written where, with the query; a dry run has no question
 *   RUNNING   rows are read, judged (deny list), encoded and written with their TTL; ends at the last row, at the limit, before
 *             maxmemory, or when cancelled; a connection that is lost ends it: run again, it goes on with what is missing (NX)
 *   CHECKING  the hit ratio after
 *
 * A key of a row that changes after the snapshot is not written, or taken back, where the trigger of sql/bridge/80_invalidation.sql
 * tells of it; elsewhere the recipe's `snapshot` bounds how old a row can be when it is written. A security event of the kind (bridge/store.h)
 * ends it at any time: TASK_REFUSED before the first key, else TASK_FAILED, and what is under the prefix is taken out.
 *
 * It is paced: a rate limit; a smaller window when Redis answers a probe later than it did before, or PostgreSQL has more active
 * sessions than before; nothing at all beyond recipe.memory of maxmemory.
 */
#ifndef BRIDGE_WARM_H
#define BRIDGE_WARM_H

#include "bridge/recipe.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/task.h"
#include "source/pgwork.h"
#include "source/source.h"

struct warm_conf {
	const struct recipe *recipe;       /* borrowed for the task's life */
	const struct source_conf *pg;      /* where rows come from; or: */
	struct source *like;               /* where this live source is connected to */
	const char *pg_over;               /* a conninfo whose settings win; NULL none */
	const struct source_conf *redis;   /* borrowed for warm_task_new() */
	const struct codec_keys *keys;     /* copied; NULL: none, then a sealed recipe is ERR_INVALID */
	int codec;                         /* an enum codec_kind instead of the recipe's; -1: the recipe's */
	double rate;                       /* keys/s; NAN: the recipe's; 0: as fast as it goes */
	int64_t limit;                     /* rows; 0: the recipe's */
	bool overwrite;                    /* SET instead of SET NX */
	bool dry_run;                      /* reads and encodes everything, writes nothing, asks nothing */
	bool no_writes;                    /* dytop is read-only: refused unless it is a dry run */
	double watch_ms;                   /* how long the hit ratio is looked at before and after; NAN: 2000; 0: not */
	/* sql/session/pg_load.sql: one row, one number: active sessions; NULL: PostgreSQL's load is not looked at. Borrowed. */
	const char *load_sql;
	/* sql/session/warm_told.sql and pg_listen.sql: whether changes of a kind are told on a channel, and to listen there. NULL: they
	 * are not listened for. Borrowed. */
	const char *told_sql, *listen_sql;
	/* sql/session/explain_begin.sql and explain_end.sql: around a recipe's texts where a pooler keeps us from settings of the
	 * session. NULL: nothing is read through a pooler. Borrowed. */
	const char *begin_sql, *end_sql;
	/* Called once, after yes and before anything is written: writes the intent into the audit log and then calls warm_go(), at
	 * once or later. NULL: goes on without. */
	void (*gate)(void *ctx, struct task *t);
	void *gate_ctx;
	struct log *log;
};

struct warm_hits { /* of the whole server, not of the recipe's keys */
	int64_t hits, misses;    /* in watch_ms */
};

struct warm_report {
	int64_t expected;        /* rows; -1 unknown */
	int64_t rows;            /* read */
	int64_t written;         /* keys; in a dry run: that would be */
	int64_t there;           /* NX: already there, left as they are */
	int64_t denied, sensitive, too_big; /* passed over */
	int64_t failed;          /* Redis said no */
	int64_t unknown;         /* sent, and the reply was lost */
	int64_t changed;         /* keys told as changed since the snapshot: not written, or taken back */
	int64_t unburied;        /* of these: Redis refused that or went away; they may stand as they were */
	bool heard;              /* such changes were listened for, to the end */
	int renewed;             /* snapshots after the first one */
	int64_t by_priority[RECIPE_PRIORITIES]; /* of written and there */
	int64_t raw_bytes, stored_bytes;        /* of values that were encoded */
	int64_t largest;         /* stored bytes of one value */
	double elapsed_ms, rate; /* of the run; keys/s */
	int64_t used_before, used_after, maxmemory; /* all nodes together; -1 unknown, maxmemory 0 = no limit */
	int nodes;               /* 1, or those of the cluster */
	struct warm_hits before, after; /* -1: not looked at */
	int slowed_redis, slowed_pg; /* how often it took a step back */
	bool stopped_memory;     /* before maxmemory */
	char denied_by[DENY_TEXT_MAX]; /* the pattern of the first denied row */
};

/* ERR_INVALID: bad addresses, no key for sealed. Connects at once; callbacks from the loop only. */
int warm_task_new(struct task **out, struct loop *l, const struct warm_conf *conf, struct err *why) MUSTCHECK;
/* The gate's answer: why NULL = go on, else the task is refused with it. */
void warm_go(struct task *t, const struct err *why);
const struct warm_report *warm_report(const struct task *t);
const char *warm_server(const struct task *t); /* "cache1:6379", raw: where it writes */

#endif
