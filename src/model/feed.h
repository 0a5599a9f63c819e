/* SPDX-License-Identifier: PostgreSQL */
/*
 * One panel on one server over time: the last two samples, what was looked up for their rows, the ladder, the trends;
 * and from these, on demand, every figure. Cells are computed when asked for: a screen of 35 rows over 5,000
 * computes 35 rows, a sort one column.
 */
#ifndef MODEL_FEED_H
#define MODEL_FEED_H

#include "core/base.h"
#include "core/clock.h"
#include "core/err.h"
#include "model/expr.h"
#include "model/panel.h"
#include "model/sample.h"
#include "model/series.h"

enum feed_state {
	FEED_EMPTY,       /* nothing yet */
	FEED_LIVE,        /* the last ask brought a sample */
	FEED_STALE,       /* there are data, but the last ask failed or is overdue: reason and age say it */
	FEED_UNAVAILABLE, /* this server cannot give it (extension, privilege, version): reason says what would help */
};

enum feed_mode {
	FEED_INTERVAL, /* d() is the increase between the last two samples, see model/delta.h for when it is known */
	FEED_LIFETIME, /* d() is the counter itself, marked MARK_LIFETIME; rate() over the time since its reset */
	FEED_SINCE,    /* d() is the increase since the sample that feed_mark() kept, known by the same rules; none without one */
};

enum {
	FEED_FIGURE_POINTS = 240, /* kept of each figure */
	FEED_TREND_POINTS = 16    /* kept of each row, for panels with trend: */
};

struct feed;

struct feed *feed_new(const struct panel *panel); /* the panel is borrowed */
void feed_free(struct feed *f);
const struct panel *feed_panel(const struct feed *f);

/* Takes the sample over. Void deltas (other life, other reset time, first sample) show as unknown. */
void feed_push(struct feed *f, struct sample *s);
/* The last ask failed: stale when there are data, else empty with a reason; ERR_PRIVILEGE and ERR_UNSUPPORTED make it
 * unavailable. The data stay. */
void feed_fail(struct feed *f, const struct err *why);
/* Marks what is there as stale (server lost or silent); the next feed_push() heals. */
void feed_stale(struct feed *f, const char *reason);

/* As new, but for its mode and mark: what comes next is from another time. */
void feed_rewind(struct feed *f);

/* A sample that comes later than this after the last one is a first sample again: what is shown is no mean over a long
 * absence (default: INFINITY, every interval counts, and feed_seconds() says how long it was). */
void feed_set_gap(struct feed *f, double seconds);
/* In the series, a time longer than this between two samples is a hole (default: INFINITY); so is one in which an ask failed,
 * the server began another life or this machine slept. */
void feed_set_hole(struct feed *f, double seconds);

enum feed_state feed_state(const struct feed *f);
const char *feed_reason(const struct feed *f); /* "" when live */
const struct sample *feed_sample(const struct feed *f);   /* the last one; NULL when empty */
/* Length of the interval behind the deltas (since the mark, the reset) in seconds, NAN when there is none. */
double feed_seconds(const struct feed *f);
/* True when deltas were voided in that interval by a reset (reset time, fallen counter, other life of the server), and how
 * many rows were. */
bool feed_was_reset(const struct feed *f);
int feed_reset_rows(const struct feed *f);
uint64_t feed_generation(const struct feed *f); /* grows with each push, failure and learned lookup */

void feed_set_mode(struct feed *f, enum feed_mode mode);
/* What d() is now: FEED_LIFETIME instead of FEED_INTERVAL while there is only one sample (see feed_first). */
enum feed_mode feed_mode(const struct feed *f);
/* Keeps what deltas need of the last sample for FEED_SINCE, in place of what was kept before; false: there is no sample. */
bool feed_mark(struct feed *f);
void feed_unmark(struct feed *f);
const struct sample *feed_marked(const struct feed *f); /* NULL: nothing is kept */
/* Only one sample so far: what batch's first frame says ("cumulative"). */
bool feed_first(const struct feed *f);

