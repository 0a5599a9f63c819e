/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_info.h"

#include <math.h>
#include <string.h>

#include "unit.h"

START_TEST(lines_are_taken_apart)
{
	struct str rest = STR("# Server\r\n\r\nredis_version:7.0.15\r\nexe:/a:b\r\nno colon\r\n:nameless\r\nempty:\r\nlast:1");
	static const char *const want[][2] = {{"redis_version", "7.0.15"}, {"exe", "/a:b"}, {"empty", ""}, {"last", "1"}};
	struct str name, value;

	for (int i = 0; i < 4; i++) {
		ck_assert(info_next(&rest, &name, &value));
		ck_assert(str_is(name, want[i][0]));
		ck_assert(str_is(value, want[i][1]));
	}
	ck_assert(!info_next(&rest, &name, &value));
	ck_assert(!info_next(&rest, &name, &value));
}
END_TEST

START_TEST(the_first_of_two_is_believed)
{
	struct str value;

	ck_assert(info_get(STR("role:master\r\n# Errorstats\r\nrole:slave\r\n"), "role", &value));
	ck_assert(str_is(value, "master"));
	ck_assert(!info_get(STR("role_x:1\r\n"), "role", &value));
	ck_assert(!info_get((struct str){NULL, 0}, "role", &value));
}
END_TEST

START_TEST(pairs_skip_what_is_none)
{
	struct str rest = STR("calls=1,junk,=3,usec=2=2,"), name, value;

	ck_assert(info_pair(&rest, ',', &name, &value));
	ck_assert(str_is(name, "calls") && str_is(value, "1"));
	ck_assert(info_pair(&rest, ',', &name, &value));
	ck_assert(str_is(name, "usec") && str_is(value, "2=2"));
	ck_assert(!info_pair(&rest, ',', &name, &value));
}
END_TEST

START_TEST(integers_are_whole_64_bit_numbers)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {{"0", 0}, {"-0", 0}, {"007", 7}, {"9223372036854775807", INT64_MAX}, {"-9223372036854775808", INT64_MIN}};
	static const char *const bad[] = {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "9223372036854775808",
	                                  "-9223372036854775809", "18446744073709551615", "99999999999999999999999", "1e3",
	                                  "inf"};
	int64_t value;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert_msg(info_int(str_from(good[i].text), &value), "%s", good[i].text);
		ck_assert(value == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!info_int(str_from(bad[i]), &value), "%s", bad[i]);
}
END_TEST

START_TEST(numbers_are_finite_and_whole)
{
	static const char *const bad[] = {"", "%", "nan", "inf", "-inf", "1e400", "0x10", "1.0.0", "1,5", "1.5M", " 1",
	                                  "12345678901234567890123456789012345678901234567890123456789012345"};
	double value;

	ck_assert(info_number(STR("98.50%"), &value) && fabs(value - 98.5) < 1e-9);
	ck_assert(info_number(STR("-1.25e2"), &value) && fabs(value + 125) < 1e-9);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!info_number(str_from(bad[i]), &value), "%s", bad[i]);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {lines_are_taken_apart, the_first_of_two_is_believed, pairs_skip_what_is_none,
	                              integers_are_whole_64_bit_numbers, numbers_are_finite_and_whole};

	return unit_run("redis_info", cases, ARRAY_LEN(cases));
}
