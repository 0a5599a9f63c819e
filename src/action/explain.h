/* SPDX-License-Identifier: PostgreSQL */
/*
 * The plan of a statement: of an entry of pg_stat_statements, of what a session runs, or of a text. Normalised texts ($1, $2) are
 * planned on PostgreSQL 13 to 18 by SQL PREPARE under force_generic_plan, with edits and types tried until the server takes it;
 * a second plan is made with values, since partial indexes show only there. As a task: look up, connect to the statement's own
 * database, weigh rights, plan, and with `analyze` ask and run.
 *
 * What the server does: BEGIN READ ONLY, local timeouts (0.5 s for locks), PREPARE, EXPLAIN (ANALYZE false) EXECUTE, DEALLOCATE,
 * ROLLBACK; each its own protocol message, so a text with two statements is refused by the server too. Planning runs functions of
 * the statement's author with this session's rights: where the session is stronger than the author, it asks first.
 */
#ifndef ACTION_EXPLAIN_H
#define ACTION_EXPLAIN_H

#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/task.h"
#include "source/source.h"

struct audit;

enum { EXPLAIN_PLANS_MAX = 6, EXPLAIN_ABOUT_MAX = 240, EXPLAIN_PARAMS_MAX = 1000, EXPLAIN_VALUE_MAX = 64 << 10 };

struct explain_conf {
	/* Where: one of the first two, as in struct pgwork_conf. */
	const struct source_conf *conf;
	struct source *like;
	const char *over;         /* --explain-as; the statement is looked up without it */
	const char *role;         /* --explain-role; NULL none */
	const char *(*text)(void *ctx, const char *name); /* sql/session/explain_*.sql */
	void *text_ctx;

	/* What: the first that is given. */
	int pid;                  /* of a session ... */
	int64_t backend_start_us; /* ... that began then, microseconds since 1970; 0 = whichever has that pid */
	int64_t queryid;          /* of pg_stat_statements; */
	int64_t dbid, userid;     /* the entry of this database and user; 0 = the dearest, first of the database connected to */
	const char *sql;          /* a text of the person's own: its author is who asks */
	const char *dbname;       /* for sql: NULL = where `conf` leads */
	/* Wins over these: what this task has found and planned, to be run, or planned with other values. Its text, author and database
	 * are taken over, nothing is looked up again; a yes to more rights than the author's holds for that text, that author and those
	 * rights, and for nothing else. Borrowed for the call only. */
	const struct task *again;

	/* How. */
	const char *const *params; /* values for $1, $2 ...; a NULL among them is SQL NULL */
	int param_count;          /* 0: values are looked for (recent texts, then statistics); otherwise all must be there */
	const char *index;        /* what if: a CREATE INDEX statement, for HypoPG; NULL none */
	bool analyze;             /* run it, after a question */
	double analyze_timeout_ms; /* its statement_timeout; 0 = 10000 */
	bool queued;              /* made to wait for task_start() */
	bool read_only;           /* refuses `analyze` */
	bool trust;               /* plans with more rights than the author's without the question; it is said all the same */
	struct audit *audit;      /* of what was confirmed; NULL only where nothing can be (read_only) */
	const char *confirmed;    /* for the audit log: "y", "--yes" */
	struct log *log;
};

enum explain_kind {
	EXPLAIN_GENERIC,       /* parameters unknown to the planner */
	EXPLAIN_CUSTOM,        /* with values, or of a statement that has no parameters */
	EXPLAIN_ANALYZED,      /* was run */
	EXPLAIN_WHAT_IF,       /* generic (or of a statement without parameters), with the hypothetical index */
	EXPLAIN_WHAT_IF_CUSTOM,
};

struct explain_plan {
	enum explain_kind kind;
	char about[EXPLAIN_ABOUT_MAX]; /* "generic plan, PostgreSQL 15, not executed"; clean */
	const char *json;          /* EXPLAIN (FORMAT JSON), as the server sent it: raw, a NUL behind it */
	size_t len;
	double cost;               /* total; NAN not found */
};

struct explain_param {
	const char *type;          /* as the server deduced it: "timestamp with time zone"; clean */
	const char *value;         /* of the plan with values, raw; NULL = SQL NULL, or none was found */
	const char *from;          /* "given", "a running statement", "the most common value", ...; NULL none was found */
	bool known;                /* good for running it too; otherwise it has to be asked for */
};

/* ERR_INVALID: nothing to explain, or a bad conninfo. ERR_NOT_FOUND: a text under sql/session is missing. Connects later. The
 * strings are copied; audit, log, like and text_ctx are borrowed for its life. */
int explain_new(struct task **out, struct loop *l, const struct explain_conf *conf, struct err *why) MUSTCHECK;

/* Of such a task; borrowed, more come while it runs, all are there when it is done. Also of a failed one: what came before. */
const struct explain_plan *explain_plans(const struct task *t, int *count);
/* Parameters of the statement, [0] is $1; with types once a plan is there. */
const struct explain_param *explain_params(const struct task *t, int *count);
/* The statement as it was found (raw), NULL not yet; and whose: "bridge", NULL unknown or the person's own. */
const char *explain_statement(const struct task *t, const char **author);
/* Bytes that the hypothetical index would have, -1 none. */
int64_t explain_index_bytes(const struct task *t);
const char *explain_kind_name(enum explain_kind kind); /* "generic", "custom", "analyzed", "what-if", "what-if-custom" */

#endif
