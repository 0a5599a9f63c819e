/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers as people read and type them. Every quantity inside the program is in its base unit:
 * durations in milliseconds (double), sizes in bytes, ratios in percent (0..100), times in microseconds since 1970.
 */
#ifndef CORE_UNITS_H
#define CORE_UNITS_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"

enum unit {
	UNIT_NONE,    /* a plain number: 1204, 1.2M from five digits on */
	UNIT_ID,      /* an identifier: all digits, never shortened */
	UNIT_FLOAT,   /* a number with one or two decimals */
	UNIT_MS,      /* duration: 0.014ms, 8.1ms, 2.1s, 3m20s, 12h04m, 12d04h */
	UNIT_AGE,     /* duration in ms, shown coarse so that a row does not change each second: 3s, 12m, 4h, 12d */
	UNIT_BYTES,   /* 512B, 8.0kB, 1.4MB, 12GB (1024) */
	UNIT_PERCENT, /* 97.1 */
	UNIT_RATE,    /* per second: 312, 1.20k; below 10 with one decimal, 0.03 */
	UNIT_BYTE_RATE, /* bytes per second: 1.4MB */
	UNIT_TIME,    /* microseconds since 1970, shown as local date and time or as time today */
	UNIT_BOOL,    /* yes, no */
	UNIT_TEXT,
	UNIT_COUNT_
};

/* The unit of a name in a file ("ms", "age", "bytes", "percent", "rate", "byterate", "count", "id", "float", "time",
 * "bool", "text"); -1 when there is none. */
int unit_by_name(struct str name);
const char *unit_name(enum unit unit); /* for JSON and docs; UNIT_NONE is "count" */

/* The short human form into out; NAN and infinities give "-". Returns its length (< UNIT_TEXT_MAX). Never locale
 * dependent. wall_us is "now", for UNIT_TIME only. */
enum { UNIT_TEXT_MAX = 32 };
size_t unit_format(char out[UNIT_TEXT_MAX], enum unit unit, double value, int64_t wall_us);
size_t unit_format_int(char out[UNIT_TEXT_MAX], enum unit unit, int64_t value, int64_t wall_us);

/* Reads a number with an optional unit, as typed or as written in a file: 100ms, 1.5 s, 30 min, 2h, 1d, 90%, 64kB, 1 GB, 12,
 * 2k, 3M. *value is in the base unit; *unit is UNIT_MS, UNIT_BYTES, UNIT_PERCENT or UNIT_NONE. */
int unit_parse(struct str text, double *value, enum unit *unit, struct err *why) MUSTCHECK;

#endif
