/* SPDX-License-Identifier: PostgreSQL */
#include "model/feed.h"

#include <check.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "core/mem.h"
#include "rig.h"
#include "unit.h"

static struct cell cell(const struct feed *f, int row, const char *column)
{
	return feed_cell(f, row, rig_column(feed_panel(f), column), feed_sample(f)->wall_us);
}

static double value(const struct feed *f, int row, const char *column)
{
	struct cell c = cell(f, row, column);

	return cell_value(&c);
}

static double figure(const struct feed *f, int i)
{
	struct cell c = feed_figure(f, i, feed_sample(f)->wall_us);

	return cell_value(&c);
}

START_TEST(an_empty_feed_knows_nothing)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	ck_assert_int_eq(feed_state(f), FEED_EMPTY);
	ck_assert_int_eq(feed_rows(f), 0);
	ck_assert_ptr_null(feed_sample(f));
	ck_assert(isnan(feed_seconds(f)));
	ck_assert(!feed_first(f) && !feed_was_reset(f));
	ck_assert_int_eq(feed_cell(f, 0, 1, 0).kind, CELL_UNKNOWN);
	ck_assert_int_eq(feed_figure(f, 0, 0).kind, CELL_UNKNOWN);
	ck_assert_int_eq(feed_alert(f, 0, 1, 0), 0);
	ck_assert_ptr_null(feed_trend(f, 0));
	ck_assert_ptr_null(feed_figure_series(f, 0));
	ck_assert_str_eq(feed_rung(f, 0, 0.95), "-");
	ck_assert(!feed_hides(f, 0, 0));
	feed_free(f);
	feed_free(NULL);
	panel_free(p);
}
END_TEST

