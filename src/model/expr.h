/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one expression language: derived columns, thresholds, filters, figures, later alerts.
 *
 *   or and not   = != < <= > >=   ~ !~ (POSIX ERE, case-insensitive, <= 256 bytes)   in (a, b)   + - * / %   unary -   ( )
 *   numbers with units (100ms, 30 s, 64kB, 90%), "text" or 'text', names, true, false, unknown
 *   d(f)      increase of counter f since the sample before        rate(f)   d(f) per second
 *   sum(e) min(e) max(e) avg(e) count(e) count()   over all rows of the panel
 *   if(c, a, b)  coalesce(a, b, ...)  abs(e)  sqrt(e)  least(a, ...)  greatest(a, ...)  length(t)  age(time) in ms, from now
 *   quantile(0.95)  interval quantile by the panel's ladder (timings:), with its own mark;  stddev()  the interval's
 *   hquantile(0.99, f)  quantile of the increase of histogram field f ("us:count us:count ...", cumulative counts per
 *                       bucket's upper bound), as an upper bound in ms
 *   share(e)  100 * e / sum(e)
 *
 * Unknown operands make the result unknown (three-valued and/or), division by zero is unknown. The worst mark of the
 * operands is the mark of the result. In a filter a comparison with unknown is false.
 * Size and depth are bounded (1024 nodes, depth 32): text may come from a person at the prompt.
 */
#ifndef MODEL_EXPR_H
#define MODEL_EXPR_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"
#include "model/cell.h"

struct expr;

/* How names become numbers at parse time, and numbers become values at evaluation. */
struct expr_names {
	/* Id (>= 0) of a name, or -1. Ids are the caller's own (fields, columns, figures). */
	int (*resolve)(void *ctx, struct str name);
	void *ctx;
};

struct expr_scope {
	void *ctx;
	struct cell (*value)(void *ctx, int id, int row);            /* the name's value in a row */
	struct cell (*delta)(void *ctx, int id, int row);            /* its increase; NULL: d() and rate() are unknown */
	struct cell (*quantile)(void *ctx, int row, double q);       /* NULL: unknown */
	struct cell (*stddev)(void *ctx, int row);                   /* NULL: unknown */
	struct cell (*hquantile)(void *ctx, int id, int row, double q); /* NULL: unknown */
	int rows;             /* for aggregates */
	double seconds;       /* the interval's length, for rate(); NAN when there is none */
	int64_t wall_us;      /* now, for age() */
	/* Cache of aggregates: aggregate number -> value; the caller zeroes `known` when data change. May be NULL. */
	struct expr_cache *cache;
};

enum { EXPR_AGGREGATES_MAX = 8 };
struct expr_cache {
	bool known[EXPR_AGGREGATES_MAX];
	struct cell value[EXPR_AGGREGATES_MAX];
};

/* Parses text; on error why says what and at which column ("column 14: unknown name 'foo'; known: ..."). */
int expr_parse(struct expr **out, struct str text, const struct expr_names *names, struct err *why) MUSTCHECK;
/* A threshold such as "> 100ms" or "< 90": an expression in which the value stands first as name id `self`. */
int expr_parse_threshold(struct expr **out, struct str text, int self, const struct expr_names *names,
                         struct err *why) MUSTCHECK;
void expr_free(struct expr *e); /* NULL is accepted */
struct cell expr_eval(const struct expr *e, const struct expr_scope *scope, int row);
/* As a condition: true only when known and true (nonzero). */
bool expr_true(const struct expr *e, const struct expr_scope *scope, int row);
/* True when any id for which wanted(ctx, id) holds is read by the expression (e.g. "does this filter need texts?"). */
bool expr_uses(const struct expr *e, bool (*wanted)(void *ctx, int id), void *ctx);

#endif
