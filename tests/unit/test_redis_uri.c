/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_uri.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const char *text_of(const char *value)
{
	return value ? value : "(none)";
}

/* "tls host port path db user password" of an address, or the error's text. */
static const char *parsed(const char *text)
{
	static char out[700];
	struct redis_address a = {0};
	struct err why;

	if (redis_address_parse(&a, text, &why)) {
		snprintf(out, sizeof(out), "! %s", why.text);
		return out;
	}
	snprintf(out, sizeof(out), "%d %s %d %s %d %s %s", a.tls, text_of(a.host), a.port, text_of(a.path), a.db,
	         text_of(a.user), text_of(a.password));
	redis_address_release(&a);
	return out;
}

START_TEST(every_form_is_understood)
{
	static const char *const rows[][2] = {
		{"redis://", "0 localhost 6379 (none) 0 (none) (none)"},
		{"redis://cache1", "0 cache1 6379 (none) 0 (none) (none)"},
		{"redis://cache1/", "0 cache1 6379 (none) 0 (none) (none)"},
		{"REDIS://cache1:7000/3", "0 cache1 7000 (none) 3 (none) (none)"},
		{"rediss://u:p@h:1/0", "1 h 1 (none) 0 u p"},
		{"redis://:p%40%3a%2F@h", "0 h 6379 (none) 0 (none) p@:/"},
		{"redis://u:a@b:c@h:2", "0 h 2 (none) 0 u a@b:c"},
		{"redis://u%20x:p@[::1]:5", "0 ::1 5 (none) 0 u x p"},
		{"redis://[fe80::1]", "0 fe80::1 6379 (none) 0 (none) (none)"},
		{"redis://u@h", "0 h 6379 (none) 0 u (none)"},
		{"unix:///run/redis.sock", "0 (none) 6379 /run/redis.sock 0 (none) (none)"},
		{"unix:///run/a%20b?db=2", "0 (none) 6379 /run/a b 2 (none) (none)"},
		{"unix://u:p@/run/r", "0 (none) 6379 /run/r 0 u p"},
		{"/run/redis/redis.sock", "0 (none) 6379 /run/redis/redis.sock 0 (none) (none)"},
		{"localhost", "0 localhost 6379 (none) 0 (none) (none)"},
		{"10.0.0.1:6380", "0 10.0.0.1 6380 (none) 0 (none) (none)"},
		{"[::1]:6380/1", "0 ::1 6380 (none) 1 (none) (none)"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(strcmp(parsed(rows[i][0]), rows[i][1]) == 0, "%s: %s", rows[i][0], parsed(rows[i][0]));
}
END_TEST

START_TEST(what_is_wrong_is_said_without_the_password)
{
	static const char *const wrong[] = {
		"", "http://h", "redis://h:0", "redis://h:65536", "redis://h:x", "redis://h:", "redis://h:99999999999999999999",
		"redis://h/x", "redis://h/-1", "redis://h?secret=sesame", "redis://sesame:%zz@h", "redis://u:sesame%2@h",
		"redis://u:sesame%00@h", "redis://[::1", "redis://[::1]x", "unix://host/path", "unix://", "unix:///",
		"redis://ho st", "redis://h\x1b[2J", "redis://h/9999999999",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const char *said = parsed(wrong[i]);
		ck_assert_msg(strncmp(said, "! Redis address: ", 17) == 0, "%s: %s", wrong[i], said);
		ck_assert_msg(!strstr(said, "sesame"), "%s", said);
	}
}
END_TEST

START_TEST(the_shown_name_has_no_secret)
{
	static const char *const rows[][2] = {
		{"rediss://u:p@h:1/4", "h:1/4"}, {"redis://:p@[::1]", "[::1]:6379"}, {"unix://u:p@/run/r?db=2", "/run/r?db=2"}};

	for (size_t i = 0; i < 3; i++) {
		struct redis_address a = {0};
		char name[64];
		ck_assert_int_eq(redis_address_parse(&a, rows[i][0], NULL), 0);
		redis_address_text(&a, name, sizeof(name));
		ck_assert_str_eq(name, rows[i][1]);
		redis_address_release(&a);
	}
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {every_form_is_understood, what_is_wrong_is_said_without_the_password,
	                              the_shown_name_has_no_secret};

	return unit_run("redis_uri", cases, 3);
}