START_TEST(one_sample_is_cumulative_two_are_rates)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct cell c;

	feed_push(f, rig_sample(p, 0, "id calls total\n1 100 50.0\n2 300 150.0"));
	ck_assert(feed_first(f));
	ck_assert_int_eq(feed_mode(f), FEED_LIFETIME);
	c = cell(f, 1, "share");
	ck_assert_double_eq(c.number, 75);
	ck_assert_int_eq(c.mark, MARK_LIFETIME);
	ck_assert(isnan(value(f, 1, "rate"))); /* since when is not known */
	ck_assert(isnan(series_at(feed_figure_series(f, 0), 0)));
	feed_push(f, rig_sample(p, 2, "id calls total\n2 310 150.0\n1 104 60.0"));
	ck_assert(!feed_first(f));
	ck_assert_int_eq(feed_mode(f), FEED_INTERVAL);
	ck_assert_double_eq(feed_seconds(f), 2);
	ck_assert_double_eq(value(f, 0, "rate"), 5);
	ck_assert_double_eq(value(f, 1, "rate"), 2);
	ck_assert_double_eq(value(f, 0, "share"), 0);
	c = cell(f, 1, "share");
	ck_assert_double_eq(c.number, 100);
	ck_assert_int_eq(c.mark, MARK_EXACT);
	ck_assert_double_eq(figure(f, 0), 7);
	ck_assert_double_eq(series_at(feed_figure_series(f, 0), 0), 7);
	ck_assert_double_eq(series_at(feed_trend(f, 1), 0), 4);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(lifetime_rates_are_over_the_time_since_the_reset)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	char text[200];
	long long now = 1800000000000000;

	snprintf(text, sizeof(text), "id since calls\n1 %lld 100\n2 %lld 300", now - 10000000, now - 10000000);
	feed_push(f, rig_sample(p, 0, text));
	ck_assert_double_eq(value(f, 0, "rate"), 10);
	ck_assert_int_eq(cell(f, 0, "rate").mark, MARK_LIFETIME);
	ck_assert_double_eq(figure(f, 0), 40);
	/* Rows that were reset at different times have their own rates, and no sum of rates. */
	snprintf(text, sizeof(text), "id since calls\n1 %lld 100\n2 %lld 300", now - 10000000, now - 20000000);
	feed_push(f, rig_sample(p, 0, text));
	feed_set_mode(f, FEED_LIFETIME);
	ck_assert_double_eq(value(f, 0, "rate"), 10);
	ck_assert_double_eq(value(f, 1, "rate"), 15);
	ck_assert(isnan(figure(f, 0)));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(a_reset_is_unknown_for_one_interval_and_no_spike)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	feed_push(f, rig_sample(p, 0, "id since calls total\n1 5 100 50.0\n2 5 300 150.0\n3 - 7 1.0"));
	feed_push(f, rig_sample(p, 1, "id since calls total\n1 5 110 51.0\n2 6 900 151.0\n3 9 8 2.0"));
	ck_assert_double_eq(value(f, 0, "rate"), 10);
	ck_assert(isnan(value(f, 1, "rate"))); /* its counters grew past their old values, but were reset */
	ck_assert(isnan(value(f, 2, "rate")));
	ck_assert(feed_was_reset(f));
	ck_assert_int_eq(feed_reset_rows(f), 2);
	ck_assert_double_eq(figure(f, 0), 10);
	feed_push(f, rig_sample(p, 2, "id since calls total\n1 5 110 51.0\n2 6 905 151.0\n3 9 8 2.0"));
	ck_assert(!feed_was_reset(f));
	ck_assert_double_eq(value(f, 1, "rate"), 5);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(one_fallen_counter_voids_its_row)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	/* Evicted and entered again: it was called more often since than before, but its total time fell. */
	feed_push(f, rig_sample(p, 0, "id calls total size\n1 10 500.0 7\n2 10 1.0 9"));
	feed_push(f, rig_sample(p, 1, "id calls total size\n1 15 2.0 7\n2 11 1.5 3"));
	ck_assert(isnan(value(f, 0, "rate")));
	ck_assert_double_eq(value(f, 1, "rate"), 1); /* a gauge may fall */
	ck_assert_int_eq(feed_reset_rows(f), 1);
	ck_assert(isnan(series_at(feed_trend(f, 0), 0)));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(another_life_of_the_server_voids_all)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct sample *s;

	feed_push(f, rig_sample(p, 0, "id calls\n1 10\n2 10"));
	s = rig_sample(p, 1, "id calls\n1 1000\n3 5");
	s->life = 2;
	feed_push(f, s);
	ck_assert(isnan(value(f, 0, "rate")));
	ck_assert(isnan(figure(f, 0)));
	ck_assert(isnan(feed_seconds(f)));
	ck_assert(feed_was_reset(f));
	ck_assert(!feed_row_is_new(f, 1)); /* all are, so none is worth a mark */
	ck_assert_int_eq(feed_mode(f), FEED_INTERVAL);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(a_new_row_has_no_increase)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	feed_push(f, rig_sample(p, 0, "id calls\n1 10"));
	ck_assert(!feed_row_is_new(f, 0));
	feed_push(f, rig_sample(p, 1, "id calls\n2 1000\n1 12"));
	ck_assert(feed_row_is_new(f, 0));
	ck_assert(!feed_row_is_new(f, 1));
	ck_assert(isnan(value(f, 0, "rate")));
	ck_assert(!feed_was_reset(f));
	ck_assert_double_eq(figure(f, 0), 2);
	feed_push(f, rig_sample(p, 2, "id calls\n1 12\n2 1001"));
	ck_assert_double_eq(value(f, 1, "rate"), 1);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(rows_that_cannot_be_told_apart_are_not_compared)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	feed_push(f, rig_sample(p, 0, "id calls\n1 10\n1 500\n2 1"));
	feed_push(f, rig_sample(p, 1, "id calls\n1 501\n1 11\n2 2"));
	ck_assert(isnan(value(f, 0, "rate")) && isnan(value(f, 1, "rate")));
	ck_assert_double_eq(value(f, 2, "rate"), 1);
	ck_assert(!feed_was_reset(f));
	feed_push(f, rig_sample(p, 2, "id calls\n1 502\n2 3")); /* which of the two was it? */
	ck_assert(isnan(value(f, 0, "rate")));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(gaps_and_clocks_that_jump_are_no_intervals)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct sample *s;

	feed_set_gap(f, 60);
	feed_push(f, rig_sample(p, 0, "id calls\n1 10"));
	feed_push(f, rig_sample(p, 60, "id calls\n1 70"));
	ck_assert_double_eq(value(f, 0, "rate"), 1);
	feed_push(f, rig_sample(p, 121, "id calls\n1 100"));
	ck_assert(isnan(value(f, 0, "rate")));
	ck_assert(!feed_was_reset(f));
	/* The machine slept for an hour: the monotonic clock did not run, the server did. */
	s = rig_sample(p, 122, "id calls\n1 100000");
	s->wall_us += INT64_C(3600000000);
	feed_push(f, s);
	ck_assert(isnan(value(f, 0, "rate")));
	/* The wall clock is put back: the interval is as long as the monotonic clock says. */
	feed_push(f, rig_sample(p, 123, "id calls\n1 100007"));
	ck_assert_double_eq(value(f, 0, "rate"), 7);
	s = rig_sample(p, 123, "id calls\n1 100008"); /* no time passed at all */
	feed_push(f, s);
	ck_assert(isnan(value(f, 0, "rate")));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(after_a_long_absence_a_sample_is_the_first_again)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct sample *s;

	feed_set_gap(f, 30);
	feed_set_hole(f, 2);
	feed_push(f, rig_sample(p, 0, "id calls\n1 10"));
	feed_push(f, rig_sample(p, 1, "id calls\n1 20"));
	feed_push(f, rig_sample(p, 11, "id calls\n1 120"));
	ck_assert_double_eq(value(f, 0, "rate"), 10); /* ten seconds are not long: their mean, which feed_seconds() says */
	ck_assert_double_eq(feed_seconds(f), 10);
	ck_assert_double_eq(series_at(feed_steps(f), 0), -10); /* but nobody looked meanwhile */
	feed_push(f, rig_sample(p, 1811, "id calls\n1 18120"));
	ck_assert(feed_first(f));
	ck_assert_int_eq(feed_mode(f), FEED_LIFETIME);
	ck_assert(isnan(feed_seconds(f)));
	ck_assert_int_eq(cell(f, 0, "share").mark, MARK_EXACT); /* unknown: no total in these */
	ck_assert(isnan(series_at(feed_figure_series(f, 0), 0)));
	ck_assert_double_eq(series_at(feed_steps(f), 0), -1800);
	feed_push(f, rig_sample(p, 1812, "id calls\n1 18121"));
	ck_assert(!feed_first(f));
	ck_assert_double_eq(value(f, 0, "rate"), 1);
	ck_assert_double_eq(series_at(feed_steps(f), 0), 1);
	/* Another life, and a sleep of this machine: how long it was, and nothing known over it. */
	s = rig_sample(p, 1813, "id calls\n1 18122");
	s->life = 2;
	feed_push(f, s);
	ck_assert_double_eq(series_at(feed_steps(f), 0), -1);
	s = rig_sample(p, 1814, "id calls\n1 18123");
	s->life = 2;
	s->wall_us += INT64_C(28800000000);
	feed_push(f, s);
	ck_assert_double_eq(series_at(feed_steps(f), 0), -28801);
	feed_free(f);
	panel_free(p);
}
END_TEST

