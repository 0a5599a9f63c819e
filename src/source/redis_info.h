/* SPDX-License-Identifier: PostgreSQL */
/*
 * The text forms that Redis answers in, taken apart strictly and without copying: INFO ("name:value" lines), nested
 * "name=value,..." lists, CLIENT LIST ("name=value name=value" lines), numbers.
 */
#ifndef SOURCE_REDIS_INFO_H
#define SOURCE_REDIS_INFO_H

#include "core/base.h"
#include "core/str.h"

/* The next "name:value" line of INFO; false at the end. Comments, empty lines and lines that are no such pair are passed
 * over. Starts with *rest = the whole text. */
bool info_next(struct str *rest, struct str *name, struct str *value);
/* The first line of that name: later ones are not believed (an error's text can end up in INFO). False when absent. */
bool info_get(struct str info, const char *name, struct str *value);
/* The next "name=value" of a list with that separator (',' or ' '); false at the end. */
bool info_pair(struct str *rest, char separator, struct str *name, struct str *value);
/* The next line, without its CR LF; false at the end. */
bool info_line(struct str *rest, struct str *line);

/* A whole 64-bit decimal integer, nothing else; false otherwise. */
bool info_int(struct str text, int64_t *value);
/* A whole finite decimal number, also with a percent sign behind it (which is dropped). */
bool info_number(struct str text, double *value);

#endif
