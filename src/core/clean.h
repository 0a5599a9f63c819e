/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one gate between bytes that a server or a file sent and any terminal, file or message.
 *
 * What comes out is valid UTF-8 without anything that could steer a terminal or mislead a reader: C0, DEL, C1,
 * U+2028/2029, bidirectional controls, zero-width and other format characters, surrogates, non-characters, private use
 * and invalid bytes become visible escapes (\x1B, \u202E; an invalid byte is \xNN). A backslash stays a backslash.
 */
#ifndef CORE_CLEAN_H
#define CORE_CLEAN_H

#include "core/base.h"
#include "core/buf.h"

enum clean_flags {
	CLEAN_LINE = 0,        /* one line: CR, LF, TAB and runs of blanks become one space */
	CLEAN_KEEP_LINES = 1u << 0, /* LF stays, TAB becomes spaces, CR LF becomes LF: for text that is shown wrapped */
	CLEAN_EXACT = 1u << 1, /* white space controls become \n, \r, \t: for identifiers, where blanks matter */
	CLEAN_ASCII = 1u << 2, /* beyond ASCII becomes \uXXXX / \UXXXXXXXX: for terminals and locales without UTF-8 */
};

/* Appends the cleaned form of len bytes to out. At most 10 bytes come out for one byte in; out's ceiling holds. */
void clean_text(struct buf *out, const char *bytes, size_t len, unsigned flags);

/* True when clean_text(..., CLEAN_LINE) would give back exactly these bytes (the usual case; no copy is needed). */
bool clean_is_clean(const char *bytes, size_t len);

/* For JSON, CSV and OpenMetrics, which carry controls escaped in their own way: appends valid UTF-8, each invalid byte
 * as U+FFFD, everything else as it came. */
void clean_utf8(struct buf *out, const char *bytes, size_t len);

#endif
