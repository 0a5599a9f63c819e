/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statements as PostgreSQL's own grammar reads them: the home of libpg_query, which is loaded at first use. What kind of
 * statement a text is, whether it is one, what it writes; its parameters, tables and predicates; and the edits that make a
 * normalised text of pg_stat_statements one that can be prepared again. Pure: knows no server.
 *
 * Texts come from strangers. libpg_query recurses without looking at its stack (5,000 plus signs end the process), so a text's
 * nesting is measured on its tokens first, and what is longer or deeper than the ceilings here is refused with ERR_TOO_BIG.
 * The library knows the grammar of PostgreSQL 15; newer syntax is ERR_INVALID ("no advice"), never a guess.
 */
#ifndef INSIGHT_PARSE_H
#define INSIGHT_PARSE_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"

enum {
	PARSE_TEXT_MAX = 256 << 10,
	PARSE_TOKENS_MAX = 64 << 10,
	PARSE_DEPTH_MAX = 200,
	PARSE_PARAMS_MAX = 1000,
	PARSE_TABLES_MAX = 100,
	PARSE_USES_MAX = 400,
	PARSE_NAME_MAX = 64,
};

enum parse_kind {
	PARSE_SELECT, /* VALUES and TABLE too */
	PARSE_INSERT,
	PARSE_UPDATE,
	PARSE_DELETE,
	PARSE_MERGE,
	PARSE_UTILITY, /* nothing that the planner sees; see `word` */
};

struct parse_table {
	char schema[PARSE_NAME_MAX], name[PARSE_NAME_MAX], alias[PARSE_NAME_MAX]; /* raw; schema may be "" */
	bool cte;     /* the name of a WITH query, no table */
	bool target;  /* INSERT, UPDATE, DELETE, MERGE into it */
};

enum parse_use_kind {
	PARSE_EQ,    /* =, IN, = ANY */
	PARSE_RANGE, /* <, >, BETWEEN, LIKE and every other operator */
	PARSE_JOIN,  /* column operator column */
	PARSE_SORT,  /* ORDER BY; op is "ASC" or "DESC" */
	PARSE_GROUP,
	PARSE_SET,   /* the column of an INSERT or UPDATE that gets the parameter */
};

struct parse_use { /* a column, and how it is used */
	int table;   /* index of its table; -1: not told by the text */
	char column[PARSE_NAME_MAX];
	enum parse_use_kind kind;
	char op[16];
	int param;   /* the $n on the other side; 0 none */
	bool literal; /* a constant on the other side */
};

enum parse_param_kind {
	PARSE_PARAM_UNUSED,
	PARSE_PARAM_COMPARED, /* with a column: `use` tells which */
	PARSE_PARAM_STORED,   /* put into a column: `use` tells which */
	PARSE_PARAM_LIMIT,
	PARSE_PARAM_OFFSET,
	PARSE_PARAM_OUTPUT,   /* only in what is selected or returned */
	PARSE_PARAM_OTHER,
};

struct parse_param {
	enum parse_param_kind kind;
	bool arithmetic;      /* beside + or -, or beside another parameter: the server may not find its type */
	int use;              /* index of parse.use; -1 none */
};

struct parse {
	enum parse_kind kind;
	char word[PARSE_NAME_MAX];  /* its first word or two, upper case: "SELECT", "CREATE INDEX" */
	bool writes;          /* changes rows or makes a table: itself, in a WITH query, or by SELECT INTO */
	bool locks;           /* FOR UPDATE, FOR SHARE ... */
	int params;           /* the highest $n */
	struct parse_param param[PARSE_PARAMS_MAX + 1]; /* by number; 0 is not used */
	struct parse_table table[PARSE_TABLES_MAX];
	int tables;
	struct parse_use use[PARSE_USES_MAX];
	int uses;
	struct parse_private *own;
};

/* Whether the library is here; ERR_UNSUPPORTED names the Debian package. */
int parse_available(struct err *why) MUSTCHECK;

/* Reads one statement (a semicolon at its end is fine). ERR_UNSUPPORTED: no library. ERR_INVALID: a syntax error, several
 * statements, or none, in words. ERR_TOO_BIG: too long or nested too deep. */
int parse_new(struct parse **out, const char *sql, size_t len, struct err *why) MUSTCHECK;
void parse_free(struct parse *p); /* NULL is accepted */

/* The text as the grammar writes it, which casts a parameter where only a literal may stand: `interval $1` becomes
 * `$1::interval`, `extract($1 FROM x)` a call of `extract_call` (pg_catalog."extract", before 14 pg_catalog.date_part). */
int parse_deparse(const struct parse *p, const char *extract_call, struct buf *out, struct err *why) MUSTCHECK;

/* pg_stat_statements puts a parameter only into the first copy of a literal: SELECT date_trunc($1, c) ... GROUP BY
 * date_trunc('day', c), which is an error when prepared. Writes the text with the literals of GROUP BY (and of ORDER BY after
 * DISTINCT) copied back and returns how many; 0: nothing to do, out is untouched. */
int parse_group_copies(const struct parse *p, struct buf *out);

/* The query that a utility statement holds: CREATE TABLE AS, CREATE MATERIALIZED VIEW, DECLARE CURSOR, COPY (query), PREPARE, EXPLAIN
 * (what it holds may be one of these again). Its bytes in the text; false: it holds none. */
bool parse_held(const struct parse *p, size_t *start, size_t *len);

/* One value for each parameter of a normalised text, as the same statement with literals has them. value[n] (n from 1) is
 * a text to be freed by free(), or NULL where there is none (or an SQL NULL). Returns how many were found. Both must be the same
 * statement but for that; where they are not, nothing is found. */
int parse_literals(const struct parse *normalised, const struct parse *actual, char **value, int count);

/* Without the library: the highest $n outside of quotes and comments; the first word, upper case. */
int parse_count_params(const char *sql, size_t len);
void parse_first_word(const char *sql, size_t len, char out[PARSE_NAME_MAX]);

/* Appends the text as an SQL literal, E'...' when it has a backslash. */
void parse_quote_literal(struct buf *out, const char *text);

#endif
