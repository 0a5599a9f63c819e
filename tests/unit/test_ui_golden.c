/* SPDX-License-Identifier: PostgreSQL */
/* Whole screens, text and colours, against golden files. */
#include "stage.h"

#include <stdio.h>

#include "unit.h"

/* A screen at a size after some keys. */
static void shoot(int width, int height, const char *keys, const char *name)
{
	struct stage *s = stage_new(width, height);

	ui_draw(s->ui, &s->host, &s->canvas); /* what keys act on is what was drawn */
	stage_keys(s, keys);
	stage_golden(s, name);
	stage_free(s);
}

START_TEST(statements)
{
	shoot(120, 40, "2", "statements-120x40");
	shoot(80, 24, "2", "statements-80x24");
	shoot(40, 12, "2", "statements-40x12");
	shoot(120, 40, "2 v Down Down", "statements-wrap");
	shoot(80, 24, "2 Right Right Right", "statements-scrolled");
}
END_TEST

START_TEST(activity)
{
	shoot(120, 30, "1", "activity-120x30");
	shoot(120, 30, "1 i t Space U Space T", "activity-tree");
}
END_TEST

START_TEST(locks)
{
	shoot(100, 24, "3", "locks-100x24");
	shoot(100, 24, "3 .", "waits-100x24");
}
END_TEST

START_TEST(overview)
{
	shoot(120, 40, "0", "overview-120x40");
	shoot(80, 24, "0", "overview-80x24");
	shoot(60, 15, "0", "overview-60x15");
}
END_TEST

START_TEST(cards_and_missing_servers)
{
	shoot(80, 24, "8", "cache-80x24");
	shoot(80, 24, "7", "pools-80x24");
	shoot(120, 24, "S", "servers-120x24");
}
END_TEST

START_TEST(windows)
{
	shoot(100, 40, "2 Enter", "detail-100x40");
	shoot(100, 60, "2 ?", "help-100x60");
	shoot(100, 30, "2 f Down Space", "setup-100x30");
	shoot(80, 24, "2 o", "sort-80x24");
}
END_TEST

START_TEST(prompts)
{
	struct stage *s = stage_new(100, 24);

	stage_keys(s, "2");
	ui_draw(s->ui, &s->host, &s->canvas);
	stage_keys(s, "\\");
	stage_type(s, "mean > 10ms and nothing = 1");
	stage_keys(s, "Enter");
	stage_golden(s, "filter-error-100x24");
	stage_keys(s, "^U");
	stage_type(s, "share > 3");
	stage_keys(s, "Enter");
	stage_keys(s, "/");
	stage_type(s, "TABLE_1");
	stage_golden(s, "search-100x24");
	stage_free(s);
}
END_TEST

START_TEST(stale)
{
	struct stage *s = stage_new(100, 24);

	stage_keys(s, "2");
	s->server[0].state = SERVER_LOST;
	snprintf(s->server[0].reason, sizeof(s->server[0].reason), "connection refused");
	s->server[0].since_ns = s->host.now.mono_ns;
	stage_pass(s, 12);
	s->server[0].retry_ns = s->host.now.mono_ns + 3 * CLOCK_SECOND_NS;
	stage_golden(s, "lost-100x24");
	stage_free(s);
}
END_TEST

START_TEST(ascii)
{
	struct stage *s = stage_new(80, 24);

	s->canvas.ascii = true;
	stage_keys(s, "0");
	stage_golden(s, "ascii-overview-80x24");
	stage_keys(s, "3");
	stage_golden(s, "ascii-locks-80x24");
	for (const char *at = stage_text(s); *at; at++)
		ck_assert_msg((unsigned char)*at < 0x80, "beyond ASCII in: %s", at);
	stage_free(s);
}
END_TEST

START_TEST(nothing_yet)
{
	struct stage *s = stage_new_empty(80, 24);

	s->server[0].state = s->server[1].state = SERVER_CONNECTING;
	s->server[0].answered_ns = s->server[1].answered_ns = 0;
	s->server[0].since_ns = s->server[1].since_ns = s->host.now.mono_ns;
	stage_keys(s, "2");
	stage_golden(s, "connecting-80x24");
	stage_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		statements,
		activity,
		locks,
		overview,
		cards_and_missing_servers,
		windows,
		prompts,
		stale,
		ascii,
		nothing_yet,
	};

	return unit_run("ui_golden", cases, ARRAY_LEN(cases));
}