/* Whoever answers after a long absence under the same name may be another server: what its numbers meant is forgotten. */
START_TEST(names_are_forgotten_over_an_absence_too)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct clock now = rig_clock(0);
	struct sample *s = rig_table(p, "oid name\n7 books");
	int64_t key = 7;

	feed_set_gap(f, 30);
	feed_push(f, rig_sample(p, 0, "id oid calls\n1 7 10"));
	sample_finish(s, p->lookup[0].by, p->lookup[0].by_count);
	feed_learn(f, 0, &key, 1, s, &now);
	ck_assert(str_is(cell(f, 0, "name").text, "books"));
	s = rig_sample(p, 100, "id oid calls\n1 7 10");
	s->life = 2;
	feed_push(f, s);
	ck_assert_int_eq(cell(f, 0, "name").kind, CELL_UNKNOWN);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(extremes_do_not_overflow)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct cell c;

	feed_push(f, rig_sample(p, 0, "id calls total\n"
	                              "1 -9223372036854775807 0.0\n2 9223372036854775806 1.0\n3 - 2.0\n4 5 -"));
	feed_push(f, rig_sample(p, 1, "id calls total\n"
	                              "1 9223372036854775807 1e300\n2 9223372036854775807 1.0\n3 4 inf\n4 6 nan"));
	ck_assert_double_eq_tol(value(f, 0, "rate"), 18446744073709551614.0, 1e4);
	c = cell(f, 1, "rate");
	ck_assert_double_eq(cell_value(&c), 1);
	ck_assert(isnan(value(f, 2, "rate"))); /* was not known before */
	ck_assert_double_eq(value(f, 3, "rate"), 1);
	ck_assert(isnan(value(f, 2, "share")) && isnan(value(f, 3, "share")));
	ck_assert_double_eq(value(f, 0, "share"), 100);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(states_say_why_and_keep_the_data)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct err why = {ERR_TIMEOUT, "no answer for 2 s"};
	uint64_t generation;

	feed_fail(f, &why);
	ck_assert_int_eq(feed_state(f), FEED_EMPTY);
	ck_assert_str_eq(feed_reason(f), "no answer for 2 s");
	feed_push(f, rig_sample(p, 0, "id calls\n1 10"));
	ck_assert_int_eq(feed_state(f), FEED_LIVE);
	ck_assert_str_eq(feed_reason(f), "");
	feed_push(f, rig_sample(p, 1, "id calls\n1 11"));
	generation = feed_generation(f);
	feed_fail(f, &why);
	ck_assert_int_eq(feed_state(f), FEED_STALE);
	ck_assert_uint_gt(feed_generation(f), generation);
	ck_assert_double_eq(value(f, 0, "rate"), 1);
	feed_stale(f, "server lost");
	ck_assert_str_eq(feed_reason(f), "server lost");
	why = (struct err){ERR_PRIVILEGE, "grant pg_monitor"};
	feed_fail(f, &why);
	ck_assert_int_eq(feed_state(f), FEED_UNAVAILABLE);
	feed_stale(f, "server lost");
	ck_assert_str_eq(feed_reason(f), "grant pg_monitor");
	feed_push(f, rig_sample(p, 9, "id calls\n1 27"));
	ck_assert_int_eq(feed_state(f), FEED_LIVE);
	ck_assert_double_eq(value(f, 0, "rate"), 2); /* 16 in 8 seconds: adjacent, though one ask failed between */
	ck_assert_double_eq(series_at(feed_figure_series(f, 0), 0), 2);
	ck_assert_double_eq(series_at(feed_steps(f), 0), -8); /* and in the picture there is a hole */
	ck_assert_double_eq(series_at(feed_steps(f), 1), 1);
	ck_assert(isnan(series_at(feed_steps(f), 2)));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(alerts_follow_thresholds_and_bounds_raise_none)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	int rate = rig_column(p, "rate"), p95 = rig_column(p, "p95");

	feed_push(f, rig_sample(p, 0, "id calls total longest\n1 0 0.0 90.0\n2 0 0.0 90.0\n3 0 0.0 90.0\n4 9 0.0 1.0"));
	feed_push(f, rig_sample(p, 1, "id calls total longest\n"
	                              "1 5 200.0 90.0\n2 50 100.0 90.0\n3 5000 9.0 90.0\n4 5 1.0 1.0"));
	ck_assert_int_eq(feed_alert(f, 0, rate, 0), 0);
	ck_assert_int_eq(feed_alert(f, 1, rate, 0), 1);
	ck_assert_int_eq(feed_alert(f, 2, rate, 0), 2);
	ck_assert_int_eq(feed_alert(f, 3, rate, 0), 0); /* unknown */
	ck_assert_int_eq(cell(f, 0, "p95").mark, MARK_BOUND);
	ck_assert_double_eq_tol(value(f, 0, "p95"), 90, 1e-6);
	ck_assert_str_eq(feed_rung(f, 0, 0.95), "bound");
	ck_assert_str_eq(feed_column_rung(f, 0, p95, NULL), "bound");
	ck_assert_str_eq(feed_column_rung(f, 0, rate, NULL), "");
	ck_assert_str_eq(feed_column_rung(f, 99, p95, NULL), "");
	ck_assert_str_eq(feed_column_rung(f, 0, -1, NULL), "");
	ck_assert_str_eq(feed_column_rung(f, 0, 999, NULL), "");
	ck_assert_int_eq(feed_alert(f, 0, p95, 0), 0);
	ck_assert_int_eq(feed_figure_alert(f, 0, 0), 1);
	ck_assert_int_eq(feed_figure_alert(f, 1, 0), 0);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(a_histogram_alerts_when_its_whole_bucket_is_beyond)
{
	static const struct {
		const char *buckets;
		double shown;
		int alert;
	} cases[] = {
		{"16384:10_524288:1000", 524.288, 1}, /* at least 262 ms */
		{"524288:1000", 524.288, 1},
		{"16384:1000", 16.384, 0},            /* may be 8.2 ms */
		{"16384:995_32768:1000", 16.384, 0},
		{"16384:10_32768:1000", 32.768, 1},   /* more than 16.384 ms */
		{"20000:10_40000:1000", 40, 1},       /* the bound before says more than half of its own */
		{"1048576:1000", 1048.576, 1},
		{"2097152:1000", 2097.152, 2},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct panel *p = rig_panel();
		struct feed *f = feed_new(p);
		int h99 = rig_column(p, "h99");
		char rows[200];

		feed_push(f, rig_sample(p, 0, "id calls latency\n1 1 1:0"));
		snprintf(rows, sizeof(rows), "id calls latency\n1 9 %s", cases[i].buckets);
		feed_push(f, rig_sample(p, 1, rows));
		ck_assert_double_eq(value(f, 0, "h99"), cases[i].shown);
		ck_assert_int_eq(cell(f, 0, "h99").mark, MARK_BOUND);
		ck_assert_msg(feed_alert(f, 0, h99, 0) == cases[i].alert, "%s: %d", cases[i].buckets, feed_alert(f, 0, h99, 0));
		feed_free(f);
		panel_free(p);
	}
}
END_TEST

