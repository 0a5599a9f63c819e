/* SPDX-License-Identifier: PostgreSQL */
/* "Did you mean ...?": which known name a mistyped one is closest to. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include "core/base.h"
#include "core/str.h"

enum { NEAREST_TEXT_MAX = 64 }; /* longer words have no neighbours */

/* How many letters are inserted, deleted, replaced or swapped with their neighbour (optimal string alignment), any case
 * being equal. Words over NEAREST_TEXT_MAX bytes give INT_MAX. */
int nearest_distance(struct str a, struct str b);
/* The closest of the NULL-terminated list, or NULL when none is close: at most a third of the word's letters, at least
 * one. */
const char *nearest_of(struct str word, const char *const *known);
/* True when `distance` is close enough for a word of len bytes to be offered. */
bool nearest_is_close(size_t len, int distance);

#endif
