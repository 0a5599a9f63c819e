/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of action/explain only. */
#ifndef ACTION_EXPLAIN_PRIVATE_H
#define ACTION_EXPLAIN_PRIVATE_H

#include "action/audit.h"
#include "action/explain.h"
#include "core/buf.h"
#include "insight/parse.h"
#include "source/pgwork.h"

enum {
	EXPLAIN_STEPS_MAX = 16, EXPLAIN_TRIES_MAX = 60, EXPLAIN_TRY_MS = 10000, EXPLAIN_STATEMENT_MAX = 1 << 20,
	EXPLAIN_PLAN_MAX = 16 << 20, EXPLAIN_PLAN_TIMEOUT_MS = 5000, EXPLAIN_LOCK_TIMEOUT_MS = 500, EXPLAIN_NAME_MAX = 200,
};

struct explain;

/* One statement of a batch: its result goes to take(), when there is one. */
typedef void explain_take(struct explain *e, const struct pgresult *rows);

struct explain_step {
	struct explain *e;
	int index;
	explain_take *take;
};

/* What the statement is prepared as, changed from try to try. */
struct explain_form {
	char *text;
	char *path;                  /* search_path */
	const char **type;           /* by parameter, from 1; NULL = the server finds out */
	int params;
	bool deparsed, fragment, grouped, pathed, numbered; /* edits that were made */
	int ladder;                  /* how far the types have come */
	int named[PARSE_PARAMS_MAX + 1]; /* how often an error named the parameter */
};

struct explain {
	struct task task; /* first */
	struct loop *loop;
	struct explain_conf conf; /* strings are ours */
	struct pgwork *find, *work;
	struct loop_timer *next;
	void (*step)(struct explain *e);

	/* the statement */
	char *sql;
	size_t sql_len;
	char *whole;                 /* as found, where sql is only the query that it holds */
	bool found;                  /* handed over by a task before: nothing is looked up */
	char author[64], dbname[64];
	bool foreign;                /* somebody else wrote it */
	int64_t queryid, dbid, calls, rows, entries;
	bool cut;
	char *seen[8];
	int seen_count;
	struct parse *parse;         /* NULL: no library, or not its grammar */
	struct err unread;           /* why not */
	char *schema;                /* of the extension that is asked next; quoted */

	/* the session */
	char login[64], stronger[400];
	bool super, author_known, author_super, same, weighed;
	char *path, *hypopg;
	bool agreed;                 /* to plan with more rights than the author's */
	char *terms;                 /* what was agreed to, all of it: the text, whose, planned by whom, who may do what more */

	/* the tries */
	struct explain_form form;
	int tries;
	int64_t began_ns;
	char name[40];               /* of the prepared statement */
	char **value;                /* by parameter, from 1 */
	const char **value_from;
	char *values;                /* "('a', NULL)", or "" */
	enum explain_kind doing;
	bool writing;                /* run in READ WRITE, after the second question */
	int64_t index_bytes;
	char *index_name;
	bool done_custom, done_what_if, told_path;

	/* what came of it */
	struct explain_plan plan[EXPLAIN_PLANS_MAX];
	char *json[EXPLAIN_PLANS_MAX];
	int plans;
	struct explain_param *param;
	int params;

	/* the batch under way */
	struct pgwork_query query[EXPLAIN_STEPS_MAX];
	struct explain_step steps[EXPLAIN_STEPS_MAX];
	struct buf sqls[EXPLAIN_STEPS_MAX];
	int count, ended;
	int prepare_at, plan_at;     /* index of these steps; -1 not in this batch */
	int failed;                  /* index of the step that failed; -1 none */
	struct err why;
	char sqlstate[6], message[480];
	bool sent;
	double elapsed_ms;
	void (*after)(struct explain *e);
	void (*then)(struct explain *e); /* once more after that */
	char was_state[6];
	char id[AUDIT_ID_MAX], application[32];
	char *system_id;
	bool auditing;               /* an intent is being written */
	bool audited;                /* it is in the audit log, and wants an outcome */
	bool cancelled;
	bool closing;                /* `end` is how it ended; waits for the audit log only */
	enum task_outcome end;
	struct err end_why;
};