START_TEST(the_sample_before_keeps_what_is_compared)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	feed_push(f, rig_sample(p, 0, "id calls total mean stddev longest latency\n1 100 100.0 1.0 0.5 9.0 1:5_2:10"));
	ck_assert_double_eq(value(f, 0, "h99"), 0.002);
	ck_assert_double_eq(value(f, 0, "sd"), 0.5);
	ck_assert_int_eq(cell(f, 0, "sd").mark, MARK_LIFETIME);
	ck_assert_int_eq(cell(f, 0, "p95").mark, MARK_BOUND);
	feed_push(f, rig_sample(p, 1, "id calls total mean stddev longest latency\n"
	                              "1 120 140.0 1.16667 0.6 9.0 1:5_2:10_8:11"));
	ck_assert_double_eq(value(f, 0, "h99"), 0.008);
	ck_assert_int_eq(cell(f, 0, "h99").mark, MARK_BOUND);
	/* M2 = 0.36 * 120 - 0.25 * 100 - (2 - 1)^2 * 100 * 20 / 120 */
	ck_assert_double_eq_tol(value(f, 0, "sd"), sqrt((43.2 - 25 - 2000 / 120.0) / 20), 1e-9);
	ck_assert_double_eq_tol(value(f, 0, "p95"), 2 + value(f, 0, "sd") * sqrt(19), 1e-6);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(trends_go_along_with_their_rows)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	char text[200];

	for (int k = 0; k < 40; k++) {
		if (k % 2)
			snprintf(text, sizeof(text), "id calls\n1 %d\n2 %d\n", k * 2, k * 3);
		else
			snprintf(text, sizeof(text), "id calls\n2 %d\n1 %d\n", k * 3, k * 2);
		feed_push(f, rig_sample(p, k, text));
	}
	for (int i = 0; i < FEED_TREND_POINTS; i++) {
		ck_assert_double_eq(series_at(feed_trend(f, 0), i), 2);
		ck_assert_double_eq(series_at(feed_trend(f, 1), i), 3);
	}
	feed_push(f, rig_sample(p, 40, "id calls\n3 1\n2 120"));
	ck_assert_int_eq(feed_trend(f, 0)->count, 1); /* new: its one point is unknown */
	ck_assert(isnan(series_at(feed_trend(f, 0), 0)));
	ck_assert_double_eq(series_at(feed_trend(f, 1), 0), 3);
	feed_push(f, rig_sample(p, 41, "id calls\n1 80")); /* came back: its past is gone */
	ck_assert_int_eq(feed_trend(f, 0)->count, 1);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(hidden_rows_are_counted)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	feed_push(f, rig_sample(p, 0, "id secret state\n1 0 active\n2 1 -\n3 1 -\n4 - idle"));
	ck_assert_int_eq(feed_sample(f)->hidden, 2);
	ck_assert(feed_row_hidden(f, 1) && !feed_row_hidden(f, 0) && !feed_row_hidden(f, 3));
	ck_assert(feed_hides(f, 3, 0) && !feed_hides(f, 0, 0) && !feed_hides(f, 1, 0));
	feed_free(f);
	panel_free(p);
}
END_TEST

