/* SPDX-License-Identifier: PostgreSQL */
/* The status line on how far samples lie apart and how often running statements are looked at: true, and still while nothing changes. */
#include "stage.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static const char *status(struct stage *s)
{
	return stage_line(s, s->canvas.height - 2);
}

/* One more sample of the statements, `seconds` after the last. */
static void next(struct stage *s, const char *panel, double seconds)
{
	stage_pass(s, seconds);
	s->server[0].answered_ns = s->host.now.mono_ns;
	stage_push(s, panel, 0, strcmp(panel, "statements") == 0 ? "1|10|20|3|4|5|6|7|SELECT 1" : "Lock:tuple|1");
}

START_TEST(an_interval_of_its_own_is_said)
{
	struct stage *s = stage_new(80, 24);

	stage_keys(s, "2");
	ck_assert_ptr_null(strstr(status(s), "over"));
	next(s, "statements", 1.15);
	ck_assert_ptr_null(strstr(status(s), "over"));
	next(s, "statements", 5.02);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 5s"));
	next(s, "statements", 4.93);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 5s")); /* little jumps are not worth a byte */
	next(s, "statements", 5.2);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 5s"));
	next(s, "statements", 6.1);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 6.1s"));
	stage_keys(s, "Enter");
	ck_assert_int_ge(stage_find(s, "one row, over 6.1s"), 0);
	stage_keys(s, "Esc");
	next(s, "statements", 300);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 5m"));
	next(s, "statements", 0.3);
	ck_assert_ptr_nonnull(strstr(status(s), "| over 0.3s"));
	next(s, "statements", 1);
	ck_assert_ptr_null(strstr(status(s), "over"));
	/* A panel without counters has no interval, but it is as old as its last look. */
	stage_keys(s, "3 .");
	ck_assert_ptr_null(strstr(status(s), "apart"));
	next(s, "waits", 60);
	next(s, "waits", 60);
	ck_assert_ptr_nonnull(strstr(status(s), "looks 1m apart"));
	/* What is since the last reset is not over anything. */
	next(s, "statements", 60);
	stage_keys(s, "2 c");
	ck_assert_ptr_null(strstr(status(s), "over"));
	stage_free(s);
}
END_TEST

START_TEST(looks_say_their_rate_and_cost)
{
	struct stage *s = stage_new(80, 24);
	struct feed *f = s->feed[stage_panel(s, "statements")][0];

	stage_keys(s, "2");
	ck_assert_ptr_null(strstr(status(s), "in-flight"));
	feed_set_looks(f, &(struct feed_looks){9.8, 10, 0.000512});
	ck_assert_ptr_nonnull(strstr(status(s), "| in-flight looks 10/s, ~0.05%"));
	feed_set_looks(f, &(struct feed_looks){3.14, 10, 0.000496}); /* within ten seconds nothing moves */
	ck_assert_ptr_nonnull(strstr(status(s), "| in-flight looks 10/s, ~0.05%"));
	stage_pass(s, 10);
	ck_assert_ptr_nonnull(strstr(status(s), "| in-flight looks 3.1/s of 10/s, ~0.05%"));
	stage_pass(s, 10);
	feed_set_looks(f, &(struct feed_looks){0.083, 20, 0.00002});
	ck_assert_ptr_nonnull(strstr(status(s), "| in-flight looks 0.083/s of 20/s, <0.01%"));
	feed_set_looks(f, NULL);
	ck_assert_ptr_null(strstr(status(s), "in-flight"));
	feed_set_looks(f, &(struct feed_looks){20, 20, 0.01}); /* and it looks again: at once */
	ck_assert_ptr_nonnull(strstr(status(s), "| in-flight looks 20/s, ~1.00%"));
	stage_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		an_interval_of_its_own_is_said,
		looks_say_their_rate_and_cost,
	};

	return unit_run("ui_time", cases, ARRAY_LEN(cases));
}
