/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files of a warm-up share: warm.c (its life), warm_flow.c (rows to keys), warm_changes.c (rows that change meanwhile),
 * warm_watch.c (what the servers say meanwhile), warm_say.c (words).
 *
 * Two connections to Redis: one writes; the other one looks (INFO, PING), so that what it sees is what another client sees and
 * not our own queue. The same for PostgreSQL.
 */
#ifndef BRIDGE_WARM_PRIVATE_H
#define BRIDGE_WARM_PRIVATE_H

#include "bridge/warm.h"
#include "core/map.h"
#include "source/redis_cluster.h"

enum {
	WARM_WINDOW = 1000,        /* replies open, as fast as it goes */
	WARM_WINDOW_PACED = 64,    /* at a rate: no other client of Redis waits behind more than these */
	WARM_WINDOW_LEAST = 4,
	WARM_BURST_MS = 2,         /* at a rate: what two ticks of the clock allow, and no more, may leave together */
	WARM_TICK_MS = 50,         /* a PING; every fifth time INFO, every twentieth PostgreSQL's load */
	WARM_PINGS = 5,            /* of their middle */
	WARM_PINGS_FIRST = 15,
	WARM_NODES_MAX = 64,       /* that are looked at */
	WARM_ERRORS_MAX = 100,     /* refused keys; then it ends */
	WARM_KEY_MAX = 1024,       /* bytes of a Redis key */
	WARM_KEY_COST = 100,       /* Redis' own bytes for a key with a TTL, about */
};

enum warm_step { WARM_CONNECTING, WARM_LOOKING, WARM_ASKED, WARM_GATE, WARM_RUNNING, WARM_DRAINING, WARM_AFTER, WARM_OVER };

struct warm;

struct warm_slot { /* what a reply belongs to */
	struct warm *w;
	int priority;
};

struct warm_node {
	int64_t used, maxmemory, hits, misses; /* of the last INFO; -1 unknown */
	int64_t sent_bytes;    /* our estimate when that INFO was asked */
	bool replica, loading, asked;
	char policy[32];
};

struct warm {
	struct task task;      /* first: a task is a warm */
	struct loop *loop;
	struct log *log;
	const struct recipe *recipe;
	struct warm_conf conf; /* its texts are borrowed */
	char *load_sql;
	struct codec *codec;
	struct pgwork *pg, *pg_eye;
	struct redis_cluster *redis, *eye;
	enum warm_step step;
	struct warm_report report;
	struct warm_slot slot[RECIPE_PRIORITIES];
	struct loop_timer *now;    /* what answer() and cancel() have decided, from the loop */
	struct loop_timer *tick, *pace, *watch;
	bool answered, yes, gate_open, cancelled, cancel_told;
	struct err gate_why;
	/* looking */
	bool watched, estimated, ears_known;
	struct warm_node node[WARM_NODES_MAX];
	int nodes, info_open, info_round, ticks;
	int64_t hits_from, misses_from;
	double ping[WARM_PINGS_FIRST];
	int pings, pings_open;
	int64_t ping_ns;
	double calm_ms;            /* the middle of the pings before */
	int calm_load;             /* active sessions before; -1 unknown */
	bool load_open;
	/* running */
	int64_t began_ns, ended_ns;
	int64_t limit;
	double rate, factor, tokens; /* factor: of rate and window, 1 when nothing speaks against it */
	int64_t tokens_ns;
	int window;
	bool held, streamed, stopping, memory_hold;
	int column[4];             /* key, value, priority, sensitive; -1: not there */
	bool columns_known, is_jsonb;
	int64_t sent, sent_bytes;
	uint64_t seed;
	int64_t snapshot_ns;       /* when the query that runs began */
	int64_t skip, skipped;     /* rows that an earlier snapshot has brought */
	bool renewing;             /* the query is being cancelled to begin anew */
	/* changes meanwhile */
	char *listen_sql, *told_sql, *begin_sql, *end_sql;
	char kind[64];             /* of the recipe's keys, as events name it; "" none */
	bool listens;              /* security events are heard */
	bool told_by_trigger;      /* changes are told */
	bool hears;                /* and heard: both of these */
	bool deaf;                 /* told, and LISTEN was refused: a standby */
	bool all_changed, sweep_failed;
	bool compromised;          /* a security event came */
	int settle, sweep_node;
	struct map told;           /* hashes of keys that changed */
	struct buf told_names;     /* the keys, a NUL behind each */
	struct buf told_key;
	struct deny deny;          /* the recipe's; it remembers names */
	struct buf key, value;
	struct err failure;        /* code 0: none */
	struct err refused;        /* the last error reply */
	struct err unburied_why;   /* why a tombstone was not to be set, the last one */
};

/* --- warm.c */
void warm_end(struct warm *w, enum task_outcome outcome, const struct err *why);
/* Stops reading rows; what is under way is waited for. why NULL: not a failure. */
void warm_stop(struct warm *w, const struct err *why);
void warm_check_drained(struct warm *w); /* RUNNING and DRAINING: is all over? */
void warm_looked(struct warm *w);        /* perhaps all that is looked at before is there */

/* --- warm_flow.c */
/* A recipe's text, read only whoever wrote it: by the session's settings, or by a transaction of its own behind a pooler. */
void warm_read_only(struct warm *w, struct pgwork *pg, const struct pgwork_query *query);
void warm_flow_start(struct warm *w);
void warm_flow_resume(struct warm *w); /* when nothing holds it any more */
double warm_effective_rate(const struct warm *w); /* keys/s allowed now; 0 = as fast as it goes */

/* The snapshot is as old as the recipe allows: begins the query anew, and passes over what is done. */
void warm_renew_if_old(struct warm *w);

/* --- warm_changes.c */
void warm_changes_start(struct warm *w);
void warm_on_notify(void *ctx, const char *channel, const char *payload, int pid);
bool warm_changed(const struct warm *w, struct str key); /* since the snapshot */
void warm_deafened(struct warm *w, const struct err *why);
/* All is written: true while what has changed meanwhile is still heard of or taken out; warm_check_drained() is called again. */
bool warm_settles(struct warm *w);
void warm_settle_on(struct warm *w);
bool warm_swept(const struct warm *w); /* all of the prefix was taken out, for sure */

/* --- warm_watch.c */
void warm_watch_start(struct warm *w);  /* the eyes are up */
void warm_ask_info(struct warm *w);     /* warm_info_done() when all nodes have answered */
void warm_ask_estimate(struct warm *w);
void warm_on_tick(void *ctx);
bool warm_over_memory(const struct warm *w, bool with_sent);
void warm_sum(const struct warm *w, int64_t *hits, int64_t *misses, int64_t *used, int64_t *maxmemory);
void warm_info_done(struct warm *w);    /* in warm.c */

/* --- warm_say.c */
void warm_say_plan(struct warm *w);
void warm_say_progress(struct warm *w);
void warm_say_result(struct warm *w);
void warm_say_hits(struct warm *w);
void warm_say_compromised(const struct warm *w, struct err *why);

#endif