/* --- lookups --- */

static struct sample *names(const struct panel *p, const char *text)
{
	struct sample *s = rig_table(p, text);

	sample_finish(s, NULL, 0);
	return s;
}

static const int all[] = {0, 1, 2, 3, 4, 5, 6, 7};

START_TEST(lookups_ask_once_and_in_batches)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct clock at = rig_clock(0);
	int64_t keys[16];
	uint64_t generation;
	int name = rig_field(p, "name");

	feed_push(f, rig_sample(p, 0, "id oid\n1 10\n2 20\n3 10\n4 -\n5 30"));
	ck_assert_int_eq(feed_missing(f, 0, all, 5, &at, keys, 16), 2); /* batch: 2; two rows share 10, one has none */
	ck_assert_int_eq(keys[0], 10);
	ck_assert_int_eq(keys[1], 20);
	feed_asked(f, 0, &at);
	at = rig_clock(29.9);
	ck_assert_int_eq(feed_missing(f, 0, all, 5, &at, keys, 16), 0); /* gap */
	generation = feed_generation(f);
	feed_learn(f, 0, keys, 2, names(p, "oid name pages\n10 orders 7"), &at);
	ck_assert_uint_gt(feed_generation(f), generation);
	ck_assert(str_is(feed_field(f, 0, name).text, "orders"));
	ck_assert(str_is(feed_field(f, 2, name).text, "orders"));
	ck_assert_int_eq(feed_field(f, 2, rig_field(p, "pages")).integer, 7);
	ck_assert_int_eq(feed_field(f, 1, name).kind, CELL_UNKNOWN); /* the server knows no 20 */
	ck_assert_int_eq(feed_field(f, 3, name).kind, CELL_UNKNOWN);
	at = rig_clock(31);
	ck_assert_int_eq(feed_missing(f, 0, all, 5, &at, keys, 16), 1); /* not 20: that is known to be unknown */
	ck_assert_int_eq(keys[0], 30);
	at = rig_clock(89.8); /* keep: 60s after 29.9, both are asked again; meanwhile the old answer stands */
	ck_assert_int_eq(feed_missing(f, 0, all, 4, &at, keys, 16), 0);
	at = rig_clock(90);
	ck_assert_int_eq(feed_missing(f, 0, all, 4, &at, keys, 16), 2);
	ck_assert(str_is(feed_field(f, 0, name).text, "orders"));
	feed_learn(f, 0, keys, 2, names(p, "oid name pages\n20 late 1"), &at);
	ck_assert_int_eq(feed_field(f, 0, name).kind, CELL_UNKNOWN); /* dropped on the server */
	ck_assert(str_is(feed_field(f, 1, name).text, "late"));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(lookups_by_two_integers_need_both)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct clock at = rig_clock(0);
	int64_t keys[16];
	int owner = rig_field(p, "owner");

	feed_push(f, rig_sample(p, 0, "id oid\n1 2\n2 1\n3 -"));
	ck_assert_int_eq(feed_missing(f, 1, all, 3, &at, keys, 8), 2);
	ck_assert_int_eq(keys[2], 2);
	ck_assert_int_eq(keys[3], 1);
	feed_learn(f, 1, keys, 2, names(p, "id oid owner\n1 2 ann\n2 1 bob"), &at);
	ck_assert(str_is(feed_field(f, 0, owner).text, "ann"));
	ck_assert(str_is(feed_field(f, 1, owner).text, "bob"));
	ck_assert_int_eq(feed_missing(f, 1, all, 3, &at, keys, 8), 0);
	feed_learn(f, 1, keys, 2, names(p, "id oid owner\n1 2 ann\n"), &at); /* nobody owns 2, 1 any more */
	at = rig_clock(599);
	ck_assert_int_eq(feed_missing(f, 1, all, 3, &at, keys, 8), 0); /* answers are kept, also that there was none */
	at = rig_clock(601);
	ck_assert_int_eq(feed_missing(f, 1, all, 3, &at, keys, 8), 1); /* but that one not for ever */
	ck_assert_int_eq(keys[0], 2);
	feed_learn(f, 1, keys, 1, names(p, "id oid owner\n2 1 bob"), &at);
	ck_assert_int_eq(feed_missing(f, 2, all, 3, &at, keys, 8), 0); /* there is no such lookup */
	feed_learn(f, 2, keys, 2, names(p, "id oid owner\n1 2 eve"), &at);
	ck_assert(str_is(feed_field(f, 0, owner).text, "ann"));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(another_life_forgets_what_was_looked_up)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct clock at = rig_clock(0);
	int64_t key = 10;
	struct sample *s;

	feed_push(f, rig_sample(p, 0, "id oid\n1 10"));
	feed_learn(f, 0, &key, 1, names(p, "oid name\n10 orders"), &at);
	s = rig_sample(p, 1, "id oid\n1 10");
	s->life = 2;
	feed_push(f, s);
	ck_assert_int_eq(feed_field(f, 0, rig_field(p, "name")).kind, CELL_UNKNOWN);
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(what_no_row_uses_is_forgotten_after_a_while)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct clock at = rig_clock(0);
	int64_t keys[2] = {10, 20};
	int name = rig_field(p, "name");

	feed_push(f, rig_sample(p, 0, "id oid\n1 10\n2 20"));
	feed_learn(f, 0, keys, 2, names(p, "oid name\n10 stays\n20 goes"), &at);
	for (int s = 30; s <= 600; s += 30)
		feed_push(f, rig_sample(p, s, "id oid\n1 10"));
	feed_push(f, rig_sample(p, 610, "id oid\n1 10\n2 20"));
	ck_assert_int_eq(feed_field(f, 1, name).kind, CELL_TEXT);
	for (int s = 630; s <= 1400; s += 30)
		feed_push(f, rig_sample(p, s, "id oid\n1 10"));
	feed_push(f, rig_sample(p, 1410, "id oid\n1 10\n2 20"));
	ck_assert_int_eq(feed_field(f, 1, name).kind, CELL_UNKNOWN);
	ck_assert(str_is(feed_field(f, 0, name).text, "stays"));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(lookups_are_bounded)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	char *big = malloc(8000);
	int oid = rig_field(p, "oid"), name = rig_field(p, "name");

	memset(big, 'x', 8000);
	feed_push(f, rig_sample(p, 0, "id oid\n1 0"));
	for (int k = 0; k < 60; k++) { /* 60,000 keys, and 480 MB of text */
		struct sample *s = sample_new(p->field_count);
		struct clock at = rig_clock(k + 1);
		int64_t keys[1000];

		sample_type(s, oid, SAMPLE_INT);
		sample_type(s, name, SAMPLE_TEXT);
		for (int i = 0; i < 1000; i++) {
			keys[i] = k * 1000 + i;
			sample_add_row(s);
			sample_set_int(s, i, oid, keys[i]);
			big[i] = (char)('a' + k % 26); /* no two alike */
			sample_set_text(s, i, name, big, k == 0 ? 100 : 8000);
		}
		sample_finish(s, NULL, 0);
		feed_learn(f, 0, keys, 1000, s, &at);
	}
	ck_assert_uint_lt(feed_bytes(f), 20 << 20);
	ck_assert_int_eq(feed_field(f, 0, name).kind, CELL_TEXT); /* the oldest of all, but in use: it stays */
	free(big);
	feed_free(f);
	panel_free(p);
}
END_TEST

