/* SPDX-License-Identifier: PostgreSQL */
/*
 * A plan: what EXPLAIN (FORMAT JSON) of PostgreSQL 13 to 18 says, as a flat array of nodes with the figures that a person
 * looks for worked out, hints in words, and the comparison of two plans. Pure: knows no server. How it is put on a screen
 * or into a file stands in insight/plan_show.h.
 *
 * What is not in the text is NAN or NULL, never zero. Texts are as the server sent them (valid UTF-8, but not clean): they
 * go through clean_text() before they are shown, which plan_show.h does.
 */
#ifndef INSIGHT_PLAN_H
#define INSIGHT_PLAN_H

#include "core/base.h"
#include "core/buf.h"
#include "core/err.h"
#include "model/json.h"

enum {
	PLAN_BYTES_MAX = 10 << 20, /* of the JSON text */
	PLAN_NODES_MAX = 20000,
	PLAN_DEPTH_MAX = 400,      /* nodes above each other */
	PLAN_HINTS_MAX = 64,
	PLAN_HINT_TEXT_MAX = 320,
};

enum plan_link {
	PLAN_ROOT,
	PLAN_OUTER,
	PLAN_INNER,
	PLAN_MEMBER,    /* of an Append, a bitmap And/Or, a ModifyTable */
	PLAN_SUBQUERY,
	PLAN_INITPLAN,  /* run once at most; common table expressions too */
	PLAN_SUBPLAN,   /* run from an expression of its parent */
	PLAN_OTHER,
};

/* Blocks of 8 kB; all NAN without BUFFERS. */
struct plan_buffers {
	double hit, read, dirtied, written;                     /* shared */
	double local_hit, local_read, local_dirtied, local_written;
	double temp_read, temp_written;
	double io_read_ms, io_write_ms;                         /* all kinds together; NAN without track_io_timing */
};

/* A text of a node under the label that PostgreSQL gives it ("Filter", "Index Cond", "Sort Key", "Remote SQL"). */
struct plan_note {
	const char *label;
	const char *text;     /* a list is joined by ", " */
};

struct plan_node {
	/* shape: pre-order, so everything below node i is i+1 .. end-1 */
	int parent;           /* -1: the root */
	int depth;            /* 0: the root */
	int end;
	enum plan_link link;
	const struct json *json;

	/* what it is */
	const char *type;     /* "Seq Scan", "Aggregate"; never NULL */
	const char *name;     /* as the text format says it: "Parallel Index Scan using i on public.t x"; never NULL */
	const char *subplan;  /* "CTE x", "InitPlan 1 (returns $0)" */
	const char *schema, *relation, *alias, *index;
	const char *target;   /* function, CTE or tuple store where it is no relation */
	const char *join, *strategy;
	bool parallel_aware, disabled;
	struct plan_note *note;
	int note_count;

	/* estimated, of one execution */
	double startup_cost, total_cost, rows, width;
	double cost_share;    /* percent of the whole plan's cost that is this node's own; sums up to 100 */

	/* actual: NAN when it was not run with ANALYZE. Per loop and per process, as PostgreSQL prints them */
	double actual_rows, loops, startup_ms, total_ms;
	/* of all loops, on the clock: total_ms * loops / processes; and without what stands below it. Inside of a Gather this is
	 * the average of the processes. NAN without TIMING */
	double ms, self_ms;
	double time_share;    /* percent of the root's ms that is self_ms */
	double processes;     /* that ran it side by side: 1 outside of a Gather */
	/* Actual by estimated rows, both at least 1: 100 = a hundred times more than planned, 0.01 = a hundredth. NAN where not
	 * run, and where fewer rows were asked for than there are (below a Limit, for example), so the figure says nothing */
	double misestimate;

	/* inclusive, as printed; self = without what stands below */
	struct plan_buffers buffers, self;
	double wal_records, wal_bytes;

	/* evidence; NAN (or NULL) where the node says nothing of it. Rows are per loop */
	double removed_filter, removed_join, removed_recheck;
	double heap_fetches, exact_blocks, lossy_blocks, index_searches;
	const char *sort_method;
	double sort_kb;       /* of the leader, or of the largest worker when the leader did not sort */
	bool sort_on_disk;    /* of any of them */
	double hash_buckets, hash_batches, hash_batches_planned, peak_kb, disk_kb;
	double cache_hits, cache_misses, cache_evictions;
	double workers_planned, workers_launched;
	double subplans_removed;

	bool never_run;       /* analyzed, and loops are 0 */
	bool costliest;       /* it, or an ancestor of it: see plan_parse() */
};

/*
 * What a hint is about; the order is that of urgency among hints of equal weight. A hint is only given where the plan carries
 * the figures for it, and its text says them. Thresholds stand in plan_hint.c.
 */
