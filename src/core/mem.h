/* SPDX-License-Identifier: PostgreSQL */
/*
 * Allocation that does not return NULL: when memory is out, the hook runs (app/ installs one that restores the
 * terminal) and the process ends. Sizes that depend on foreign input are bounded before they get here.
 */
#ifndef CORE_MEM_H
#define CORE_MEM_H

#include "core/base.h"

/* Installs the function that runs when memory is out; it must not return. The one process-wide setting there is,
 * because an allocator has no caller to pass state through. NULL restores the default (abort). */
void mem_on_exhausted(void (*hook)(void));

void *mem_alloc(size_t size);                             /* zeroed; size 0 gives a unique pointer; free() it */
void *mem_calloc(size_t count, size_t size);              /* zeroed; overflow counts as exhausted */
void *mem_resize(void *old, size_t count, size_t size);   /* realloc; new bytes are not zeroed */
char *mem_strdup(const char *text);                       /* NULL gives NULL */
char *mem_strndup(const char *text, size_t len);          /* copies len bytes and a NUL */
void mem_wipe(void *secret, size_t len);                  /* explicit_bzero; NULL is accepted */

#endif
