/* SPDX-License-Identifier: PostgreSQL */
#include "ui/chart.h"

#include <math.h>
#include <string.h>

#include "unit.h"

static void expect(const struct canvas *c, const char *want)
{
	struct buf out = BUF_INIT(100000);

	canvas_dump_text(c, &out);
	ck_assert_str_eq(buf_text(&out), want);
	buf_release(&out);
}

static struct chart_values values(const double *at, int count)
{
	return (struct chart_values){at, count};
}

START_TEST(sparklines)
{
	static const double v[] = {0, 1, 2, 3, 4, 5, 6, 7, NAN, 7.4, -1, INFINITY, 700};
	struct canvas c;

	canvas_init(&c, 14, 3);
	ck_assert_int_eq(chart_spark(&c, 0, 0, 14, SLOT_CHART_1, values(v, 13), 7), 14);
	chart_spark(&c, 0, 1, 3, SLOT_CHART_1, values(v, 8), NAN); /* only the newest; their own greatest */
	chart_spark(&c, 0, 2, 0, SLOT_CHART_1, values(v, 8), NAN);
	chart_spark(&c, 2, 2, 2, SLOT_CHART_1, values((double[]){0, 0}, 2), NAN);
	expect(&c, " ▁▂▃▄▅▆▇█ █▁ █\n▆▇█\n  ▁▁");
	c.ascii = true;
	canvas_clear(&c);
	chart_spark(&c, 0, 0, 14, SLOT_CHART_1, values(v, 13), 7);
	expect(&c, " _.:-=+*# #_ #\n\n");
	canvas_release(&c);
}
END_TEST

START_TEST(bars)
{
	struct canvas c;

	canvas_init(&c, 5, 8);
	chart_bar(&c, 0, 0, 4, SLOT_OK, 0.5);
	chart_bar(&c, 0, 1, 4, SLOT_OK, 0.53125);
	chart_bar(&c, 0, 2, 4, SLOT_OK, 0.0001); /* more than nothing is seen */
	chart_bar(&c, 0, 3, 4, SLOT_OK, 0.9999); /* less than all is seen */
	chart_bar(&c, 0, 4, 4, SLOT_OK, 7);
	chart_bar(&c, 0, 5, 4, SLOT_OK, NAN);
	chart_gauge(&c, 0, 6, 4, SLOT_OK, 0.3);
	chart_gauge(&c, 0, 7, 4, SLOT_OK, 0);
	expect(&c, "██\n██▏\n▏\n███▉\n████\n\n█▎··\n····");
	canvas_clear(&c);
	c.ascii = true;
	chart_bar(&c, 0, 0, 4, SLOT_OK, 0.53125);
	chart_gauge(&c, 0, 6, 4, SLOT_OK, 0.3);
	chart_gauge(&c, 0, 7, 4, SLOT_OK, NAN);
	expect(&c, "##-\n\n\n\n\n\n#-..\n");
	canvas_release(&c);
}
END_TEST

