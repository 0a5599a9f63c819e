/* SPDX-License-Identifier: PostgreSQL */
/*
 * dytop bench --claims: what the report claims of indexes, measured. A task: it looks at the bridge's tables, asks, copies the
 * transactions into a schema of its own (dytop_claims: unlogged, at most conf.rows rows), measures each claim there with and
 * without what it is claimed of, in transactions that are rolled back, and drops the schema. The application's tables are read
 * once; no lock beyond that of a SELECT is taken on them. A copy that a killed run left behind is dropped by the next one.
 */
#ifndef BRIDGE_CLAIMS_H
#define BRIDGE_CLAIMS_H

#include "bridge/claim.h"
#include "bridge/schema.h"

struct claims_conf {
	const struct source_conf *server;      /* borrowed for claims_new() only */
	const char *over;                      /* conninfo over it; NULL none */
	const struct schema_text *claims;      /* files of sql/bench; those that are no claims are passed over */
	int claim_count;
	const struct schema_text *texts;       /* files of sql/bridge. All of these are borrowed for the task's life */
	int text_count;
	int64_t rows;                          /* copied at most */
	int runs;                              /* of each query, after one that does not count; the median is taken */
	bool read_only;
	const struct schema_witness *witness;  /* NULL none */
	struct log *log;
};

struct claims_side {
	double value;     /* median: ms, pages, or what the query yields; NAN not measured */
	double ms;        /* median time; NAN for sizes */
	double pages, heap_fetches;
	int runs;
	char plan[160];   /* "Index Only Scan using x on y"; "" for sizes */
};

struct claims_result {
	const struct claim *claim;
	struct claims_side without, with;
	double value;     /* claim_value() */
	bool met;
	struct err why;   /* why it could not be measured; code 0 none */
};

struct claims_report {
	char server[256];
	int64_t rows;     /* of the copy; -1 not yet */
	int version;
	struct claims_result *result;
	int count;
};

int claims_new(struct task **out, struct loop *l, const struct claims_conf *conf, struct err *why) MUSTCHECK;
const struct claims_report *claims_report(const struct task *t); /* borrowed */
void claims_text(struct buf *out, const struct claims_report *r);
/* {"server", "rows", "version", "claims": [{name, title, claimed, least, measure, measured, met, without: {...}, with: {...}}]} */
void claims_json(struct buf *out, const struct claims_report *r);

#endif
