/* SPDX-License-Identifier: PostgreSQL */
/*
 * Characters and their widths on a terminal (by utf8proc, not by the locale, so tests and machines agree).
 * Works on any bytes: an invalid byte decodes as U+FFFD, length 1, width 1.
 */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include "core/base.h"

/* Decodes the character at `at` (len > 0 bytes left); *length is 1 to 4. */
uint32_t utf8_decode(const char *at, size_t len, size_t *length);
/* Encodes cp into out and returns 1 to 4. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* Columns of one code point: 0 (combining, format), 1 or 2. */
int utf8_width(uint32_t cp);
/* True for marks that sit on the character before them (Mn, Me). */
bool utf8_is_mark(uint32_t cp);
/* How many of the first bytes are printable ASCII (0x20 to 0x7e), so as many characters and columns. */
size_t utf8_ascii_run(const char *at, size_t len);
/* Columns of a text. */
int utf8_text_width(const char *at, size_t len);
/* How many bytes of the text fit into `columns`, never cutting a character or leaving its combining marks behind;
 * *used (may be NULL) gets the columns that they take. */
size_t utf8_fit(const char *at, size_t len, int columns, int *used);

#endif
