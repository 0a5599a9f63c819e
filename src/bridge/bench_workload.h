/* SPDX-License-Identifier: PostgreSQL */
/*
 * A workload: one file under sql/bench. A strict YAML header in the leading comment, then the statements. docs/bench.md
 * has the format with an example; this header is its meaning for the program. Parsing asks no server.
 *
 * Statements write their parameters as :name; they are sent as $1, $2 ... in the order of their first use. Mistakes are
 * "FILE:LINE: what; what to do".
 */
#ifndef BRIDGE_BENCH_WORKLOAD_H
#define BRIDGE_BENCH_WORKLOAD_H

#include "bridge/bench_draw.h"
#include "bridge/codec.h"
#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum {
	BENCH_STATEMENTS_MAX = 32, BENCH_PARAMS_MAX = 16, BENCH_STEPS_MAX = 8, BENCH_DOMAINS_MAX = 8, BENCH_CHOICES_MAX = 256,
	BENCH_ROWS_MAX = 1000000,
	BENCH_VALUE_MAX = 1024, /* bytes of one parameter's value */
};

/* Which of a statement's texts: those of before and after the optimisation. Without one of its own a variant has the common
 * text ("-- statement NAME"). */
enum bench_variant { BENCH_OPTIMIZED, BENCH_BASELINE, BENCH_VARIANTS };
const char *bench_variant_name(enum bench_variant v); /* "optimized", "baseline" */

/* Values that a query brings before the load begins: column 1, as texts. */
struct bench_domain {
	const char *name;
	int64_t limit;     /* rows taken at most; sent as $1 */
	const char *sql;
	int line;
};

enum bench_from {
	BENCH_DOMAIN,  /* a value of a domain */
	BENCH_CHOICE,  /* one of the texts in the file */
	BENCH_RANGE,   /* an integer, low..high */
	BENCH_TEXT,    /* a template: {run} {n} {hex:N} in it are made anew for each operation */
	BENCH_MADE,    /* the first parameter (same name, a template) of one of the last operations of `made_by` that worked */
};

struct bench_param {
	const char *name;
	enum bench_from from;
	int domain, made_by;
	const char *const *choice;
	int choice_count;
	struct bench_alias weights;  /* of the choices */
	int64_t low, high;
	double skew;                 /* of domain and range: Zipf, the first values most often; 0 = evenly */
	const char *text;
	int line;
};

struct bench_cache {
	const char *kind;   /* of the store: the value stands there under KIND:VALUE of the first parameter; NULL none */
	enum codec_kind codec;
	double ttl_ms;
	int64_t fill;       /* that many of the first values are read before the load (cache warm-up) */
	bool drops;         /* not read: the value is invalidated when the statement worked */
	int line;
};

struct bench_step {      /* one protocol statement */
	const char *sql;     /* with $n */
	int param[BENCH_PARAMS_MAX]; /* number in the statement's list of each $n */
	int count;
	char name[40];       /* as a prepared statement */
	int line;
};

struct bench_text {
	struct bench_step step[BENCH_STEPS_MAX]; /* several: one transaction */
	int count;           /* 0: not given */
};

struct bench_statement {
	const char *name, *title;
	double weight;
	bool writes;
	struct bench_cache cache;
	struct bench_param param[BENCH_PARAMS_MAX];
	int param_count;
	struct bench_text text[BENCH_VARIANTS], common;
	int line;
};

struct bench_workload {
	const char *name, *file, *title, *about;
	const char *const *tables;   /* that must be there, NULL at the end */
	struct bench_domain domain[BENCH_DOMAINS_MAX];
	int domain_count;
	struct bench_statement statement[BENCH_STATEMENTS_MAX];
	int count;
	bool writes, caches;         /* any statement does */
	bool bridge;                 /* `schema: bridge`: before a run it is looked whether the schema is that of the variant */
	struct bench_text after;     /* sent once at the end, with :run; count 0 none */
	struct arena *memory;
};

/* Parses a file's text; name and file are copied. */
int bench_workload_parse(struct bench_workload **out, const char *name, const char *file, struct str text,
                         struct err *why) MUSTCHECK;
void bench_workload_free(struct bench_workload *w); /* NULL is accepted */
/* The text that a variant has; its count is never 0. */
const struct bench_text *bench_statement_text(const struct bench_statement *s, enum bench_variant v);

/* Appends a template's text: {run}, {n} and {hex:N} (N random hexadecimal digits, at most 512). */
void bench_text_fill(struct buf *out, const char *text, const char *run, uint64_t n, struct bench_rng *r);

#endif
