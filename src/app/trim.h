/* SPDX-License-Identifier: PostgreSQL */
/* Giving memory back that only starting needed. */
#ifndef APP_TRIM_H
#define APP_TRIM_H

#include "core/base.h"

/*
 * Unmaps (MADV_DONTNEED) the pages of code and constants that binding twenty libraries touched and that nothing uses
 * again; what is used comes back from the page cache by a soft fault. Only file-backed mappings that cannot be
 * written and of which no page was ever written (relocated tables stay). Takes about a millisecond: call it when
 * nothing waits. Returns the bytes given back; 0 where /proc does not tell.
 */
size_t trim_pages(void);

#endif
