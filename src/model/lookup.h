/* SPDX-License-Identifier: PostgreSQL */
/*
 * What one lookup of a panel has learned: values (texts, names, sizes) by the integers of its `by` fields. It also
 * remembers what the server did not know, so that nothing is asked in vain again and again, and forgets what no row
 * has used for long.
 */
#ifndef MODEL_LOOKUP_H
#define MODEL_LOOKUP_H

#include "core/base.h"
#include "core/clock.h"
#include "model/cell.h"
#include "model/panel.h"
#include "model/sample.h"

enum {
	LOOKUP_KEYS_MAX = 20000,            /* known keys; more only while the panel has more rows */
	LOOKUP_TEXT_BYTES_MAX = 16 << 20,   /* all texts of one lookup */
	LOOKUP_UNUSED_MS = 600000,          /* forgotten when no row had the key for that long */
	LOOKUP_VAIN_MS = 600000             /* without keep:, what did not come is asked again after that */
};

struct lookup;

struct lookup *lookup_new(const struct panel *panel, int number); /* the panel is borrowed */
void lookup_free(struct lookup *l); /* NULL is accepted */
void lookup_clear(struct lookup *l); /* forgets all, e.g. when another server answers under the name */

/* The value of a field of this lookup for a row; CELL_NONE when not known. Texts are borrowed until the next
 * lookup_learn(), lookup_sweep() or lookup_clear(). */
struct cell lookup_cell(const struct lookup *l, const struct sample *s, int row, int field);
/* See feed_missing(). Rows that lack one of the `by` integers have no key and are passed over. */
int lookup_missing(const struct lookup *l, const struct sample *s, const int *rows, int row_count,
                   const struct clock *now, int64_t *keys, int max);
void lookup_asked(struct lookup *l, const struct clock *now);
/* See feed_learn(); the answer stays the caller's. s = the panel's present sample (may be NULL): its rows are kept
 * first when there is too much. */
void lookup_learn(struct lookup *l, const int64_t *asked, int asked_count, const struct sample *answer,
                  const struct sample *s, const struct clock *now);
/* Notes which keys the sample's rows use, and forgets what was not used for long. Cheap when called too often. */
void lookup_sweep(struct lookup *l, const struct sample *s);
int lookup_count(const struct lookup *l); /* keys known, in vain or not */
size_t lookup_bytes(const struct lookup *l);

#endif
