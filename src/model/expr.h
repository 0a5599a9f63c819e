/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one expression language: derived columns, thresholds, filters, figures, later alerts.
 *
 *   or and not   = != < <= > >=   ~ !~ (patterns, any case)   in (a, b)  not in (a, b)   + - * / %   unary -   ( )
 *   numbers with units (100ms, 30 s, 64kB, 90%), "text" or 'text' (the quote doubled stands for itself), names,
 *   true, false, unknown. == and <> are taken for = and !=; keywords in any case.
 *   d(f)      increase of counter f since the sample before        rate(f)   d(f) per second
 *   sum(e) min(e) max(e) avg(e) count(e) count()   over all rows of the panel; what is unknown is left out. The sum of
 *             no rows is 0, the sum of rows that are all unknown is unknown. count(e): rows where e is true
 *   share(e)  100 * e / sum(e)
 *   if(c, a, b)  coalesce(a, b, ...)  known(e)  estimate(e)  bound(e)  abs(e)  sqrt(e)  least(a, ...)
 *   greatest(a, ...)
 *   length(t) in characters
 *   age(time) in ms, from now, never below 0
 *   quantile(0.95)  interval quantile by the panel's ladder (timings:), with its own mark;  stddev()  the interval's
 *   hquantile(0.99, f)  quantile of the increase of histogram field f ("us:count us:count ...", cumulative counts per
 *                       bucket's upper bound), as an upper bound in ms
 *
 * Unknown operands make the result unknown (three-valued and/or), division by zero is unknown; known(e) alone tells.
 * The worst mark of the operands is the mark of the result, see mark_worst(); where a bound would not stay an upper
 * bound (x - bound, x / bound, -bound, bound * negative) the result is unknown. A comparison takes a bound at its shown
 * value. In a filter a comparison with unknown is false. Texts compare with texts only, by bytes.
 *
 * A pattern (behind ~ and !~) is a "text" or one word: see model/pattern.h for what it may hold and what it costs.
 *
 * Size and depth are bounded (8192 bytes, 1024 nodes, depth 32): text may come from a person at the prompt.
 */
#ifndef MODEL_EXPR_H
#define MODEL_EXPR_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"
#include "model/cell.h"

struct expr;

/* What a name stands for, as far as it is known: so that mistakes are found when the text is parsed. */
enum expr_type {
	EXPR_ANY, /* not known before it is evaluated */
	EXPR_NUMBER,
	EXPR_COUNTER,   /* a number; d() and rate() take these (and EXPR_ANY) only */
	EXPR_TIME,      /* us since 1970; age() takes these (and EXPR_ANY) only */
	EXPR_BOOL,
	EXPR_TEXT,
	EXPR_HISTOGRAM, /* hquantile() takes these (and EXPR_ANY) only */
};

/* How names become numbers at parse time, and numbers become values at evaluation. */
struct expr_names {
	/* Id (>= 0) of a name, or -1. Ids are the caller's own (fields, columns, figures). */
	int (*resolve)(void *ctx, struct str name);
	void *ctx;
	enum expr_type (*type)(void *ctx, int id); /* NULL: all are EXPR_ANY */
	const char *(*name)(void *ctx, int i);     /* for messages: i-th known name, NULL behind the last; or NULL */
};

struct expr_scope {
	void *ctx;
	struct cell (*value)(void *ctx, int id, int row);            /* the name's value in a row */
	struct cell (*delta)(void *ctx, int id, int row);            /* its increase; NULL: d(), rate() are unknown */
	struct cell (*quantile)(void *ctx, int row, double q);       /* NULL: unknown */
	struct cell (*stddev)(void *ctx, int row);                   /* NULL: unknown */
	struct cell (*hquantile)(void *ctx, int id, int row, double q); /* NULL: unknown */
	int rows;             /* for aggregates */
	double seconds;       /* the interval's length, for rate(); NAN when there is none */
	int64_t wall_us;      /* now, for age() */
	bool least;           /* bounds are lower ones: bound() is unknown, the others are the caller's quantile() and hquantile() */
	/* Cache of aggregates: aggregate number -> value; the caller zeroes `known` when data change. May be NULL. */
	struct expr_cache *cache;
};

enum { EXPR_AGGREGATES_MAX = 8 };
struct expr_cache {
	bool known[EXPR_AGGREGATES_MAX];
	struct cell value[EXPR_AGGREGATES_MAX];
};

/* Parses text (of any type); on error why says what and at which column ("column 14: unknown name 'foo'; known: ...").
 * names may be NULL: there are none. */
int expr_parse(struct expr **out, struct str text, const struct expr_names *names, struct err *why) MUSTCHECK;
/* A threshold such as "> 100ms" or "< 90", or a whole condition: where a comparison has no left side, it is the value
 * itself, which is also the name `self` and has id `self`. What is no condition ("50") is an error. */
int expr_parse_threshold(struct expr **out, struct str text, int self, const struct expr_names *names,
                         struct err *why) MUSTCHECK;
void expr_free(struct expr *e); /* NULL is accepted */
struct cell expr_eval(const struct expr *e, const struct expr_scope *scope, int row);
/* As a condition: true only when known and true (nonzero). */
bool expr_true(const struct expr *e, const struct expr_scope *scope, int row);
/* True when any id for which wanted(ctx, id) holds is read by the expression (e.g. "does this filter need texts?"). */
bool expr_uses(const struct expr *e, bool (*wanted)(void *ctx, int id), void *ctx);
/* True when it looks at all rows (sum, share, ...): its value may then not be computed with a scope of one row's
 * own. */
bool expr_has_aggregates(const struct expr *e);
/* True when whatever it gives is a bound() or unknown: no condition on it can be known to hold. */
bool expr_is_bound(const struct expr *e);
/* The level of an expression that is one quantile(level) and nothing else; NAN of others and of NULL. */
double expr_level(const struct expr *e);

#endif
