/* SPDX-License-Identifier: PostgreSQL */
/* What the files of the feed share, and nobody else: feed.c takes samples in, feed_cell.c computes figures from
 * them. */
#ifndef MODEL_FEED_IMPL_H
#define MODEL_FEED_IMPL_H

#include "model/delta.h"
#include "model/feed.h"
#include "model/ladder.h"
#include "model/lookup.h"
#include "model/trend.h"

/* Each column and each figure has three expressions, and each expression a cache of its aggregates. */
enum { CACHE_VALUE, CACHE_WARN, CACHE_CRIT, CACHES };

struct feed {
	const struct panel *panel;
	struct sample *now;
	struct sample *prev;      /* only what deltas need of it */
	struct delta delta;
	struct sample *base;      /* what feed_mark() kept; NULL: nothing */
	struct delta since;       /* from there to now, while FEED_SINCE is wanted */
	struct lookup **lookup;
	struct ladder *ladder;    /* NULL without timings: */
	struct trend trend;
	struct series *series;    /* one a figure; NULL before the first sample */
	struct series steps;      /* their times, and those of the trends */
	struct expr_cache *cache; /* of columns, then of figures, then of hide: */
	uint64_t generation;
	double gap_s, hole_s;
	double life_seconds;      /* since the reset, when all rows share it; else NAN */
	enum feed_mode mode;
	enum feed_state state;
	char reason[ERR_TEXT_MAX];
	struct feed_looks looks;  /* most_hz 0: none */
	char *lack;               /* what lookup lack_of cannot bring, and why; NULL: nothing */
	int lack_of;
};

int feed_caches(const struct panel *p); /* how many */
/* Seconds since a row's reset, NAN when the server does not say. */
double feed_row_life(const struct feed *f, int row);
/* As feed_scope(), for a mode of the caller's choice. */
void feed_scope_mode(const struct feed *f, int64_t wall_us, enum feed_mode mode, struct feed_scope *ctx,
                     struct expr_scope *scope);
/* From where d() counts in that mode, NULL from nowhere; and what happened since. */
const struct sample *feed_from(const struct feed *f, enum feed_mode mode);
const struct delta *feed_delta(const struct feed *f, enum feed_mode mode);

#endif
