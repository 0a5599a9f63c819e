/* SPDX-License-Identifier: PostgreSQL */
/*
 * A panel: one file under sql/panels. A YAML header in the leading comment, then bodies. See docs/panels.md for the
 * format with examples; this header is its meaning for the program. Parsing reads no other file and asks no server.
 *
 *   (comment open) dytop panel
 *   title: Statements
 *   ...
 *   (comment close)
 *   -- since 130000
 *   SELECT ...
 *   -- lookup texts since 130000
 *   SELECT ...
 *
 * Unknown keys, bad units, expressions with unknown names, a body that does not mention a declared field: all are
 * errors "FILE:LINE: what; what to do". The file is UTF-8, at most 256 kB; CR LF and a byte order mark are accepted.
 */
#ifndef MODEL_PANEL_H
#define MODEL_PANEL_H

#include "core/base.h"
#include "core/err.h"
#include "core/units.h"
#include "model/expr.h"

enum panel_source { PANEL_PG, PANEL_REDIS, PANEL_PGBOUNCER, PANEL_SELF };
enum panel_shape {
	PANEL_TABLE, /* rows and columns */
	PANEL_CARD,  /* its first row as "TITLE value" pairs, above the screen's table */
	PANEL_HIDDEN /* not shown itself: feeds the header, a ladder, charts */
};

enum field_kind {
	FIELD_GAUGE,     /* a number that goes up and down */
	FIELD_COUNTER,   /* a number that only grows in one life of the server; d() and rate() are for these */
	FIELD_TEXT,
	FIELD_TIME,      /* timestamptz, us since 1970 */
	FIELD_BOOL,
	FIELD_ID,        /* oid, pid, queryid: integer without arithmetic */
	FIELD_HISTOGRAM, /* text "bound:count ..." with cumulative counts, see hquantile() */
};

struct panel_field {
	const char *name;    /* the result column's name */
	enum field_kind kind;
	int from, until;     /* server versions that have it: from <= v < until; 0 = open */
	int lookup;          /* index of the lookup that brings it, -1 = the body */
	int line;
};

/* A second query that brings texts, names or sizes for rows that need them, by integer keys. Its parameters are
 * $1 .. $n = one int8[] per `by` field, in order; its result has the `by` fields and its own fields, by name. */
struct panel_lookup {
	const char *name;
	int by[4];           /* field numbers (of the body) */
	int by_count;
	bool all_rows;       /* rows: all | visible (default): ask for every row, or only for those on the screen */
	bool detail;         /* rows: detail: only when a person opens a row's detail window */
	double gap_ms;       /* at least that long between two asks (default 0) */
	double keep_ms;      /* an answer is asked again after this (0 = kept while the row lives) */
	int batch;           /* keys in one ask at most (default 500) */
	int line;
};

struct panel_body {
	int since;           /* server version from which it holds: 130000, 70000 (Redis 7.0), 12400 (PgBouncer 1.24) */
	int lookup;          /* -1: the panel's own; else the lookup's index */
	const char *text;    /* SQL without a last semicolon; or the commands, one a line, without remarks */
	int line;
};

struct panel_column {
	const char *name;    /* for sorting, filtering, JSON, CSV: [a-z][a-z0-9_]* */
	const char *title;   /* head on the screen */
	const char *about;   /* one sentence for help and docs */
	struct expr *expr;   /* over fields */
	struct expr *warn, *crit; /* over fields and `self`; NULL = none. self has id PANEL_SELF_VALUE */
	enum unit unit;
	int field;           /* when the expression is one field: its number, else -1 */
	int width;           /* columns on the screen; for flex the least */
	int priority;        /* 1 stays longest when the window is narrow, 9 goes first */
	bool flex;           /* takes the room that is left (the last such one wins) */
	bool shown;          /* default of the setup screen */
	bool tree;           /* indented by depth in tree mode */
	int line;
};

/* One number about the whole panel, for the header line, charts and checks. */
struct panel_figure {
	const char *name;
	const char *title;   /* "queries", "redis" */
	struct expr *expr;   /* over fields, evaluated on row 0; usually with aggregates */
	struct expr *warn, *crit;
	enum unit unit;
	int place;           /* header line 1..3, 0 = not in the header */
	int order;           /* within the line */
	bool trend;          /* draw its series small beside the number */
	int line;
};

struct panel_chart {
	const char *name;
	const char *title;
	enum unit unit;
	const char *figure[4]; /* names of figures (of any panel), first drawn on top */
	int figure_count;
};