/* --- scale --- */

START_TEST(since_a_mark_the_same_rules_hold)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);

	ck_assert(!feed_mark(f)); /* nothing to keep */
	ck_assert_ptr_null(feed_marked(f));
	feed_set_mode(f, FEED_SINCE);
	feed_push(f, rig_sample(p, 0, "id since calls total latency\n1 5 100 50.0 1:10\n2 5 300 150.0 1:10\n3 5 10 1.0 -"));
	feed_push(f, rig_sample(p, 1, "id since calls total latency\n1 5 110 60.0 1:20\n2 5 300 150.0 1:20\n3 5 10 1.0 -"));
	ck_assert(isnan(value(f, 0, "rate"))); /* no mark, no figure */
	ck_assert(isnan(feed_seconds(f)));
	ck_assert(!feed_was_reset(f) && !feed_row_is_new(f, 0));
	ck_assert(feed_mark(f));
	ck_assert(isnan(value(f, 0, "rate"))); /* no time passed */
	feed_push(f, rig_sample(p, 3, "id since calls total latency\n1 5 115 61.0 1:21\n2 5 301 150.0 1:20\n3 5 10 1.0 -"));
	feed_push(f, rig_sample(p, 11, "id since calls total latency\n4 5 900 9.0 -\n1 5 210 160.0 1:21_8:99\n2 6 900 900.0 -\n3 5 9 1.0 -"));
	ck_assert_int_eq(feed_mode(f), FEED_SINCE);
	ck_assert_double_eq(feed_seconds(f), 10);
	ck_assert_double_eq(value(f, 1, "rate"), 10);
	ck_assert_int_eq(cell(f, 1, "rate").mark, MARK_EXACT);
	ck_assert_double_eq(value(f, 1, "share"), 100);
	ck_assert(isnan(value(f, 0, "rate")) && feed_row_is_new(f, 0)); /* came since */
	ck_assert(isnan(value(f, 2, "rate"))); /* reset since */
	ck_assert(isnan(value(f, 3, "rate"))); /* fell */
	ck_assert_int_eq(feed_reset_rows(f), 2);
	ck_assert_double_eq(figure(f, 0), 10);
	ck_assert_double_eq_tol(series_at(feed_figure_series(f, 0), 0), 95 / 8.0, 1e-6); /* what a chart shows is no span */
	ck_assert_double_eq_tol(series_at(feed_trend(f, 1), 0), 95, 1e-6);
	/* what was taken back is there again; the mark outlives it */
	feed_set_mode(f, FEED_INTERVAL);
	ck_assert_double_eq(value(f, 1, "rate"), 95 / 8.0);
	ck_assert_ptr_nonnull(feed_marked(f));
	feed_set_mode(f, FEED_SINCE);
	ck_assert_double_eq(value(f, 1, "rate"), 10);
	feed_unmark(f);
	ck_assert(isnan(value(f, 1, "rate")) && isnan(feed_seconds(f)));
	ck_assert(feed_mark(f));
	feed_rewind(f); /* another time of a recording, before its first sample there: the mark stays, and there is nothing to compare */
	ck_assert_ptr_nonnull(feed_marked(f));
	feed_set_mode(f, FEED_INTERVAL);
	feed_set_mode(f, FEED_SINCE);
	ck_assert(isnan(feed_seconds(f)));
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(a_restart_since_the_mark_leaves_nothing)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct sample *other;

	feed_push(f, rig_sample(p, 0, "id calls total\n1 100 50.0"));
	feed_mark(f);
	feed_set_mode(f, FEED_SINCE);
	feed_push(f, rig_sample(p, 5, "id calls total\n1 200 60.0"));
	ck_assert_double_eq(value(f, 0, "rate"), 20);
	ck_assert_int_eq(feed_alert(f, 0, panel_column_by_name(p, STR("rate")), 0), 1); /* limits are over the span */
	for (int i = 0; i < 3; i++) { /* not only in the first interval of the new life */
		other = rig_sample(p, 6 + i, "id calls total\n1 5000 900.0");
		other->life = 2;
		feed_push(f, other);
		ck_assert(isnan(value(f, 0, "rate")));
		ck_assert(isnan(value(f, 0, "share")));
		ck_assert(isnan(feed_seconds(f)) && feed_was_reset(f));
	}
	feed_free(f);
	panel_free(p);
}
END_TEST

