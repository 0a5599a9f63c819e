/* SPDX-License-Identifier: PostgreSQL */
#include "action/schedule.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define PLAN \
	"name: nightly\nzone: utc\nstate: ops.state\nlimits: {active: 20, lag: 64MB, lag_time: 10s, latency: 50ms}\n" \
	"window: {from: \"22:00\", to: \"05:00\"}\njobs:\n" \
	"  - {name: views, action: refresh, targets: [a, b], every: hourly, window: {}}\n" \
	"  - {name: indexes, action: reindex_index, targets: [i], every: weekly, window: {days: [sun], from: \"02:00\", to: \"05:00\"}, " \
	"max_size: 20GB, mark: last_index_maintenance}\n" \
	"  - {name: statistics, action: analyze, targets: [t], value: \"x, y\", every: 1d, retry: 30min}\n"

static const int64_t minute = INT64_C(60000000), hour = INT64_C(3600000000), day = 24 * INT64_C(3600000000);

static struct schedule *good(const char *text)
{
	struct schedule *s = NULL;
	struct err why = {0};

	ck_assert_msg(schedule_parse(&s, "file", "p.yaml", str_from(text), &why) == 0, "%s", why.text);
	return s;
}

static void bad(const char *text, const char *where, const char *word)
{
	struct schedule *s = NULL;
	struct err why = {0};

	ck_assert_int_lt(schedule_parse(&s, "file", "p.yaml", str_from(text), &why), 0);
	ck_assert_msg(strncmp(why.text, where, strlen(where)) == 0 && strstr(why.text, word), "%s (expected %s ... %s)", why.text,
	              where, word);
}

static int64_t at(const char *utc)
{
	struct tm tm = {0};

	ck_assert_ptr_nonnull(strptime(utc, "%Y-%m-%d %H:%M", &tm));
	return (int64_t)timegm(&tm) * 1000000;
}

START_TEST(a_plan_says_all)
{
	struct schedule *s = good(PLAN);

	ck_assert_str_eq(s->name, "nightly");
	ck_assert_str_eq(s->table, "ops.state");
	ck_assert(s->utc && s->jobs == 3);
	ck_assert(s->limits.active == 20 && s->limits.lag_bytes == 64.0 * 1024 * 1024 && s->limits.lag_ms == 10000 && s->limits.latency_ms == 50);
	ck_assert(s->job[0].targets == 2 && s->job[0].every_ms == 3600e3 && s->job[0].retry_ms == 900e3 && isnan(s->job[0].max_bytes));
	ck_assert_str_eq(s->job[1].mark, "last_index_maintenance");
	ck_assert(s->job[1].max_bytes == 20.0 * 1024 * 1024 * 1024 && s->job[1].window.days == 1 && s->job[1].window.from == 120);
	ck_assert(s->job[2].window.from == 22 * 60 && s->job[2].window.to == 5 * 60 && s->job[2].window.days == 0x7f);
	ck_assert_str_eq(s->job[2].value, "x, y");
	schedule_free(s);
	s = good("state: file\njobs:\n  - {name: a, action: checkpoint, every: 2h}\n");
	ck_assert_ptr_null(s->table);
	ck_assert_str_eq(s->name, "file");
	schedule_free(s);
}
END_TEST

START_TEST(mistakes_name_their_line)
{
	bad("jobs: []\n", "p.yaml:1:", "jobs");
	bad("name: a\n", "p.yaml", "jobs");
	bad("nmae: a\njobs: []\n", "p.yaml:1:", "name");
	bad("zone: mars\njobs: []\n", "p.yaml:1:", "mars");
	bad("name: \"a b\"\njobs: []\n", "p.yaml:1:", "letters");
	bad("limits: {latency: 5MB}\njobs: []\n", "p.yaml:1:", "50ms");
	bad("limits: {lag: fast}\njobs: []\n", "p.yaml:1:", "64MB");
	bad("jobs:\n  - {name: a, action: analyze}\n", "p.yaml:2:", "every");
	bad("jobs:\n  - {name: a, action: analyze, every: 5s}\n", "p.yaml:2:", "1min");
	bad("jobs:\n  - {name: a, action: analyze, every: often}\n", "p.yaml:2:", "every");
	bad("jobs:\n  - {name: a, action: x, every: 1h}\n  - {name: a, action: x, every: 1h}\n", "p.yaml:3:", "two jobs");
	bad("window: {from: \"25:00\", to: \"01:00\"}\njobs: []\n", "p.yaml:1:", "time of the day");
	bad("window: {from: \"02:00\"}\njobs: []\n", "p.yaml:1:", "together");
	bad("window: {days: [sunday]}\njobs: []\n", "p.yaml:1:", "sun");
	bad("window: always\njobs: []\n", "p.yaml:1:", "map");
	bad("jobs:\n  - {name: a, action: x, every: 1h, targets: t}\n", "p.yaml:2:", "list");
}
END_TEST

static enum schedule_verdict due(const struct schedule *s, int job, int64_t ok, int64_t tried, int64_t now)
{
	struct schedule_state state = {ok, tried, false};
	int64_t next;

	return schedule_due(s, job, &state, now, &next);
}

