/* SPDX-License-Identifier: PostgreSQL */
/* What pg.c (the connection's life, who the server is) and pground.c (asks through the pipeline) share. */
#ifndef SOURCE_PG_PRIVATE_H
#define SOURCE_PG_PRIVATE_H

#include "core/buf.h"
#include "source/pgconn.h"
#include "source/pgsample.h"
#include "source/pgstmt.h"

enum {
	PG_EXPECT_MAX = 256,      /* results under way at most; what does not fit goes when others have come */
	PG_SLICE_NS = 3000000,    /* one turn converts rows for so long */
	PG_OVERDUE_MS = 1000,     /* beyond what the open requests are expected to take */
	PG_GIVE_UP_MS = 300000,   /* a server that says nothing for so long loses its connection */
	PG_HOUSE_MS = 10000,      /* between two looks at role and round trip */
	PG_EXTENSIONS_MS = 5000, /* between two looks for an extension that was missing */
};

/* What the next result in the pipeline will be about. */
enum pgexpect_kind {
	PGEXPECT_PREPARE,
	PGEXPECT_ROWS,       /* of an ask */
	PGEXPECT_SYNC,
	PGEXPECT_LOCAL,      /* settings of one transaction */
	PGEXPECT_SESSION,
	PGEXPECT_EXTENSIONS,
	PGEXPECT_IDENTITY,
	PGEXPECT_PROBE,
	PGEXPECT_ROLE,
	PGEXPECT_LOCKERS,
};

struct pgask {
	struct ask ask;
	char *value[PANEL_KEYS_MAX * 2]; /* parameters; NULL = SQL NULL */
	int values;
	struct pgstmt *stmt;
	enum { PGASK_WAITING, PGASK_SENT, PGASK_READY, PGASK_ANSWERED } state;
	struct sample *sample;
	struct err why;          /* code 0: the sample is the answer */
	bool alone;              /* has its own sync */
	bool needs_extensions;
	int tries;
	int64_t elapsed_us;
};

struct pgexpect {
	enum pgexpect_kind kind;
	struct pgask *ask;       /* PREPARE, ROWS */
	bool timed;              /* ROWS: its arrival tells what was spent since the last timed one */
};

struct pg {
	struct source *source;
	struct pgconn *conn;
	const struct source_param *params;
	const char *(*text)(void *ctx, const char *name);
	void *text_ctx;
	double statement_timeout_ms, lock_timeout_ms;
	char statement_timeout[24], lock_timeout[24]; /* for set_config() */
	struct loop_timer *tick;   /* while something is open: is it overdue? */
	struct loop_timer *slice;  /* goes on converting, or delivers what needs no server */
	/* this connection */
	bool live;                 /* the session is set up */
	struct pgexpect expect[PG_EXPECT_MAX];
	int expect_at, expect_count; /* a ring */
	int64_t sent_ns;           /* of the oldest open requests */
	int64_t mark_ns;           /* what came after it was spent on the next timed result */
	int64_t house_ns, extensions_ns;
	int64_t stale_heard_ns;    /* last byte when the server was called silent: another one heals */
	int64_t ping_ns;           /* a lone sync was sent then; 0 = none under way */
	bool probed;
	struct pgextensions extensions;
	struct pgstmt *stmt[PGSTMT_MAX];
	int stmt_count;
	uint64_t serial;           /* of prepared names */
	/* the open round */
	struct pgask *round;
	int round_count;
	bool round_open;
	unsigned round_no;
	bool converting;
	struct pgsample convert;
	struct pgask *convert_ask;
	int64_t convert_ns;        /* it began then */
	/* who the server is; compared over connections */
	int64_t started_us, reset_us, system_id;
	bool standby, reads_all, known;
	bool degraded;
	char degraded_words[100], event[100]; /* "" = none; see status.notice */
	struct loop_timer *news;   /* until then `event` is shown */
	uint64_t epoch;            /* role changes and other clusters counted */
};

/* Sends requests that are not asks: an unnamed query of sql/session/NAME.sql, and its own sync. */
bool pg_send(struct pg *p, enum pgexpect_kind kind, const char *name, int count, const char *const *values);
/* Writes status.notice: what is so now (degraded) stands before what happened, and that, while it is news, before what is so for as
 * long as we are connected (a pooler). */
void pg_show_notice(struct pg *p);
void pg_expect(struct pg *p, enum pgexpect_kind kind, struct pgask *ask, bool timed);
/* Something was sent: flushes, notes when, watches for silence. */
void pg_sent(struct pg *p);
/* A result of one of the source's own requests (any kind but PREPARE, ROWS, SYNC, LOCAL). Does not free it. */
void pg_learn(struct pg *p, enum pgexpect_kind kind, const struct pgresult *r);
/* Between rounds: role, round trip, what was not asked yet. */
void pg_keep_house(struct pg *p);
/* Both drop the connection and go on as if it had been lost. */
void pg_protocol_error(struct pg *p, const char *what);
void pg_session_error(struct pg *p, const struct err *why);

/* --- pground.c */
bool pground_ready(const struct pg *p);
int pground_ask(struct pg *p, const struct ask *asks, int count, struct err *why);
void pground_readable(void *ctx);
void pground_slice(void *ctx);
/* Everything open is answered with *why; conversions are dropped. */
void pground_abandon(struct pg *p, const struct err *why);

#endif
