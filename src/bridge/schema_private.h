/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of the schema task. */
#ifndef BRIDGE_SCHEMA_PRIVATE_H
#define BRIDGE_SCHEMA_PRIVATE_H

#include "bridge/schema.h"
#include "source/pgwork.h"

enum step_kind { STEP_SQL, STEP_RECORD, STEP_LOAD };

struct step {
	enum step_kind kind;
	char *sql;                 /* STEP_SQL */
	int migration;             /* index; -1 none */
	int line;
	bool may_fail, alone;      /* alone: CONCURRENTLY, without a lock timeout */
	double units;              /* of work, about one a thousandth of a second */
	char words[72];
};

struct schema;
typedef void schema_next(struct schema *s, const struct pgwork_outcome *outcome);

struct schema {
	struct task task;          /* first: a task is a schema */
	struct loop *loop;
	struct schema_conf conf;
	char *schema_name;         /* copy of conf.schema */
	struct schema_witness witness;
	struct pgwork *work;
	struct migration *migration;
	int migration_count;
	struct schema_report report;
	struct step *step;
	int step_count, at;
	double units, units_done;
	int skipped;               /* statements of the running file that the server refused */
	bool ended, cancelled, witnessed;
	bool schema_is_there, empty, has_records, has_loads, has_transactions, has_other, foreign_rows;
	bool unlimited;            /* the session has no lock timeout now */
	char *make_schema;
	char *elsewhere;           /* tables of these names that search_path finds in another schema; NULL none */
	schema_next *next;         /* of the query under way */
	schema_next *looked;       /* when all was looked at */
	schema_next *loaded;       /* when all rows are there */
	struct loop_timer *timer;
	void (*later)(struct schema *s);
	/* the load under way */
	struct schema_load load;
	int64_t chunk_first, chunk_last, row;
};

/* --- schema.c --- */
const char *schema_query_text(const struct schema *s, const char *name);
/* Sends one statement; `next` gets its outcome, also when it failed. */
void schema_ask(struct schema *s, const char *sql, const char *const *values, int count, schema_next *next);
/* The same with the text of sql/bridge/NAME.sql and count (0 or 1) values. */
void schema_ask_text(struct schema *s, const char *name, const char *value, int count, schema_next *next);
/* True when the statement failed: then the task has ended. */
bool schema_failed(struct schema *s, const struct pgwork_outcome *outcome);
/* Ends the task. why NULL: ok. */
void schema_end(struct schema *s, enum task_outcome outcome, const struct err *why);
/* A failure of a statement, or the person's cancel, ends it. */
void schema_fail(struct schema *s, const struct err *why);
void schema_progress(struct schema *s, double within, const char *phase);
void schema_refuse(struct schema *s, const struct err *why);

/* --- schema_look.c --- */
/* Looks at what is there; `next` is called with NULL when the report is fresh. */
void schema_look(struct schema *s, schema_next *next);

/* --- schema_plan.c --- */
/* Why nothing may be done; 0 when it may. */
int schema_judge(struct schema *s, struct err *why) MUSTCHECK;
/* Fills in the steps and says what is going to be done. */
void schema_plan(struct schema *s);
void schema_plan_release(struct schema *s);

/* --- schema_report.c --- */
int report_objects(struct schema_report *r, const struct pgresult *rows, struct err *why) MUSTCHECK;
void report_files(struct schema_report *r, const struct pgresult *rows);
void report_loads(struct schema_report *r, const struct pgresult *rows);
void report_other(struct schema_report *r, const struct pgresult *rows);
void report_release(struct schema_report *r);
const struct schema_object *report_find(const struct schema_report *r, const char *name);
struct schema_load report_load(const struct pgresult *rows, int row);
int64_t schema_rows_there(const struct schema_report *r);
bool report_true(const struct pgresult *rows, int column); /* of the first row */
/* A value as text; NULL for SQL NULL. */
const char *report_value(const struct pgresult *rows, int row, int column);

/* --- schema_rows.c --- */
/* Loads what conf.rows asks for; `done` is called when all is there. */
void schema_load_rows(struct schema *s, schema_next *done);

#endif
