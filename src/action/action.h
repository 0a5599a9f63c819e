/* SPDX-License-Identifier: PostgreSQL */
/*
 * What can be done to a server, from files under sql/actions: a YAML header, then the SQL in sections. docs/actions.md describes
 * them. Pure. Adding an action is adding a file.
 */
#ifndef ACTION_ACTION_H
#define ACTION_ACTION_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum action_target {
	ACTION_ON_NOTHING,    /* the server or the database that dytop is connected to */
	ACTION_ON_TABLE,      /* relations of the kinds in `kinds` */
	ACTION_ON_INDEX,
	ACTION_ON_MATVIEW,
	ACTION_ON_SETTING,    /* a name in pg_settings */
	ACTION_ON_QUERY,      /* a query id of pg_stat_statements */
	ACTION_ON_DEFINITION, /* CREATE INDEX, typed */
};

enum action_value { ACTION_NO_VALUE, ACTION_MAY_VALUE, ACTION_NEEDS_VALUE };

enum action_section {
	ACTION_BEFORE,    /* query: rows (mark, text); mark: ok, note, warn, refuse. $1 = oid or name, $2 = value */
	ACTION_STATEMENT, /* what is done; several: one after the other, each in a transaction of its own */
	ACTION_PROGRESS,  /* query: one row (phase, done, total). $1 = backend pid */
	ACTION_MEASURE,   /* query: rows (label, unit, value), before and after. $1, $2 as before */
	ACTION_CHECK,     /* query: one row, a bool: whether it did happen, asked after a warning. $1, $2; $3 = when it began */
	ACTION_LEFT,      /* query: rows (oid, name, text): what failed attempts left there. $1 */
	/* Query, asked before: one row (statement, unknown) that takes it back, or why that is not known. $1, $2; of a setting $3 = its
	 * line of postgresql.auto.conf. */
	ACTION_UNDO,
	ACTION_SECTIONS
};

enum { ACTION_NAME_MAX = 40, ACTION_STATEMENTS_MAX = 4, ACTION_BODIES_MAX = 32, ACTION_KINDS_MAX = 8 };

struct action_body {
	enum action_section section;
	int since;        /* server version */
	int step;         /* of ACTION_STATEMENT: 0, 1, ... in the order of the file */
	char *sql;
	int line;
};

struct action {
	char name[ACTION_NAME_MAX];
	char *title;             /* "Rebuild an index" */
	char *about;             /* a sentence; NULL none */
	enum action_target target;
	char kinds[ACTION_KINDS_MAX + 1]; /* letters of pg_class.relkind that it takes */
	enum action_value value;
	char *value_name;        /* "NEW VALUE", for help; NULL when it takes none */
	char *secret;            /* names of settings whose value is a secret, blanks around each; NULL none */
	char *lists;             /* names of settings whose value is a list: "a, b" becomes 'a', 'b'; as above */
	char *extension;         /* that must be there; NULL none */
	bool word;               /* the name must be typed; else y */
	bool danger;             /* takes something away, or is heavy: shown in the colour of alarm */
	bool owner;              /* wants the owner, or MAINTAIN where `maintain`; else the server decides */
	bool maintain;           /* the privilege MAINTAIN (17) is enough */
	bool database_owner;     /* the owner of the database may too */
	bool standby;            /* may run there */
	bool alone;              /* one of these per database at a time */
	bool snapshots;          /* waits for those who write to the table, and every snapshot of the database that is older than it */
	bool users;              /* waits for all who have used the table in a transaction that is open */
	bool builds;             /* an index of the target's size on disk, beside the old one */
	bool leaves;             /* when it fails in the middle, an invalid index stays */
	int since, until;        /* server versions; until 0 = all */
	double lock_timeout_ms;  /* 0 = none */
	double statement_timeout_ms;
	double settle_ms;        /* waits so long before it measures again */
	double rate;             /* bytes a second, roughly, for the estimate; 0 none */
	int steps;               /* statements */
	struct action_body body[ACTION_BODIES_MAX];
	int body_count;
};

/* Parses one file; `path` is for messages: file:line. ERR_INVALID. */
int action_parse(struct action **out, const char *name, const char *path, struct str text, struct err *why) MUSTCHECK;
void action_free(struct action *a); /* NULL is accepted */

/* The body of a section for a server version (of ACTION_STATEMENT: of that step); NULL when there is none. */
const char *action_sql(const struct action *a, enum action_section section, int step, int version);
/* "table", "index", ... for lists. */
const char *action_target_name(enum action_target target);

/* What goes into the holes of a statement. Each is raw; what a hole makes of it is in docs/actions.md. */
struct action_holes {
	const char *target;   /* quoted already, by the server: "public"."t" */
	const char *name;     /* quoted as an identifier, part by part of a.b */
	const char *value;    /* as a literal */
	const char *columns;  /* "a, b" raw names, quoted one by one, in brackets; NULL or "" gives nothing */
	const char *text;     /* as it is: a parsed definition */
	const char *query;    /* query id, as a literal */
	const char *oid;      /* of the target, as a literal */
	const char *extension; /* its schema, quoted already */
	bool list;            /* the value is one */
};
/* ERR_INVALID when a hole has nothing to go in. */
int action_fill(struct buf *out, const char *sql, const struct action_holes *holes, struct err *why) MUSTCHECK;
/* Whether a setting is in such a list of names. */
bool action_named(const char *list, const char *name);
/* Appends a string literal, correct whatever standard_conforming_strings says. */
void action_literal(struct buf *out, const char *text);

#endif
