/* SPDX-License-Identifier: PostgreSQL */
/* Giving memory back that only starting needed. */
#ifndef APP_TRIM_H
#define APP_TRIM_H

#include "core/base.h"

/*
 * Unmaps (MADV_DONTNEED) the pages of code and constants of the program and its libraries, of which binding twenty
 * libraries touched most; what is used comes back from the page cache by a soft fault. Writable segments and relocated tables
 * stay. Safe while threads run and load libraries. Returns the size of what was looked through, in bytes.
 */
size_t trim_pages(void);

#endif
