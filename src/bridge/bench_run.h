/* SPDX-License-Identifier: PostgreSQL */
/* One run under way: for bench.c (steps), bench_op.c (operations), bench_values.c (parameters) and bench_db.c only. */
#ifndef BRIDGE_BENCH_RUN_H
#define BRIDGE_BENCH_RUN_H

#include "bridge/bench.h"
#include "bridge/pool.h"
#include "bridge/store.h"
#include "core/buf.h"
#include "source/pgwork.h"

enum {
	BENCH_MADE_MAX = 1024,        /* values kept of what a statement made */
	BENCH_RETRY_MS = 250,         /* a lost connection is opened again after that */
	BENCH_REST_MS = 100,          /* a client begins again after an error after that */
	BENCH_DRAIN_MS = 5000, /* above the timeout of a statement */
	BENCH_CLIENTS_MAX = 100000,
	BENCH_DOMAIN_BYTES_MAX = 64 << 20,
};

struct bench_values {             /* of one domain: texts one behind the other */
	struct buf text;
	uint32_t *at;
	uint32_t count, room;
};

struct bench_made {               /* the newest values of one parameter that operations of a statement wrote */
	char *value[BENCH_MADE_MAX];
	uint64_t count;
};

struct bench_client;

struct bench_queue {
	struct bench_client *first, *last;
};

struct bench_client {
	struct bench *bench;
	struct bench_client *next;    /* in the one queue it stands in */
	int statement;
	int left;                     /* statements of the batch without an answer */
	int64_t due_ns;
	int64_t asked_ns;             /* when it asked for a connection */
	uint64_t n;                   /* number of the operation */
	struct buf made;              /* values made for this operation */
	const char *value[BENCH_PARAMS_MAX];
	struct pool_lease *lease;     /* the connection it holds */
	struct pool_waiter waiter;
	bool missed, failed, looking; /* looking: it reads by the store */
	bool joined;                  /* another's query brought what it missed */
	bool cancelled;
	int64_t sent_ns;
};

struct bench_window {             /* counters at its beginning */
	int64_t at_ns;
	double cpu_ms, open_ns, busy_ns;
	int64_t deadlocks, index_scans, seq_scans;
	struct bench_store store;
};

struct bench {
	struct bench_conf conf;
	struct bench_events events;
	struct loop *loop;
	struct bench_rng rng;
	struct bench_alias mix;
	char run[20];                 /* marks what this run writes */
	enum bench_step_now step;
	int64_t step_ns;
	bool stopping, failing;
	struct err why;
	/* connections */
	struct pgwork *control;
	struct pool *pool;
	struct store *store;          /* cache first; NULL: everything is read from the database */
	struct store_kind kind[BENCH_STATEMENTS_MAX];
	int kinds, kind_of[BENCH_STATEMENTS_MAX]; /* of each statement; -1 none */
	struct loop_timer *again;     /* the control connection was lost */
	char *texts[2];               /* bench_check, bench_counters */
	/* values */
	struct bench_values domain[BENCH_DOMAINS_MAX];
	struct bench_zipf zipf[BENCH_STATEMENTS_MAX][BENCH_PARAMS_MAX];
	struct bench_made *made[BENCH_STATEMENTS_MAX];
	int reading;                  /* domain under way */
	uint64_t next_n;
	/* operations */
	struct bench_client *client;
	struct bench_queue idle, resting;
	int in_flight;
	struct loop_timer *due, *rest, *tick, *end;
	int64_t next_due_ns;
	int fill_statement;           /* filling: which statement, which of its values comes next */
	int64_t fill_at;
	/* figures */
	struct bench_window window;
	struct bench_result result;
	struct quantile last;         /* of the last interval */
	int64_t last_hits, last_misses, last_ns, errors;
	char trouble[240];
	int64_t rows;
	char version[32];
	bool counting;
	bool rows_gone, keys_gone;    /* cleaning up */
};

/* bench_op.c */
/* Its next operation, of the mix; now: clock_mono(), just read. */
void bench_begin(struct bench *b, struct bench_client *c, int64_t due_ns, int64_t now);
void bench_pump(struct bench *b);       /* begins what is due */
void bench_cancel_late(struct bench *b); /* statements beyond their time */
void bench_fill_more(struct bench *b);  /* cache filling: all idle clients read the next values */
void bench_push(struct bench_queue *q, struct bench_client *c);
struct bench_client *bench_pop(struct bench_queue *q);
int64_t bench_now(void);                /* monotonic, read now: a turn of the loop may be long */

/* bench_values.c */
void bench_values_add(struct bench_values *v, const char *text, size_t len);
const char *bench_values_at(const struct bench_values *v, uint64_t i);
void bench_values_release(struct bench_values *v);
/* Zipf tables; ERR_NOT_FOUND when a domain that is used is empty. */
int bench_values_ready(struct bench *b, struct err *why) MUSTCHECK;
bool bench_draw_values(struct bench *b, struct bench_client *c); /* false: nothing was made yet that it could use */
/* For filling: the value number i of its one parameter; false: there are no more. */
bool bench_fill_value(struct bench *b, struct bench_client *c, int64_t i);
void bench_keep_made(struct bench *b, const struct bench_client *c); /* after it worked */

/* bench_store.c: the cache-first store that reads go through */
int bench_store_new(struct bench *b, struct err *why) MUSTCHECK;
struct bench_store bench_store_counts(const struct bench *b); /* since the beginning */

/* bench_db.c: connections of the load */
int bench_db_new(struct bench *b, struct err *why) MUSTCHECK;
/* c->lease is set and bench_got() called, from the loop or at once. */
void bench_db_acquire(struct bench_client *c, int64_t now);
void bench_db_release(struct bench_client *c, int64_t now);
void bench_got(struct bench_client *c, int64_t now, const struct err *why); /* bench_op.c; why NULL: c->lease is there */
void bench_db_window(struct bench *b);                         /* averages begin now */
void bench_db_figures(struct bench *b, struct bench_result *r);

/* bench_connect.c */
void bench_ready(struct bench *b);
int bench_connections(struct bench *b, struct err *why) MUSTCHECK;
void bench_open_again(void *bench);     /* those that were lost */

/* bench_clean.c */
void bench_clean(struct bench *b);
void bench_send_after(struct bench *b); /* the workload's last words */

/* bench.c */
void bench_enter(struct bench *b, enum bench_step_now step);
void bench_fail(struct bench *b, const struct err *why);
void bench_load(struct bench *b);       /* values are there: fills the cache, then goes on */
void bench_end(struct bench *b);        /* the last thing that happens */
int64_t bench_number(const struct pgresult *r, int row, int column); /* -1: NULL */
void bench_trouble(struct bench *b, const char *text);
void bench_filled(struct bench *b);
void bench_drained(struct bench *b);

#endif
