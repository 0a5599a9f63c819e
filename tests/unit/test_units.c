/* SPDX-License-Identifier: PostgreSQL */
#include "core/units.h"

#include <math.h>
#include <string.h>

#include "unit.h"

#define NOW_US INT64_C(1763823845000000) /* 2025-11-22 15:04:05 UTC */

struct row {
	double value;
	const char *text;
};

static void expect(enum unit unit, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char out[UNIT_TEXT_MAX];
		size_t len = unit_format(out, unit, rows[i].value, NOW_US);

		ck_assert_msg(strcmp(out, rows[i].text) == 0, "%s %.17g: got %s, expected %s", unit_name(unit), rows[i].value,
		              out, rows[i].text);
		ck_assert_uint_eq(len, strlen(out));
	}
}

START_TEST(counts)
{
	static const struct row rows[] = {
		{0, "0"}, {-0.0, "0"}, {1204, "1204"}, {-1204, "-1204"}, {9999, "9999"}, {9999.4, "9999"}, {9999.5, "10.0k"},
		{10000, "10.0k"}, {99949, "99.9k"}, {99950, "100k"}, {999499, "999k"}, {999500, "1.0M"}, {1234567, "1.2M"},
		{-1234567, "-1.2M"}, {123456789, "123M"}, {9.9e9, "9.9G"}, {1e18, "1.0E"}, {1e21, "1000E"}, {3.7, "3.7"},
		{9.94, "9.9"}, {9.96, "10"}, {0.04, "<0.1"}, {0.05, "0.1"}, {-0.04, ">-0.1"},
	};

	expect(UNIT_NONE, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(durations)
{
	static const struct row rows[] = {
		{0, "0ms"}, {0.0001, "<0.001ms"}, {0.014, "0.014ms"}, {0.9994, "0.999ms"}, {0.9995, "1.0ms"}, {8.1, "8.1ms"},
		{99.94, "99.9ms"}, {99.95, "100ms"}, {999.4, "999ms"}, {999.5, "1.0s"}, {999.95, "1.0s"}, {2100, "2.1s"},
		{59949, "59.9s"}, {59950, "1m00s"}, {60000, "1m00s"}, {200000, "3m20s"}, {3599499, "59m59s"}, {3599500, "1h00m"},
		{43440000, "12h04m"}, {86369999, "23h59m"}, {86370000, "1d00h"}, {86400000.0 * 12 + 3600000.0 * 4, "12d04h"},
		{-2100, "-2.1s"}, {86400000.0 * 5000, "5000d"}, {1e30, "1e22d"},
	};

	expect(UNIT_MS, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(ages_round_down)
{
	static const struct row rows[] = {
		{0, "0s"}, {999, "0s"}, {-5, "0s"}, {3999, "3s"}, {59999, "59s"}, {60000, "1m"}, {3599999, "59m"},
		{3600000, "1h"}, {86399999, "23h"}, {86400000, "1d"}, {86400000.0 * 400, "400d"}, {-4000, "-4s"},
	};

	expect(UNIT_AGE, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(sizes)
{
	static const struct row rows[] = {
		{0, "0B"}, {1, "1B"}, {512, "512B"}, {1023, "1023B"}, {1024, "1.0kB"}, {8192, "8.0kB"}, {1024 * 9.94, "9.9kB"},
		{1024 * 9.96, "10kB"}, {1024 * 999.4, "999kB"}, {1024 * 999.5, "1.0MB"}, {1048576, "1.0MB"}, {1468006, "1.4MB"},
		{12884901888.0, "12GB"}, {0x1p60, "1.0EB"}, {0x1p72, "4096EB"}, {-8192, "-8.0kB"}, {0.01, "<0.1B"}, {2.5, "2.5B"},
	};

	expect(UNIT_BYTES, rows, ARRAY_LEN(rows));
	expect(UNIT_BYTE_RATE, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(a_hundred_percent_is_only_claimed_where_it_is_one)
{
	static const struct row rows[] = {
		{0, "0.0"}, {0.04, "<0.1"}, {97.1, "97.1"}, {99.94, "99.9"}, {99.95, "99.9"}, {99.9999, "99.9"}, {100, "100"},
		{100.04, "100"}, {100.1, "100.1"}, {250, "250.0"}, {12345, "12345"}, {-3.2, "-3.2"},
	};

	expect(UNIT_PERCENT, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(rates)
{
	static const struct row rows[] = {
		{0, "0"}, {0.004, "<0.01"}, {0.03, "0.03"}, {0.994, "0.99"}, {0.995, "1.0"}, {3.14, "3.1"}, {9.94, "9.9"},
		{9.95, "10"}, {312, "312"}, {999.4, "999"}, {999.5, "1.00k"}, {999.95, "1.00k"}, {1204, "1.20k"}, {9994, "9.99k"},
		{9995, "10.0k"}, {99949, "99.9k"}, {99950, "100k"}, {1.5e6, "1.50M"}, {-42, "-42"},
	};

	expect(UNIT_RATE, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(floats)
{
	static const struct row rows[] = {
		{0, "0.0"}, {0.25, "0.25"}, {0.001, "<0.01"}, {0.996, "1.0"}, {1, "1.0"}, {12.34, "12.3"}, {9999.94, "9999.9"},
		{9999.95, "10.0k"}, {-0.5, "-0.50"},
	};

	expect(UNIT_FLOAT, rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(the_rest)
{
	static const struct row ids[] = {{1234567890123, "1234567890123"}, {-7, "-7"}, {1e300, "1e300"}};
	static const struct row bools[] = {{0, "no"}, {1, "yes"}, {-1, "yes"}};
	static const struct row times[] = {
		{(double)NOW_US, "15:04:05"}, {(double)NOW_US - 864e8, "2025-11-21 15:04"}, {0, "1970-01-01 00:00"},
		{-1, "1969-12-31 23:59"}, {1e300, "-"},
	};
	char out[UNIT_TEXT_MAX];

	expect(UNIT_ID, ids, ARRAY_LEN(ids));
	expect(UNIT_BOOL, bools, ARRAY_LEN(bools));
	expect(UNIT_TIME, times, ARRAY_LEN(times));
	unit_format_int(out, UNIT_ID, INT64_MIN, 0);
	ck_assert_str_eq(out, "-9223372036854775808");
	unit_format_int(out, UNIT_ID, INT64_MAX, 0); /* a double would round it */
	ck_assert_str_eq(out, "9223372036854775807");
	unit_format_int(out, UNIT_NONE, INT64_MAX, 0);
	ck_assert_str_eq(out, "9.2E");
	unit_format_int(out, UNIT_TIME, INT64_MAX, 0);
	ck_assert_str_eq(out, "294247-01-10 04:00");
}
END_TEST

START_TEST(what_is_not_known_is_a_dash_in_every_unit)
{
	for (int unit = 0; unit < UNIT_COUNT_; unit++) {
		static const double unknown[] = {NAN, INFINITY, -INFINITY};
		char out[UNIT_TEXT_MAX];

		for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
			ck_assert_uint_eq(unit_format(out, (enum unit)unit, unknown[i], NOW_US), 1);
			ck_assert_str_eq(out, "-");
		}
		for (double v = 1e-300; v < 1e300; v *= 3.7) { /* fits for every size of number */
			ck_assert_uint_lt(unit_format(out, (enum unit)unit, v, NOW_US), UNIT_TEXT_MAX);
			ck_assert_uint_lt(unit_format(out, (enum unit)unit, -v, NOW_US), UNIT_TEXT_MAX);
		}
		ck_assert_int_eq(unit_by_name(str_from(unit_name((enum unit)unit))), unit);
	}
	ck_assert_int_eq(unit_by_name(STR("parsec")), -1);
}
END_TEST

START_TEST(reads_what_people_type)
{
	static const struct {
		const char *text;
		double value;
		enum unit unit;
	} rows[] = {
		{"12", 12, UNIT_NONE}, {" 12 ", 12, UNIT_NONE}, {"-3.5", -3.5, UNIT_NONE}, {"+4", 4, UNIT_NONE}, {".5", 0.5, UNIT_NONE},
		{"5.", 5, UNIT_NONE}, {"1e3", 1000, UNIT_NONE}, {"1.5e-3s", 1.5, UNIT_MS}, {"2k", 2000, UNIT_NONE},
		{"3M", 3e6, UNIT_NONE}, {"1.5 s", 1500, UNIT_MS}, {"30 min", 1800000, UNIT_MS}, {"100ms", 100, UNIT_MS},
		{"250us", 0.25, UNIT_MS}, {"2h", 7200000, UNIT_MS}, {"1d", 86400000, UNIT_MS}, {"5m", 300000, UNIT_MS},
		{"3m20s", 200000, UNIT_MS}, {"1h 30 min", 5400000, UNIT_MS}, {"12d04h", 1051200000, UNIT_MS}, {"90%", 90, UNIT_PERCENT},
		{"99.5 %", 99.5, UNIT_PERCENT}, {"64kB", 65536, UNIT_BYTES}, {"64 KB", 65536, UNIT_BYTES}, {"1 GB", 1073741824, UNIT_BYTES},
		{"10B", 10, UNIT_BYTES}, {"1.5MiB", 1572864, UNIT_BYTES}, {"0.1", 0.1, UNIT_NONE}, {"0.3s", 300, UNIT_MS},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err why = {0};
		double value = NAN;
		enum unit unit = UNIT_TEXT;

		ck_assert_msg(unit_parse(str_from(rows[i].text), &value, &unit, &why) == 0, "%s: %s", rows[i].text, why.text);
		ck_assert_msg(value == rows[i].value, "%s: %.17g", rows[i].text, value);
		ck_assert_int_eq((int)unit, (int)rows[i].unit);
	}
}
END_TEST

START_TEST(refuses_the_rest_and_touches_nothing)
{
	static const char *const bad[] = {
		"", " ", "-", "abc", "1x", "12 parsecs", "1 2", "1s 2h", "1s2s", "5%3", "1kBB", "nan", "inf", "0x10", "1,5", "--1",
		"1e400", "1m\x1b[2J", "s", "1..2", ".", "1h30",  "90%%", "64kb",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err why = {0};
		double value = 77;
		enum unit unit = UNIT_TEXT;

		ck_assert_msg(unit_parse(str_from(bad[i]), &value, &unit, &why) == ERR_INVALID, "taken: %s", bad[i]);
		ck_assert(value == 77 && unit == UNIT_TEXT);
		ck_assert_ptr_nonnull(strchr(why.text, '"'));
		ck_assert_ptr_null(strchr(why.text, '\x1b'));
	}
	ck_assert_int_eq(unit_parse((struct str){NULL, 0}, &(double){0}, &(enum unit){UNIT_NONE}, NULL), ERR_INVALID);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		counts,
		durations,
		ages_round_down,
		sizes,
		a_hundred_percent_is_only_claimed_where_it_is_one,
		rates,
		floats,
		the_rest,
		what_is_not_known_is_a_dash_in_every_unit,
		reads_what_people_type,
		refuses_the_rest_and_touches_nothing,
	};

	return unit_run("units", cases, ARRAY_LEN(cases));
}