START_TEST(quantiles_since_a_mark_are_bounds_of_that_span)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	struct cell c;

	feed_push(f, rig_sample(p, 0, "id calls total mean stddev longest latency\n1 1000 1000.0 1.0 0.0 1.0 1:99900_8:99900"));
	feed_mark(f);
	feed_set_mode(f, FEED_SINCE);
	feed_push(f, rig_sample(p, 5, "id calls total mean stddev longest latency\n1 1050 1050.0 1.0 0.0 1.0 1:99900_8:99950"));
	feed_push(f, rig_sample(p, 10, "id calls total mean stddev longest latency\n1 1100 1100.0 1.0 0.0 1.0 1:99900_8:100000"));
	c = cell(f, 0, "p95");
	ck_assert_int_eq(c.mark, MARK_BOUND);
	ck_assert_double_eq(c.number, 1);
	ck_assert_str_eq(feed_rung(f, 0, 0.95), "bound");
	ck_assert_double_eq(value(f, 0, "h99"), 0.008); /* the quick ones were before */
	ck_assert(!isnan(value(f, 0, "sd")));
	feed_free(f);
	panel_free(p);
}
END_TEST

static struct sample *big_sample(const struct panel *p, int rows, int round)
{
	struct sample *s = sample_new(p->field_count);
	int id = rig_field(p, "id"), calls = rig_field(p, "calls"), total = rig_field(p, "total");

