/* SPDX-License-Identifier: PostgreSQL */
/*
 * Memory that is taken in small pieces and given back all at once: for trees that a parser builds. Nothing in it is
 * freed alone. Sizes that depend on foreign input are bounded by the parser, not here.
 */
#ifndef CORE_ARENA_H
#define CORE_ARENA_H

#include "core/base.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is accepted */
/* Zeroed and aligned for any type; borrowed until arena_free(). */
void *arena_alloc(struct arena *a, size_t size);
void *arena_calloc(struct arena *a, size_t count, size_t size); /* overflow counts as memory being out */
/* Copies len bytes and a NUL. */
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_strdup(struct arena *a, const char *text); /* NULL gives NULL */

#endif