enum plan_hint_kind {
	PLAN_HINT_SPILL_SORT, PLAN_HINT_SPILL_HASH, PLAN_HINT_SPILL_AGGREGATE, PLAN_HINT_SPILL_TEMP,
	PLAN_HINT_SEQ_FILTER,     /* a whole table is read for a few rows */
	PLAN_HINT_CAST,           /* a function or cast around a column keeps an index away */
	PLAN_HINT_MISESTIMATE,
	PLAN_HINT_NESTED_LOOP,
	PLAN_HINT_INDEX_FILTER,   /* the index brings many rows that the filter throws away */
	PLAN_HINT_JOIN_FILTER,
	PLAN_HINT_LOSSY, PLAN_HINT_HEAP_FETCHES,
	PLAN_HINT_EVICTIONS,      /* Memoize's cache is too small */
	PLAN_HINT_WORKERS,        /* fewer started than planned */
	PLAN_HINT_JIT, PLAN_HINT_PLANNING, PLAN_HINT_TRIGGER,
	PLAN_HINT_DISABLED,       /* an enable_... setting was in the way and could not be followed */
	PLAN_HINT_READ,           /* most blocks came from outside of shared_buffers */
	PLAN_HINT_PARTITIONS,     /* all partitions are visited */
	PLAN_HINT_NEVER_RUN,
	PLAN_HINT_KINDS
};

struct plan_hint {
	enum plan_hint_kind kind;
	int node;                 /* -1: the whole plan */
	bool strong;              /* concerns at least a tenth of the cost or time */
	char text[PLAN_HINT_TEXT_MAX]; /* clean, one line, with its figures: "reads all of t (sequential scan) and drops 99.9% ..." */
};

struct plan {
	struct plan_node *node;   /* node[0] is the root */
	int count;
	bool analyzed, timed, buffered, verbose;
	bool since_18;            /* the server was 18 or newer (it says "Disabled") */
	double planning_ms, execution_ms;   /* NAN: not said */
	double jit_ms, jit_functions;
	double trigger_ms;        /* of all of them */
	const char *query_id;     /* digits; NULL */
	struct plan_hint hint[PLAN_HINTS_MAX]; /* strong ones first */
	int hint_count;
	uint64_t shape;           /* see plan_shape() */
	/* for plan_show.h */
	const struct json *top;   /* the map with "Plan" and what stands beside it */
	struct plan_private *own;
};

/* Reads the text: what EXPLAIN (FORMAT JSON) gives (a list of one map), that map alone, or {"Plan": ...} as auto_explain
 * writes it; white space around it is fine. Only the first statement of several (of rules) is read. Over PLAN_BYTES_MAX, -NODES_,
 * -DEPTH_: ERR_TOO_BIG; not JSON or no plan in it: ERR_INVALID, with line and column where it is no JSON.
 *
 * Costs are shared out so that they sum up to the root's: the inner side of a nested loop counts once for each estimated
 * outer row, and where the parts are dearer than the whole (Limit, caches) they are cut in proportion. Times: a common table expression is
 * taken off the scans of it, an InitPlan off the node that names its result. The costliest path goes from the root to the
 * node with the largest own share of time (of cost, when not timed). */
int plan_parse(struct plan **out, const char *text, size_t len, struct err *why) MUSTCHECK;
void plan_free(struct plan *p); /* NULL is accepted */

/* The share that counts: of time where there is one, else of cost. */
double plan_share(const struct plan *p, int node);
/* A fingerprint of the shape: node types, joins, relations, indexes and how they hang together; not costs, rows, conditions or
 * parallel workers. Equal plans have equal shapes across servers and versions 13 to 18. The same as p->shape. */
uint64_t plan_shape(const struct plan *p);
/* Text of a note by its label; NULL when there is none. */
const char *plan_note(const struct plan_node *n, const char *label);
const char *plan_hint_name(enum plan_hint_kind kind); /* "misestimate": for JSON; never NULL */

/* --- two plans of one statement ----------------------------------------------------------------------------------- */

enum plan_change {
	PLAN_SAME,      /* the same node on both sides (its figures may differ) */
	PLAN_CHANGED,   /* stands at the same place, is another one: Seq Scan -> Index Scan */
	PLAN_GONE,      /* only in the first */
	PLAN_NEW,       /* only in the second */
};

struct plan_pair {
	int a, b;                /* node on each side, -1 none */
	enum plan_change change;
	double cost_ratio;       /* second by first, total cost; NAN where one is missing or 0 */
	double ms_ratio;         /* the same for ms */
};

struct plan_diff {
	bool same_shape;
	int changed;             /* pairs that are not PLAN_SAME */
	double cost_ratio, ms_ratio; /* of the roots (ms: of the execution time where both have one); NAN */
	struct plan_pair *pair;  /* in an order in which both sides' nodes ascend: side by side rows */
	int count;
};

/* Aligns the nodes of both, in pre-order: equal ones first of all, then scans of one relation, then joins with joins. The first
 * PLAN_DIFF_NODES of each; what comes after them stands alone. Free with plan_diff_free(). */
enum { PLAN_DIFF_NODES = 1500 };
struct plan_diff *plan_diff(const struct plan *a, const struct plan *b);
void plan_diff_free(struct plan_diff *d);
/* One sentence: "another shape: Seq Scan on t -> Index Scan using i on t; cost 18337 -> 12.4 (0.07%)". Clean. */
void plan_diff_words(const struct plan_diff *d, const struct plan *a, const struct plan *b, struct buf *out);

#endif