START_TEST(due_times)
{
	struct schedule *s = good(PLAN);
	const int64_t noon = at("2026-11-22 12:00"), night = at("2026-11-22 23:00");
	struct schedule_state unknown = {night - 3 * day, night - hour, true};
	int64_t next;

	/* hourly, always open */
	ck_assert_int_eq(due(s, 0, 0, 0, noon), SCHEDULE_DUE);
	ck_assert_int_eq(due(s, 0, noon - 59 * minute, noon - 59 * minute, noon), SCHEDULE_LATER);
	ck_assert_int_eq(due(s, 0, noon - hour, noon - hour, noon), SCHEDULE_DUE);
	/* one that failed is tried again after a while only */
	ck_assert_int_eq(due(s, 0, noon - 2 * hour, noon - 14 * minute, noon), SCHEDULE_RETRY);
	ck_assert_int_eq(due(s, 0, noon - 2 * hour, noon - 15 * minute, noon), SCHEDULE_DUE);
	ck_assert_int_eq(due(s, 0, 0, noon - 1 * minute, noon), SCHEDULE_RETRY);
	/* daily, at night */
	ck_assert_int_eq(due(s, 2, 0, 0, noon), SCHEDULE_CLOSED);
	ck_assert_int_eq(due(s, 2, 0, 0, night), SCHEDULE_DUE);
	ck_assert_int_eq(due(s, 2, 0, 0, night + 5 * hour), SCHEDULE_DUE);
	ck_assert_int_eq(due(s, 2, 0, 0, night + 6 * hour), SCHEDULE_CLOSED);
	/* the clock was set back by a month: not asleep for a month */
	ck_assert_int_eq(due(s, 0, noon + 30 * day, noon + 30 * day, noon), SCHEDULE_DUE);
	ck_assert_int_eq(due(s, 0, noon + 5 * minute, noon + 5 * minute, noon), SCHEDULE_LATER);
	/* an outcome that is not known is not tried again before its time */
	ck_assert_int_eq(schedule_due(s, 2, &unknown, night, &next), SCHEDULE_LATER);
	ck_assert_int_eq(next, night - hour + day);
	ck_assert_int_eq(schedule_due(s, 2, &unknown, night + 23 * hour, &next), SCHEDULE_DUE);
	schedule_free(s);
}
END_TEST

/* Missed while the host was down, it is done in the next window, once. */
START_TEST(a_week_of_five_minutes)
{
	struct schedule *s = good(PLAN);
	struct schedule_state state[3] = {{0}};
	int runs[3] = {0};

	for (int64_t now = at("2026-11-18 00:00"); now < at("2026-12-02 00:00"); now += 5 * minute)
		for (int i = 0; i < 3; i++) {
			int64_t next;
			if (schedule_due(s, i, &state[i], now, &next) != SCHEDULE_DUE)
				continue;
			state[i].ok_us = state[i].tried_us = now;
			runs[i]++;
		}
	ck_assert_int_eq(runs[0], 14 * 24);
	ck_assert_int_eq(runs[1], 2);  /* Sundays, 22 and 29 November */
	ck_assert_int_eq(runs[2], 14);
	schedule_free(s);
}
END_TEST

START_TEST(windows_by_the_wall_clock)
{
	struct schedule_window w = {.set = true, .days = 0x7f, .from = 2 * 60, .to = 3 * 60};
	struct schedule_window over = {.set = true, .days = 1u << 6, .from = 23 * 60, .to = 60}; /* Saturday's */
	struct schedule_window day_long = {.set = true, .days = 1u << 0};

	setenv("TZ", "Europe/Berlin", 1);
	tzset();
	/* 29 March 2026: 02:00 is 03:00; the window is not there that day */
	for (int64_t now = at("2026-03-28 23:00"); now < at("2026-03-29 22:00"); now += minute)
		ck_assert(!schedule_open(&w, false, now));
	ck_assert(schedule_open(&w, true, at("2026-03-29 02:30")));
	/* 25 October 2026: 02:00 to 03:00 comes twice */
	ck_assert(schedule_open(&w, false, at("2026-10-25 00:30")));
	ck_assert(schedule_open(&w, false, at("2026-10-25 01:30")));
	ck_assert(!schedule_open(&w, false, at("2026-10-25 02:30")));
	setenv("TZ", "UTC", 1);
	tzset();
	/* over midnight it belongs to the day on which it begins: Saturday is 21 November 2026 */
	ck_assert(schedule_open(&over, false, at("2026-11-21 23:30")));
	ck_assert(schedule_open(&over, false, at("2026-11-22 00:59")));
	ck_assert(!schedule_open(&over, false, at("2026-11-22 01:00")));
	ck_assert(!schedule_open(&over, false, at("2026-11-21 00:30")));
	ck_assert(!schedule_open(&over, false, at("2026-11-22 23:30")));
	ck_assert(schedule_open(&day_long, false, at("2026-11-22 13:00")));
	ck_assert(!schedule_open(&day_long, false, at("2026-11-23 13:00")));
}
END_TEST

START_TEST(state_survives)
{
	struct schedule *s = good(PLAN);
	struct schedule_state state[3] = {{at("2026-11-22 10:00"), at("2026-11-22 11:00") + 123000, true}, {0}, {1, 0, false}}, again[3];
	struct buf text = BUF_INIT(1 << 16);
	struct err why = {0};

	schedule_put_state(s, state, &text);
	ck_assert_int_eq(schedule_get_state(s, buf_text(&text), again, &why), 0);
	ck_assert_int_eq(again[0].ok_us, state[0].ok_us);
	ck_assert_int_eq(again[0].tried_us, state[0].tried_us);
	ck_assert(again[0].unknown && !again[1].unknown && again[1].ok_us == 0);
	ck_assert_int_lt(schedule_get_state(s, "{", again, &why), 0);
	ck_assert_int_eq(schedule_get_state(s, "{\"views\": 7, \"other\": {}}", again, &why), 0);
	ck_assert_int_eq(again[0].ok_us, 0);
	buf_release(&text);
	schedule_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {a_plan_says_all, mistakes_name_their_line, due_times, a_week_of_five_minutes,
	                              windows_by_the_wall_clock, state_survives};

	return unit_run("schedule", cases, ARRAY_LEN(cases));
}