START_TEST(round_numbers_for_the_axis)
{
	static const struct {
		enum unit unit;
		double value, want;
	} rows[] = {
		{UNIT_RATE, 0, 1}, {UNIT_RATE, NAN, 1}, {UNIT_RATE, -3, 1}, {UNIT_RATE, INFINITY, 1}, {UNIT_RATE, 1, 1}, {UNIT_RATE, 1.01, 2},
		{UNIT_RATE, 2, 2}, {UNIT_RATE, 4.9, 5}, {UNIT_RATE, 5.1, 10}, {UNIT_RATE, 312, 500}, {UNIT_MS, 0.03, 0.05},
		{UNIT_PERCENT, 51, 100}, {UNIT_PERCENT, 100, 100}, {UNIT_PERCENT, 12, 20}, {UNIT_PERCENT, 250, 500},
		{UNIT_BYTES, 1024, 1024}, {UNIT_BYTES, 1025, 2048}, {UNIT_BYTES, 900, 1000}, {UNIT_BYTES, 3 * 1048576.0, 5 * 1048576.0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_double_eq_tol(chart_round_up(rows[i].unit, rows[i].value), rows[i].want, 1e-9 * rows[i].want);
}
END_TEST

START_TEST(a_line_with_axis_legend_and_times)
{
	static const double v[] = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, NAN, NAN, 100, 50, 0};
	struct chart chart = {
		.title = "calls", .unit = UNIT_RATE, .low = NAN, .high = NAN, .step_ms = 1000, .lines = 1,
		.line = {{.values = {v, 16}, .slot = SLOT_CHART_1, .label = "now", .now = 0}},
	};
	struct canvas c;

	canvas_init(&c, 30, 5);
	chart_draw(&c, (struct chart_box){0, 0, 30, 5}, &chart);
	expect(&c,
	       "calls  now 0     min 0 max 100\n"
	       "100│                     ⢀⠔⠁⠈⡆\n"
	       "   │                    ⡰⠁   ⢣\n"
	       "  0│                  ⡠⠊     ⢸\n"
	       "    -51.0s                 now");
	canvas_clear(&c);
	chart.end_us = INT64_C(1795349071000000); /* 12:04:31: what is shown ends there, not now */
	chart_draw(&c, (struct chart_box){0, 0, 30, 5}, &chart);
	expect(&c,
	       "calls  now 0     min 0 max 100\n"
	       "100│                     ⢀⠔⠁⠈⡆\n"
	       "   │                    ⡰⠁   ⢣\n"
	       "  0│                  ⡠⠊     ⢸\n"
	       "    12:03:40          12:04:31");
	canvas_release(&c);
}
END_TEST

START_TEST(lines_differ_without_colour)
{
	static const double a[] = {10, 10, 10, 10, 10, 10, 10, 10}, b[] = {2, 2, 2, 2, 2, 2, 2, 2};
	struct chart chart = {
		.title = NULL, .unit = UNIT_MS, .low = 0, .high = 10, .lines = 2,
		.line = {{.values = {a, 8}, .slot = SLOT_CHART_1, .label = "mean", .now = 10},
		         {.values = {b, 8}, .slot = SLOT_CHART_2, .label = "p95", .now = 2, .mark = MARK_ESTIMATED}},
	};
	struct canvas c;

	canvas_init(&c, 28, 3);
	chart_draw(&c, (struct chart_box){0, 0, 28, 3}, &chart);
	expect(&c,
	       "━ mean 10.0ms  ┅ p95 ~2.0ms\n"
	       "10.0ms│                 ⠉⠉⠉⠉\n"
	       "   0ms│                 ⠄⠄⠄⠄");
	canvas_clear(&c);
	c.ascii = true;
	chart_draw(&c, (struct chart_box){0, 0, 28, 3}, &chart);
	expect(&c,
	       "* mean 10.0ms  + p95 ~2.0ms\n"
	       "10.0ms|                 ****\n"
	       "   0ms|                 ++++");
	canvas_release(&c);
}
END_TEST

START_TEST(nothing_known_and_no_place)
{
	static const double unknown[] = {NAN, NAN}, odd[] = {-INFINITY, 1e308, -1e308, INFINITY, 3};
	struct chart chart = {
		.title = "t", .unit = UNIT_PERCENT, .low = NAN, .high = NAN, .step_ms = 500, .lines = 1,
		.line = {{.values = {unknown, 2}, .slot = SLOT_CHART_1, .label = "x", .now = NAN, .mark = MARK_ESTIMATED}},
	};
	struct canvas c;

	canvas_init(&c, 20, 3);
	chart_draw(&c, (struct chart_box){0, 0, 20, 3}, &chart);
	expect(&c, "t  x -\n1.0%│\n0.0%│");
	chart.line[0].values = values(odd, 5);
	for (int w = -1; w < 25; w++)
		for (int h = -1; h < 9; h++)
			chart_draw(&c, (struct chart_box){w % 7, h % 3, w, h}, &chart);
	chart.line[0].values = values(NULL, 0);
	chart_draw(&c, (struct chart_box){0, 0, 20, 3}, &chart);
	canvas_release(&c);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		sparklines,
		bars,
		round_numbers_for_the_axis,
		a_line_with_axis_legend_and_times,
		lines_differ_without_colour,
		nothing_known_and_no_place,
	};

	return unit_run("chart", cases, ARRAY_LEN(cases));
}
