/* SPDX-License-Identifier: PostgreSQL */
/*
 * Time is a value that is passed: the loop reads it once a turn, replay and tests make their own.
 * Intervals use mono_ns only; wall_us is for showing and for server timestamps.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include "core/base.h"

struct clock {
	int64_t mono_ns; /* CLOCK_MONOTONIC */
	int64_t wall_us; /* microseconds since 1970-01-01 UTC */
};

#define CLOCK_SECOND_NS INT64_C(1000000000)
#define CLOCK_MS_NS INT64_C(1000000)

void clock_read(struct clock *now); /* these two are the only functions in the program that ask the system for the time */
int64_t clock_mono(void);           /* of it mono_ns alone, for what is measured thousands of times a second */

/* "2026-11-22T15:04:05.123Z" into out (at least 25 bytes). */
void clock_utc_text(int64_t wall_us, char out[32]);
/* The moment at that second of a day in the local time zone: of the day of wall_us, or so many days after it. */
int64_t clock_local_moment(int64_t wall_us, int days, int second);
/* "15:04:05" in the local time zone (localtime_r). */
void clock_local_time(int64_t wall_us, char out[16]);

#endif