/* What a row is to a person who acts on it (target:), and which fields name it. */
enum panel_target {
	TARGET_NONE,      /* nothing can be done to it */
	TARGET_SESSION, TARGET_STATEMENT, TARGET_TABLE, TARGET_INDEX, TARGET_DATABASE, TARGET_SETTING,
	TARGET_KEYS,      /* a kind of cached keys */
	TARGET_COUNT
};
enum panel_part {
	PART_PID, PART_START, /* of a session: both, so that a pid used again is another one */
	PART_USER, PART_DATABASE, /* oids */
	PART_QUERYID,
	PART_OID,         /* of a table or index */
	PART_NAME,        /* of a setting, a database, a kind of keys; of others only to be shown */
	PART_TEXT,        /* the statement, the pattern of keys: as far as it is known */
	PART_RELKIND,     /* of a table or index: the letter of pg_class.relkind */
	PART_COUNT
};

struct panel_timings { /* field numbers that the ladder reads; calls = -1: no ladder */
	int calls, total, mean, stddev, max, queryid;
};

enum { PANEL_SELF_VALUE = 10000, PANEL_KEYS_MAX = 8 };

struct panel {
	const char *name;        /* the file's name without its ending */
	const char *file;        /* for messages */
	const char *title, *about;
	const char *empty;       /* what it means that there are no rows ("nothing waits: no locks"), or NULL */
	const char *screen;      /* which screen it stands on (default: its name) */
	const char *source_name; /* "pg", "redis", "pgbouncer", "self" */
	enum panel_source source;
	enum panel_shape shape;
	int digit;               /* 1..9, 0: the key of its screen; -1 none */
	int order;               /* of screens without a digit, and of panels on one screen */
	bool always;             /* asked every interval whatever is on the screen */
	double every_ms;         /* asked at most that often; 0 = each interval */
	double timeout_ms;       /* deadline of one ask (default 2000) */
	int limit;               /* rows kept at most (default 20000) */
	const char *const *needs;   /* extensions, NULL-terminated */
	const char *const *params;  /* names of configured parameters for $1.., NULL-terminated */
	const char *reader;      /* Redis: which reader turns replies into rows; self: what the rows are; else NULL */
	int key[PANEL_KEYS_MAX], key_count;
	int reset_field;         /* a time field: when it changes, deltas are void (stats_reset); -1 none */
	int hidden_field;        /* a bool or count field that says that the row is hidden by privilege; -1 none */
	int sort;                /* column; -1 as the server sends */
	bool sort_descending;
	struct expr *hide;       /* rows hidden until the person asks (key i) */
	const char *hide_title;  /* "idle" */
	int tree_id, tree_parent; /* field numbers, -1 none */
	bool tree_default;
	struct expr *trend;      /* per-row series for a TREND column; the column named "trend" shows it */
	enum panel_target target;
	int part[PART_COUNT];    /* field numbers, -1 not said */
	struct panel_timings timings;
	const char *observes;    /* name of the panel whose ladder this one's rows feed (in-flight ages), or NULL */
	int observe_id, observe_age; /* fields: queryid, age in ms */
	const int *cycle;        /* columns of which one is shown at a time (key T); cycle_count entries */
	int cycle_count;
	struct panel_field *field;
	int field_count;
	struct panel_lookup *lookup;
	int lookup_count;
	struct panel_column *column;
	int column_count;
	struct panel_figure *figure;
	int figure_count;
	struct panel_chart *chart;
	int chart_count;
	struct panel_body *body;
	int body_count;
	void *memory;            /* private: everything the panel owns */
};

/* name: the file's name without its ending ([a-z][a-z0-9_]*); file: for messages. */
int panel_parse(struct panel **out, const char *name, const char *file, const char *text, size_t len,
                struct err *why) MUSTCHECK;
/* The same with the header's tree as yaml_pack() made it of panel_header(); packed of length 0: it is parsed from the text. */
int panel_parse_packed(struct panel **out, const char *name, const char *file, struct str text, struct str packed,
                       struct err *why) MUSTCHECK;
/* Nothing but the header's tree, of which only the YAML has been checked; for yaml_file_free(). */
struct yaml_file;
int panel_header(struct yaml_file **out, const char *file, const char *text, size_t len, struct err *why) MUSTCHECK;

void panel_free(struct panel *p);

/* The body for a server version (highest `since` not above it) of the panel (lookup -1) or of a lookup; `below` > 0
 * asks for the best one under that `since` (to step down when an extension is older than its server). NULL when there
 * is none. */
const struct panel_body *panel_body_for(const struct panel *p, int lookup, int version, int below);
int panel_field_by_name(const struct panel *p, struct str name);   /* -1 */
int panel_column_by_name(const struct panel *p, struct str name);  /* by name or title, any case; -1 */
int panel_lookup_by_name(const struct panel *p, struct str name);  /* -1 */
/* "session", "statement", ...; "" for TARGET_NONE. */
const char *panel_target_name(enum panel_target target);

#endif