/* --- explain.c ---------------------------------------------------------------------------------------------------- */
void explain_end(struct explain *e, enum task_outcome outcome, const struct err *why);
void explain_fail(struct explain *e, int code, const char *format, ...) PRINTFLIKE(3, 4);
/* step(e) in the next turn of the loop. */
void explain_later(struct explain *e, void (*step)(struct explain *e));
void explain_connect(struct explain *e);
void explain_was_cancelled(struct explain *e);

/* --- explain_batch.c ---------------------------------------------------------------------------------------------- */
void explain_batch(struct explain *e, bool write);
void explain_batch_drop(struct explain *e);
/* The text of a file with its holes filled. */
void explain_fill(const struct explain *e, const char *file, struct buf *out);
void explain_local(struct explain *e, const char *path, const char *mode, double timeout_ms);
void explain_add(struct explain *e, const char *file, explain_take *take, const char *const *values, int count);
void explain_send(struct explain *e, struct pgwork *w, void (*after)(struct explain *e));
/* Ends the transaction after an error, and what was prepared in it; then after(e). */
void explain_recover(struct explain *e, void (*after)(struct explain *e));
/* A text of a row as a new string; NULL for SQL NULL. Integers and booleans of texts. */
char *explain_text(const struct pgresult *r, int row, const char *column);
int64_t explain_int(const struct pgresult *r, int row, const char *column);
bool explain_bool(const struct pgresult *r, int row, const char *column);
void explain_copy(const struct pgresult *r, int row, const char *column, char *out, size_t room);

/* --- explain_find.c: which statement, whose, where; then the session that plans, and its rights -------------------- */
void explain_find(struct explain *e);
void explain_weigh(struct explain *e);

/* --- explain_try.c: the tries, then values, what-if --------------------------------------------------------------- */
void explain_plan_it(struct explain *e);
void explain_take_plan(struct explain *e, const struct pgresult *r);
/* Changes the form after an error; false: nothing is left to try. */
bool explain_retry(struct explain *e);
/* An unknown name: looks where it is and goes on with then(e), the path changed or not. false: does not help here. */
bool explain_retry_path(struct explain *e, void (*then)(struct explain *e));
void explain_form_release(struct explain_form *form);

/* --- explain_audit.c ---------------------------------------------------------------------------------------------- */
/* Writes the intent, then goes on with then(e); where it cannot be written, or the connection is lost, the task is refused. No log:
 * goes on at once. */
void explain_audited(struct explain *e, const char *sql, void (*then)(struct explain *e));
/* The outcome of what was written last; nothing where nothing was. The task goes on: what cannot be written is a line of it. */
void explain_audit_end(struct explain *e, enum task_outcome outcome, const struct err *why);
/* It has ended as e->end says: the outcome, then task_done(). */
void explain_audit_close(struct explain *e);
/* dytop ends: an outcome for what has none. */
void explain_audit_leave(struct explain *e);

/* --- explain_run.c: EXPLAIN ANALYZE ------------------------------------------------------------------------------- */
void explain_run(struct explain *e);
void explain_run_answer(struct explain *e, bool yes);

/* --- explain_value.c ---------------------------------------------------------------------------------------------- */
/* Values for all parameters from what was given, seen and known by statistics; then after(e). */
void explain_find_values(struct explain *e, void (*after)(struct explain *e));
/* "('a', NULL)" of e->value, or of NULLs; "" without parameters. */
void explain_values_text(struct explain *e, bool nulls);
bool explain_has_values(const struct explain *e);
/* The same for running it: each is given, seen or known. Names those that are not, with their types, into out. */
bool explain_may_run(const struct explain *e, struct buf *missing);

/* --- explain_why.c ------------------------------------------------------------------------------------------------ */
/* Why there is no plan, in one line with what would help. */
void explain_why(const struct explain *e, struct err *why);

#endif
