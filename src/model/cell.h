/* SPDX-License-Identifier: PostgreSQL */
/*
 * One figure as it reaches a screen or a file: a value and how it was come by. "It never lies" lives here: there is no
 * cell without a mark, and what is not known is CELL_UNKNOWN, never a zero.
 */
#ifndef MODEL_CELL_H
#define MODEL_CELL_H

#include "core/base.h"
#include "core/buf.h"
#include "core/str.h"
#include "core/units.h"

enum cell_kind {
	CELL_UNKNOWN, /* shown "-", JSON null */
	CELL_INT,     /* exact integer (counters, ids, times in us) */
	CELL_NUMBER,  /* finite double */
	CELL_TEXT,    /* borrowed from the sample or lookup it came from; raw bytes, NOT cleaned */
	CELL_BOOL,    /* integer 0 or 1 */
};

enum mark {
	MARK_EXACT,     /* exact over the interval, or as the server says */
	MARK_ESTIMATED, /* "~": by a method measured to be good for this case */
	MARK_BOUND,     /* "<=": an upper bound that always holds */
	MARK_LIFETIME,  /* since the last reset, not the interval (JSON "cumulative") */
};

struct cell {
	enum cell_kind kind;
	enum mark mark;
	union {
		int64_t integer;
		double number;
		struct str text;
	};
};

#define CELL_NONE ((struct cell){.kind = CELL_UNKNOWN})

static inline struct cell cell_int(int64_t v)
{
	return (struct cell){.kind = CELL_INT, .integer = v};
}
static inline struct cell cell_bool(bool v)
{
	return (struct cell){.kind = CELL_BOOL, .integer = v};
}
static inline struct cell cell_text(struct str v)
{
	return (struct cell){.kind = CELL_TEXT, .text = v};
}
/* NAN and infinities become CELL_UNKNOWN. */
struct cell cell_number(double v);

/* The number of a cell (int, bool and number kinds), NAN for the others. */
double cell_value(const struct cell *c);

/* Total order for sorting: unknown before everything, numbers by value, then texts by bytes. <0, 0, >0. */
int cell_compare(const struct cell *a, const struct cell *b);

/* "exact", "estimated", "bound", "cumulative". */
const char *mark_name(enum mark mark);
/*
 * The mark of a figure made from two: exact < bound < estimated < lifetime, the higher one wins. Bound and estimated
 * together are an estimate, because "<=" may only be said of what always holds; lifetime goes before all, because it
 * answers for another period. A bound must only be combined in ways that keep it an upper bound: the
 * expression evaluator gives unknown where it would not stay one (x - bound, x / bound).
 */
enum mark mark_worst(enum mark a, enum mark b);

/* The form for people: "-", "~120ms", "<=300ms", "1.2k", "yes", cleaned text (CLEAN_LINE | flags). Texts and lifetime
 * figures carry no sign. wall_us is now, for UNIT_TIME. */
void cell_format(struct buf *out, const struct cell *c, enum unit unit, int64_t wall_us, unsigned clean_flags);

#endif
