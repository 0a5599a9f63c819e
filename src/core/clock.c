/* SPDX-License-Identifier: PostgreSQL */
#include "core/clock.h"

#include <stdio.h>
#include <time.h>

enum { UTC_TEXT_MAX = 32, LOCAL_TEXT_MAX = 16 };

int64_t clock_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * CLOCK_SECOND_NS + t.tv_nsec;
}

void clock_read(struct clock *now)
{
	struct timespec t;

	now->mono_ns = clock_mono();
	clock_gettime(CLOCK_REALTIME, &t);
	now->wall_us = (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Whole seconds, rounded down also before 1970. */
static time_t seconds_of(int64_t wall_us)
{
	return (time_t)(wall_us / 1000000 - (wall_us % 1000000 < 0));
}

void clock_utc_text(int64_t wall_us, char out[32])
{
	time_t seconds = seconds_of(wall_us);
	unsigned ms = (unsigned)((wall_us - (int64_t)seconds * 1000000) / 1000) % 1000;
	struct tm t;
	char rest[20];

	if (!gmtime_r(&seconds, &t)) {
		snprintf(out, UTC_TEXT_MAX, "-");
		return;
	}
	strftime(rest, sizeof(rest), "-%m-%dT%H:%M:%S", &t);
	snprintf(out, UTC_TEXT_MAX, "%04d%.15s.%03uZ", t.tm_year + 1900, rest, ms);
}

void clock_local_time(int64_t wall_us, char out[16])
{
	time_t seconds = seconds_of(wall_us);
	struct tm t;

	if (!localtime_r(&seconds, &t)) {
		snprintf(out, LOCAL_TEXT_MAX, "-");
		return;
	}
	strftime(out, LOCAL_TEXT_MAX, "%H:%M:%S", &t);
}

int64_t clock_local_moment(int64_t wall_us, int days, int second)
{
	time_t seconds = seconds_of(wall_us);
	struct tm t;

	if (!localtime_r(&seconds, &t))
		return wall_us;
	t.tm_mday += days;
	t.tm_hour = second / 3600;
	t.tm_min = second / 60 % 60;
	t.tm_sec = second % 60;
	t.tm_isdst = -1;
	return (int64_t)mktime(&t) * 1000000;
}
