/* SPDX-License-Identifier: PostgreSQL */
/*
 * The bridge's schema in a database: what of it is there, and what brings the rest: the files of sql/bridge, numbered, applied
 * statement by statement in autocommit (CONCURRENTLY must come alone). A task (model/task.h): it looks, says what it found,
 * shows every statement, asks unless the database is empty, applies, and looks again.
 *
 * It may be run any number of times, also after one that was killed: what is there is left out, each file that was applied to its
 * end is recorded in dytop_bridge_migrations, an index that a failed build left behind is dropped first, generated rows go on
 * where they stopped. It refuses: a standby; --read-only; tables or views of these names in another shape; rows into a table that
 * has rows which it did not make; another dytop that is at it (advisory lock).
 */
#ifndef BRIDGE_SCHEMA_H
#define BRIDGE_SCHEMA_H

#include "bridge/migration.h"
#include "bridge/rows.h"
#include "core/buf.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/json.h"
#include "model/task.h"
#include "source/source.h"

struct schema_text { /* a file of sql/bridge; texts end in a NUL */
	const char *name, *path;
	struct str text;
};

/* Where what is done is told before and after it is done (the audit log); raw texts. */
struct schema_witness {
	/* done(doer, NULL): go on; done(doer, why): nothing may be sent. Called once, now or later. */
	void (*intent)(void *ctx, const char *server, const char *user, const char *sql, void (*done)(void *doer, const struct err *why),
	               void *doer);
	void (*outcome)(void *ctx, enum task_outcome outcome, const struct err *why, double elapsed_ms);
	void *ctx;
};

struct schema_conf {
	const struct source_conf *server; /* borrowed for schema_new() only */
	const char *over;                 /* conninfo over it; NULL none */
	const struct schema_text *texts;  /* all of sql/bridge; borrowed for the task's life */
	int text_count;
	bool check_only;                  /* looks, changes nothing, asks nothing */
	bool sets[MIGRATION_SETS];        /* which to bring; MIGRATION_ROWS follows from rows */
	bool partitioned;                 /* bridge_transactions in monthly partitions; a table that is there decides itself */
	int64_t rows;                     /* so many generated transactions are to be there; 0 none */
	uint64_t seed;
	const char *schema;               /* made when it is not there; NULL: the first of search_path */
	bool read_only;
	const struct schema_witness *witness; /* NULL none */
	struct log *log;
};

enum schema_state { SCHEMA_PRESENT, SCHEMA_MISSING, SCHEMA_INVALID, SCHEMA_BUILDING, SCHEMA_DIFFERS, SCHEMA_STATES };

struct schema_object {
	char *kind, *name, *relation; /* "index", raw names; relation NULL none */
	enum migration_set set;
	enum schema_state state;
	char *detail, *fix;           /* NULL none; the statement that drops an invalid index */
};

struct schema_file { /* a numbered file of a set */
	const char *name;
	enum migration_set set;
	enum migration_layout layout;
	bool applied, changed;        /* by its record; changed: another text of that name was applied */
	char *applied_at;             /* NULL not recorded */
};

struct schema_load {
	int64_t number, done, seed;
	struct rows_load load;
};

struct schema_other { /* rows of the partitioned layout that no month was there for */
	char month[16]; /* "2027_02", of UTC */
	int64_t rows;
};

struct schema_report {
	char server[256], schema[256]; /* raw */
	bool partitioned;
	struct schema_object *object;
	int object_count;
	struct schema_file *file;
	int file_count;
	struct schema_load *load;
	int load_count;
	struct schema_other *other;
	int other_count;
	bool other_known;              /* false: there is no such partition, or this role may not read it */
	char *leftovers;               /* indexes that a failed REINDEX ... CONCURRENTLY left; NULL none */
};

/* Reads the files (ERR_INVALID with path:line); connects when the loop runs. */
int schema_new(struct task **out, struct loop *l, const struct schema_conf *conf, struct err *why) MUSTCHECK;
/* What it found last; empty before it is done looking. Borrowed from the task. */
const struct schema_report *schema_report(const struct task *t);

const char *schema_state_name(enum schema_state state);
/* How many objects of the set are in that state. */
int schema_count(const struct schema_report *r, enum migration_set set, enum schema_state state);
/* Whether all of the set is there. An extension and roles that are missing do not count: they are the server's. */
bool schema_has(const struct schema_report *r, enum migration_set set);
/* A line for each thing that is not as wanted, and a line for each set; cleaned. `all`: what is present too. */
void schema_text(struct buf *out, const struct schema_report *r, bool all);
/* {"server", "schema", "layout", "sets": [...], "objects": [...], "files": [...], "loads": [...], "other_rows": [...]} */
void schema_json(struct buf *out, const struct schema_report *r);

#endif
