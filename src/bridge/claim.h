/* SPDX-License-Identifier: PostgreSQL */
/*
 * One claim of the report on indexes, as a file under sql/bench: what is claimed, and how it is measured with and without what it
 * is claimed of. Pure.
 *
 *   / * dytop claim
 *   title: "Lists filtered by a status that 2.5 % of the rows have"
 *   claimed: "300-500 % faster"         as the report has it
 *   least: 300                          met from here on, in the unit of `measure`
 *   measure: faster | smaller | fewer_pages | times
 *   order: 10                           place in the table
 *   note: "..."                         one sentence beside the figure; optional
 *   * /
 *   -- both:            statements before either measurement; optional
 *   -- without:         statements that make it as it was before; optional
 *   -- with:            statements that make what is claimed
 *   -- query:           the one that is measured; or
 *   -- query without:   and
 *   -- query with:
 *
 * They run in a private copy of the bridge's tables (search_path), in a transaction that is rolled back. `faster` and `times`
 * compare EXPLAIN ANALYZE's execution times, `fewer_pages` the pages it looked at, `smaller` the numbers that the queries yield.
 */
#ifndef BRIDGE_CLAIM_H
#define BRIDGE_CLAIM_H

#include "bridge/statements.h"
#include "core/err.h"
#include "core/str.h"

enum claim_measure {
	CLAIM_FASTER,      /* (without / with - 1) x 100 % */
	CLAIM_SMALLER,     /* (1 - with / without) x 100 % */
	CLAIM_FEWER_PAGES, /* the same of pages */
	CLAIM_TIMES,       /* without / with */
};

enum claim_part { CLAIM_BOTH, CLAIM_WITHOUT, CLAIM_WITH, CLAIM_QUERY, CLAIM_QUERY_WITHOUT, CLAIM_QUERY_WITH, CLAIM_PARTS };

struct claim {
	char *name, *path, *title, *claimed, *note; /* note may be NULL */
	double least;
	enum claim_measure measure;
	int order;
	struct claim_statements {
		struct statement *statement;
		int count;
	} part[CLAIM_PARTS];
};

bool claim_is(struct str text); /* a file of this kind, by its header's first line */
/* The text stays borrowed. Errors begin with path:line. */
int claim_parse(struct claim *out, const char *name, const char *path, struct str text, struct err *why) MUSTCHECK;
void claim_release(struct claim *c);
/* The statement measured; with: of the side with it. */
const struct statement *claim_query(const struct claim *c, bool with);
/* What the two medians amount to, in the unit of the measure; NAN when one is not known or the divisor is 0. */
double claim_value(enum claim_measure measure, double without, double with);
const char *claim_measure_name(enum claim_measure measure); /* "faster" */

#endif
