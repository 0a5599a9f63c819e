/* SPDX-License-Identifier: PostgreSQL */
/* What pgwork.c (the connection's life), pgwork_job.c (statements: kept, sent, told) and pgwork_io.c (results, copies) share. */
#ifndef SOURCE_PGWORK_PRIVATE_H
#define SOURCE_PGWORK_PRIVATE_H

#include "core/buf.h"
#include "core/map.h"
#include "source/pgconn.h"
#include "source/pgwork.h"

enum {
	PGWORK_OPEN_MAX = 512,        /* statements under way; a batch is never cut, so it may be more by one batch */
	PGWORK_DIRECT_MAX = 16,       /* statements of a batch that is sent without being kept */
	PGWORK_OBEY_MS = 5000,        /* after a deadline the server has so long to obey the cancel */
	PGWORK_COPY_MAX = 4 << 20,    /* bytes of one fill() */
	PGWORK_COPY_TURN = 1 << 20,   /* bytes of a copy in one turn of the loop */
	PGWORK_NAMES_MAX = 1000,      /* prepared statements; more names are run unprepared */
	PGWORK_RECENT = 64,           /* names looked up last; a power of two */
};

enum pgjob_kind { PGJOB_QUERY, PGJOB_COPY, PGJOB_SYNC };

struct pgwork_name {
	char *name;
	enum { PGNAME_UNKNOWN, PGNAME_PREPARING, PGNAME_READY } state;
	uint64_t batch; /* PREPARING: by this one */
};

struct pgjob {
	struct pgjob *next;
	enum pgjob_kind kind;
	uint64_t batch;
	bool last;           /* of its batch */
	bool prepares;       /* the result of PREPARE comes first */
	bool alone;          /* sent outside of the pipeline: no sync, its end is the end */
	bool binary, stream, single, armed, sent, overdue, skipped;
	struct pgwork_name *name;
	double deadline_ms;
	int64_t sent_ns, ended_ns;
	/* only while it waits */
	char *sql;
	char **values;
	int count;
	/* what came of it */
	struct pgresult *result, *error; /* error of SYNC: of the commit */
	struct err *why;                 /* wins over error */
	char sqlstate[6];                /* of why */
	bool (*rows)(void *ctx, const struct pgresult *rows);
	int (*fill)(void *ctx, struct buf *out, struct err *why);
	void (*done)(void *ctx, const struct pgwork_outcome *outcome);
	void *ctx;
};

struct pgjobs {
	struct pgjob *first, *last;
};

struct pgwork {
	/* what every statement touches, side by side */
	struct pgconn *conn;
	struct pgjob *at;          /* in sent: whose results come next; those before it wait for their sync */
	struct pgjobs sent, waiting;
	struct pgcancel *cancel;
	struct pgjob *copying;
	struct loop_timer *tick;   /* the deadline of what runs */
	int64_t known_ns;          /* when the newest result was */
	uint64_t batch;
	unsigned life;             /* counts connections: a callback may have closed this one */
	int sent_count, open_count;
	int no_syncs;              /* ends of requests where a sync was due */
	int setting_up;            /* setup statements without done() */
	bool settled;              /* logged in and set up */
	bool piped;                /* the connection is in libpq's pipeline mode */
	bool keeps_pipe;           /* it could not be left */
	bool copies;
	bool overdue;              /* at (or its commit) has been asked to end */
	bool held;                 /* rows wait for pgwork_more() */
	bool ticks;                /* tick was set, perhaps it has rung */
	struct pgwork_name *recent[PGWORK_RECENT]; /* by the address of the caller's text */
	/* life */
	struct loop *loop;
	struct log *log;
	struct pgwork_events events;
	char *work_sql, *cancel_sql;
	char **setting;            /* name, value, ... */
	int settings;              /* pairs */
	struct loop_timer *later;  /* what may not be done inside a call of the owner's */
	/* this connection */
	bool was_up;
	bool gone;                 /* lost or closed, and not opened since: nothing waits for what may never come */
	struct err gone_why;
	bool pooled;               /* the backend is not the one that the login told */
	bool no_cancel;            /* to be said from the loop */
	bool copy_waits;           /* fill() had nothing */
	struct err setup_why;      /* code 0: all worked */
	struct pgjobs setup, dead;
	struct buf copy;
	struct map name_of;        /* hash -> index + 1 */
	int names;
	struct pgwork_name *name[PGWORK_NAMES_MAX];
};

/* --- pgwork.c */
void pgwork_drop(struct pgwork *w, const struct err *why); /* as if it had been lost */
void pgwork_unclear(struct pgwork *w, const char *what);   /* drops: the server's answers make no sense */
void pgwork_watch(struct pgwork *w);                       /* `at` is another: its deadline */

/* --- pgwork_job.c */
void pgjobs_add(struct pgjobs *jobs, struct pgjob *j);
struct pgjob *pgjobs_pop(struct pgjobs *jobs);
/* Jobs of a batch into `to`, their texts copied. */
void pgwork_keep(struct pgwork *w, struct pgjobs *to, const struct pgwork_query *queries, int count);
/* These end without having been sent. */
void pgwork_refuse(struct pgwork *w, struct pgjobs *jobs);
void pgwork_pump(struct pgwork *w);       /* sends what can be sent */
void pgwork_tell(struct pgwork *w, struct pgjob *j); /* done(), and frees it */
void pgjob_free(struct pgjob *j);
void pgjob_fail(struct pgjob *j, int code, const char *text); /* no-op when it has failed already */

/* --- pgwork_io.c */
void pgwork_readable(void *ctx);
void pgwork_writable(void *ctx);
void pgwork_end_copy(struct pgwork *w, const struct err *failed); /* NULL: all is there */

#endif