int feed_rows(const struct feed *f);
uint64_t feed_key(const struct feed *f, int row);
int feed_row_of(const struct feed *f, uint64_t key); /* -1 */
bool feed_row_is_new(const struct feed *f, int row); /* not in the sample before, or that of the mark (false without one) */
bool feed_row_hidden(const struct feed *f, int row); /* the panel's hidden: field: counted, not to be shown */
struct cell feed_cell(const struct feed *f, int row, int column, int64_t wall_us);
struct cell feed_field(const struct feed *f, int row, int field); /* raw, lookups included */
struct cell feed_figure(const struct feed *f, int figure, int64_t wall_us);
/* 0 none, 1 warn, 2 crit. A bound ("<=") raises no alert: it is no evidence. */
int feed_alert(const struct feed *f, int row, int column, int64_t wall_us);
int feed_figure_alert(const struct feed *f, int figure, int64_t wall_us);
bool feed_hides(const struct feed *f, int row, int64_t wall_us); /* the panel's hide: expression */
const struct series *feed_trend(const struct feed *f, int row);       /* NULL when there is none */
const struct series *feed_figure_series(const struct feed *f, int figure); /* NULL when it keeps none */
/* The times of both: see series_lay(). */
const struct series *feed_steps(const struct feed *f);

/* The name of the ladder's rung that the row's q-quantile stands on ("single calls", "in-flight", "bound"), "-" for
 * none. */
const char *feed_rung(const struct feed *f, int row, double q);
/* The same of a column that shows such a quantile; "" for other columns, and where the figure is not known. *over (may be NULL):
 * what it is about where that is not the interval (" of 10m"), else "". */
const char *feed_column_rung(const struct feed *f, int row, int column, const char **over);

/* For expressions of others over this feed (a view's filter): fills *scope, whose ids are the panel's field numbers
 * and whose ctx is *ctx; both are the caller's and valid while the feed does not change. No cache is set. A caller
 * with more names puts struct feed_scope first into a struct of its own and its own value() before
 * feed_scope_value(). */
struct feed_scope {
	const struct feed *feed;
	struct cell self; /* of PANEL_SELF_VALUE */
	enum feed_mode mode;
	bool least;       /* hquantile() is what it is at least, and no other bound is known */
};
void feed_scope(const struct feed *f, int64_t wall_us, struct feed_scope *ctx, struct expr_scope *scope);
struct cell feed_scope_value(void *ctx, int id, int row);

/* --- lookups ------------------------------------------------------------------------------------------------ */

/* Collects the keys of `rows` that lookup k does not know (or knows too long), at most its batch; each key is
 * by_count integers in a row of `keys` (caller's room for max * by_count). Returns how many keys. Honours `gap`. */
int feed_missing(const struct feed *f, int k, const int *rows, int row_count, const struct clock *now, int64_t *keys,
                 int max);
/* Marks that lookup k was just asked (for its gap). */
void feed_asked(struct feed *f, int k, const struct clock *now);
/* Takes over the lookup's answer (columns = the panel's fields); keys that were asked but did not come are known as
 * unknown until keep_ms. */
void feed_learn(struct feed *f, int k, const int64_t *asked, int asked_count, struct sample *answer,
                const struct clock *now);
/* Lookup k was refused: what it would bring stays unknown, and feed_lack() says so until it comes. */
void feed_miss(struct feed *f, int k, const struct err *why);
/* "texts: why they are missing", raw; "" when nothing is. */
const char *feed_lack(const struct feed *f);

/* --- ladder --------------------------------------------------------------------------------------------------- */

/* Ages of running statements seen by the sampler (a sample of the panel that observes this one), and how often a
 * second it looks. */
void feed_observe(struct feed *f, const struct panel *observer, const struct sample *s, double rate_hz);
/* What the sampler does for this feed, measured over some seconds. */
struct feed_looks {
	double hz, most_hz; /* looks in a second: as they are, as they were wished */
	double share;       /* of one core of the server that they take */
};
void feed_set_looks(struct feed *f, const struct feed_looks *looks); /* NULL: it does not look */
const struct feed_looks *feed_looks(const struct feed *f);           /* NULL: there is no sampler, or it just began */

size_t feed_bytes(const struct feed *f); /* all that it holds, for the self panel */

#endif
