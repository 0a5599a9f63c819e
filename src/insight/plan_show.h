/* SPDX-License-Identifier: PostgreSQL */
/*
 * A plan for people: the tree with its columns, PostgreSQL's own text layout, two plans side by side. Everything that comes
 * out is clean (core/clean) and fits the width; the dashboard draws from the same cells, so screen and command agree.
 */
#ifndef INSIGHT_PLAN_SHOW_H
#define INSIGHT_PLAN_SHOW_H

#include "core/base.h"
#include "core/buf.h"
#include "insight/plan.h"

struct plan_style {
	int width;    /* columns; lines are not longer, but for a name that is alone too long at 24 */
	bool ascii;
};

/* Head line, a row per node with its conditions below it, totals, hints. Lines end with LF. */
void plan_tree(struct buf *out, const struct plan *p, const struct plan_style *style);
/* The same in pieces, for who draws it otherwise: heads, then the nodes with what stands below them. */
enum plan_piece {
	PLAN_PIECE_HEAD,
	PLAN_PIECE_CELL, PLAN_PIECE_WARN,          /* a figure; one that deserves a look */
	PLAN_PIECE_SIGN, PLAN_PIECE_STRONG,        /* "." or "!": a hint is about this node */
	PLAN_PIECE_BRANCH,                         /* the lines of the tree */
	PLAN_PIECE_PATH,                           /* the sign of the costliest path */
	PLAN_PIECE_NAME, PLAN_PIECE_DETAIL,
	PLAN_PIECE_FOLD,                           /* " [+12]": so many nodes are folded away */
};
struct plan_sink {
	void (*piece)(void *ctx, enum plan_piece what, struct str text);
	void (*end)(void *ctx, int node); /* the line ends; node: what it is about, -1 the heads */
	void *ctx;
};
struct plan_tree_view {
	struct plan_style style;
	const bool *folded;  /* by node: what is below it is left out; NULL none is */
	bool details;        /* conditions and evidence below each node */
};
void plan_tree_lines(const struct plan *p, const struct plan_tree_view *view, const struct plan_sink *sink);
/* As EXPLAIN (FORMAT TEXT) writes it on the server that made the plan; cleaned but for line breaks. */
void plan_text(struct buf *out, const struct plan *p);
/* A map with what was worked out: shape, hints, the nodes' shares; figures that are not known are left out. */
void plan_put_json(struct json_writer *w, const char *key, const struct plan *p);
/* The hints alone, one each line, wrapped: "! node 3, Seq Scan on t: reads ..." */
void plan_hints_text(struct buf *out, const struct plan *p, const struct plan_style *style);
/* Two plans beside each other (one below the other under 100 columns), a mark for each row: ' ' the same, '!' another node,
 * '+' only right, '-' only left; the sentence of plan_diff_words() first. Titles: "before", "generic plan". */
void plan_beside(struct buf *out, const struct plan *a, const struct plan *b, const char *const title[2],
                 const struct plan_style *style);

/* --- cells: what the tree and the dashboard's plan window draw ------------------------------------------------------- */

enum plan_column {
	PLAN_COL_SELF,    /* own share, percent: of time, else of cost */
	PLAN_COL_BAR,     /* the same as a bar */
	PLAN_COL_OWN,     /* self_ms */
	PLAN_COL_TIME,    /* ms of all loops */
	PLAN_COL_COST,    /* total, estimated */
	PLAN_COL_ROWS,    /* estimated */
	PLAN_COL_ACTUAL,  /* rows, per loop */
	PLAN_COL_FACTOR,  /* misestimation: "x120", "/35" */
	PLAN_COL_LOOPS,
	PLAN_COL_HIT,     /* own blocks */
	PLAN_COL_READ,
	PLAN_COL_IO,      /* ms, reading and writing, own */
	PLAN_COL_COUNT
};

enum { PLAN_CELL_MAX = 40 };

/* The columns that this plan can fill and that fit into `width` beside the node's own (at least 24, two fifths of the width), in
 * screen order. Returns how many. */
int plan_columns(const struct plan *p, int width, enum plan_column out[PLAN_COL_COUNT]);
const char *plan_column_title(enum plan_column column);
int plan_column_width(enum plan_column column);
/* The text of a cell, "-" where the plan does not say; returns true where it deserves a warning colour. */
bool plan_cell(const struct plan *p, int node, enum plan_column column, bool ascii, char out[PLAN_CELL_MAX]);
/* The lines that lead to a node ("│ └ "), for its own line or for those below it. At most style->width columns: what is deeper
 * begins with a sign. Returns the columns used. */
int plan_branch(struct buf *out, const struct plan *p, int node, bool below, const struct plan_style *style);
/* "CTE x: Seq Scan on t", clean. */
void plan_label(struct buf *out, const struct plan_node *n);
/* What is said below a node's name, one clean text a line: conditions, then a line of what it removed, sorted, hashed and
 * so on. `line` from 0; false when there are no more. */
bool plan_detail(const struct plan *p, int node, int line, struct buf *out);
/* "executed in 12.3ms, planned in 0.4ms, cost 18337, 12 nodes" */
void plan_totals(struct buf *out, const struct plan *p);
/* Whether some hint is about that node; *strong (may be NULL): one of them is. */
bool plan_hinted(const struct plan *p, int node, bool *strong);
/* "Seq Scan on t: reads all of ...": where and what. Clean. */
void plan_hint_line(struct buf *out, const struct plan *p, int hint);

#endif