	for (int i = 0; i < p->field_count; i++)
		if (p->field[i].lookup < 0 && p->field[i].kind != FIELD_TEXT && p->field[i].kind != FIELD_HISTOGRAM)
			sample_type(s, i, i == total ? SAMPLE_FLOAT : SAMPLE_INT);
	for (int i = 0; i < rows; i++) {
		sample_add_row(s);
		sample_set_int(s, i, id, i * INT64_C(0x9E3779B97F4A7C15));
		sample_set_int(s, i, calls, i * 3 + round * (i % 7) * 2);
		sample_set_float(s, i, total, i * 0.5 + round * (i % 5));
	}
	s->mono_ns = 1 + round * INT64_C(4000000000);
	s->life = 1;
	sample_finish(s, p->key, p->key_count);
	return s;
}

START_TEST(ten_thousand_rows_are_quick_and_do_not_grow)
{
	struct panel *p = rig_panel();
	struct feed *f = feed_new(p);
	size_t bytes = 0;

	for (int round = 0; round < 30; round++) {
		feed_push(f, big_sample(p, 10000, round));
		if (round == 1)
			bytes = feed_bytes(f);
	}
	ck_assert_uint_eq(feed_bytes(f), bytes);
	/* 11 columns now and 5 of them before, 8 bytes each; keys and index; trends 88 bytes a row */
	ck_assert_uint_lt(bytes, 10000 * (11 * 8 + 5 * 8 + 8 + 28 + 88 + 5) + 60000);
	feed_mark(f); /* of 11 columns those that are counters, with their keys and index */
	ck_assert_uint_gt(feed_bytes(f), bytes);
	ck_assert_uint_lt(feed_bytes(f), bytes + 10000 * (6 * 8 + 8 + 28 + 5) + 1000);
	ck_assert_double_eq(value(f, 6, "rate"), 3);
	ck_assert_double_eq_tol(value(f, 4, "share"), 4 * 100.0 / (2000 * 10), 1e-9);
	feed_free(f);
	panel_free(p);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		an_empty_feed_knows_nothing,
		one_sample_is_cumulative_two_are_rates,
		lifetime_rates_are_over_the_time_since_the_reset,
		a_reset_is_unknown_for_one_interval_and_no_spike,
		one_fallen_counter_voids_its_row,
		another_life_of_the_server_voids_all,
		a_new_row_has_no_increase,
		rows_that_cannot_be_told_apart_are_not_compared,
		gaps_and_clocks_that_jump_are_no_intervals,
		after_a_long_absence_a_sample_is_the_first_again,
		names_are_forgotten_over_an_absence_too,
		extremes_do_not_overflow,
		states_say_why_and_keep_the_data,
		alerts_follow_thresholds_and_bounds_raise_none,
		a_histogram_alerts_when_its_whole_bucket_is_beyond,
		the_sample_before_keeps_what_is_compared,
		trends_go_along_with_their_rows,
		hidden_rows_are_counted,
		lookups_ask_once_and_in_batches,
		lookups_by_two_integers_need_both,
		another_life_forgets_what_was_looked_up,
		what_no_row_uses_is_forgotten_after_a_while,
		lookups_are_bounded,
		since_a_mark_the_same_rules_hold,
		a_restart_since_the_mark_leaves_nothing,
		quantiles_since_a_mark_are_bounds_of_that_span,
		ten_thousand_rows_are_quick_and_do_not_grow,
	};

	return unit_run("feed", cases, ARRAY_LEN(cases));
}
