/* SPDX-License-Identifier: PostgreSQL */
/*
 * How a person looks at a feed: which rows, in which order, where the cursor is. Pure; used by the screen and by
 * batch output alike, so both show the same.
 */
#ifndef MODEL_VIEW_H
#define MODEL_VIEW_H

#include "core/base.h"
#include "core/err.h"
#include "core/map.h"
#include "model/expr.h"
#include "model/feed.h"

struct view {
	const struct panel *panel;
	int sort;               /* column, -1 = server order */
	bool descending;
	bool show_hidden;       /* the rows that hide: hides (idle) */
	bool tree;
	char *filter_text;      /* as typed; NULL = none */
	struct expr *filter;
	int *order;             /* feed rows in shown order, count of them; rebuilt by view_update() */
	uint8_t *depth;         /* tree depth per shown row */
	int count;
	int room;
	int total;              /* rows of the feed */
	int hidden_count;       /* left out by hide: */
	int filtered_count;     /* left out by the filter */
	uint64_t generation;    /* of the feed when last updated */
	int cursor;             /* index into order */
	int top;                /* first shown row */
	uint64_t cursor_key;    /* the row under the cursor */
	bool follow;            /* the cursor follows its row through re-sorts; else it stays at its place */
	struct map tagged;      /* keys */
	bool dirty;             /* sort, filter or flags changed */
	int *victims;           /* tree mode: per shown row, how many rows stand below it; else NULL */
	/* private */
	uint64_t *key;          /* per shown row */
	char *word;             /* the filter is a word, in lower case: no expression */
	bool inverted;          /* "!word" */
};

void view_init(struct view *v, const struct panel *panel);
void view_release(struct view *v);
/* Rebuilds order when the feed's generation or a setting changed (`force`: anyway). Ties keep the feed's order, so
 * that rows do not dance; rows whose value is not known come last, whichever way is sorted. In tree mode roots with
 * the most rows below them come first, and the members of a circle hang from the one that sorts first. Rows that
 * privilege hides are left out without being counted here (struct sample counts them). f NULL: an empty view.
 * The cursor: with `follow` it goes where its row went, and while that row is not shown cursor_key still names it;
 * without, it keeps its place and cursor_key names the row that is there now. Tags of rows that are gone from the
 * feed are dropped. */
void view_update(struct view *v, const struct feed *f, int64_t wall_us, bool force);
/* An expression over column names (first) and field names; or a word without operators: rows with a text (or, for
 * digits, an id) that contains it, any case; "quoted" is a word too, whatever it contains; "column:regex" looks at
 * what that column shows; "!word" and "!column:regex" invert. Empty or NULL takes it away. On error the old filter
 * stays. */
int view_set_filter(struct view *v, const char *text, struct err *why) MUSTCHECK;
void view_sort(struct view *v, int column, bool descending);
/* True when sorting or filtering needs lookup k for all rows, not only for the visible ones. */
bool view_needs_lookup(const struct view *v, int k);
/* True when a column shows what lookup k brings. */
bool view_column_needs(const struct panel *p, int column, int k);
/* Next row (from the cursor, direction +1 / -1, wrapping, the cursor's own row last) in which one of the columns
 * shows `text`, any case: its index in order; -1 none. Numbers are looked at only for a text with a digit. */
int view_search(const struct view *v, const struct feed *f, const char *text, int direction, int64_t wall_us);
void view_move(struct view *v, int cursor); /* clamps; remembers the key */
bool view_is_tagged(const struct view *v, uint64_t key);
void view_tag(struct view *v, uint64_t key, bool tagged);

#endif
