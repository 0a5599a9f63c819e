/* SPDX-License-Identifier: PostgreSQL */
/* What keys, the prompt, commands, paste and the mouse do. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* The row of the screen with the cursor bar, -1. */
static int cursor_line(struct stage *s)
{
	const char *style = stage_style(s);

	for (int y = 0; *style; y++) {
		size_t len = strcspn(style, "\n");

		if (memchr(style, 'C', len))
			return y;
		style += len + (style[len] == '\n');
	}
	return -1;
}

/* The text of the row under the cursor. */
static const char *cursor_text(struct stage *s)
{
	int y = cursor_line(s);

	return y < 0 ? "" : stage_line(s, y);
}

static void has(struct stage *s, const char *text)
{
	ck_assert_msg(stage_find(s, text) >= 0, "'%s' is not on the screen:\n%.3000s", text, stage_text(s));
}

static void has_not(struct stage *s, const char *text)
{
	ck_assert_msg(stage_find(s, text) < 0, "'%s' is on the screen:\n%.3000s", text, stage_text(s));
}

static struct stage *on(const char *keys)
{
	struct stage *s = stage_new(120, 40);

	ui_draw(s->ui, &s->host, &s->canvas);
	stage_keys(s, keys);
	ui_draw(s->ui, &s->host, &s->canvas);
	return s;
}

START_TEST(moves_by_rows_and_pages)
{
	struct stage *s = on("2");
	int first = cursor_line(s);

	stage_keys(s, "j j Down k");
	ck_assert_int_eq(cursor_line(s), first + 2);
	stage_keys(s, "G");
	has(s, "9-40 of 40");
	ck_assert_int_eq(cursor_line(s), first + 31);
	stage_keys(s, "^U PgUp PgUp PgUp Up Home");
	ck_assert_int_eq(cursor_line(s), first);
	stage_keys(s, "PgDn PgDn PgDn End g");
	ck_assert_int_eq(cursor_line(s), first);
	stage_free(s);
}
END_TEST

START_TEST(goes_through_the_screens)
{
	struct stage *s = on("1");

	has(s, "1 ACTIVITY");
	ck_assert(stage_keys(s, "3") & UI_WANT);
	has(s, "3 LOCKS");
	has(s, "[Locks]");
	stage_keys(s, ".");
	has(s, "[Waits]");
	has(s, "IO:DataFileRead");
	stage_keys(s, ", Tab");
	has(s, "7 POOLS");
	stage_keys(s, "S-Tab S-Tab");
	has(s, "2 STATEMENTS");
	stage_keys(s, "5");
	has(s, "no screen has that digit");
	stage_keys(s, "S");
	has(s, "SERVERS");
	has(s, "cache1:6379");
	stage_free(s);
}
END_TEST

START_TEST(sorts)
{
	struct stage *s = on("2");

	has(s, "TIME%▼");
	stage_keys(s, ">");
	has(s, "CALLS/s▼");
	has_not(s, "TIME%▼");
	ck_assert_ptr_nonnull(strstr(stage_line(s, cursor_line(s)), "number 0 "));
	stage_keys(s, "I");
	has(s, "CALLS/s▲");
	stage_keys(s, "< <"); /* no further than the first */
	has(s, "TIME%▼");
	stage_keys(s, "o Down Down Enter");
	has(s, "MEAN▼");
	stage_keys(s, "F6 Esc");
	has(s, "MEAN▼");
	stage_free(s);
}
END_TEST

START_TEST(searches_while_one_types)
{
	struct stage *s = on("2");

	stage_keys(s, "/");
	stage_type(s, "number 3");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 3 "));
	stage_type(s, "3");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 33 "));
	ck_assert_ptr_nonnull(strchr(stage_style(s), 'C'));
	stage_keys(s, "BS");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 3 "));
	stage_keys(s, "Enter n");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 34 "));
	stage_keys(s, "N");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 3 "));
	ck_assert_ptr_nonnull(strchr(strchr(stage_style(s), '\n'), 'm')); /* matches are marked */
	stage_keys(s, "/");
	stage_type(s, "no such text");
	has(s, "not found");
	stage_keys(s, "Esc");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "number 3 ")); /* back to where it began */
	stage_free(s);
}
END_TEST

START_TEST(filters_and_says_so)
{
	struct stage *s = on("2");

	stage_keys(s, "\\");
	stage_type(s, "mean > 9ms");
	stage_keys(s, "Enter");
	has(s, "filter mean > 9ms");
	has(s, "of 40; = clears)");
	has_not(s, "number 6 ");
	stage_keys(s, "F4 ^U");
	stage_type(s, "nothing here");
	stage_keys(s, "Enter");
	has(s, "the filter leaves none of 40 rows");
	stage_keys(s, "=");
	has(s, "number 6 ");
	stage_keys(s, "&");
	stage_type(s, "mean >");
	stage_keys(s, "Enter");
	ck_assert_msg(stage_find(s, "filter: mean >") >= 0, "the line stays open on an error");
	ck_assert_ptr_nonnull(strchr(strrchr(stage_style(s), 'E'), 'E'));
	stage_keys(s, "Esc");
	has(s, "number 6 ");
	stage_free(s);
}
END_TEST

START_TEST(escape_goes_back_and_never_quits)
{
	struct stage *s = on("2");
	unsigned all = 0;

	stage_keys(s, "\\");
	stage_type(s, "number");
	stage_keys(s, "Enter /");
	stage_type(s, "number 3");
	stage_keys(s, "Enter Space ?");
	has(s, "dytop help");
	all |= stage_keys(s, "Esc");
	has_not(s, "dytop help");
	has(s, "/number 3");
	all |= stage_keys(s, "Esc");
	has_not(s, "/number 3");
	has(s, "1 tagged");
	all |= stage_keys(s, "Esc");
	has_not(s, "1 tagged");
	has(s, "filter number");
	all |= stage_keys(s, "Esc");
	has_not(s, "filter number");
	for (int i = 0; i < 20; i++)
		all |= stage_keys(s, "Esc");
	ck_assert(!(all & UI_QUIT));
	stage_free(s);
}
END_TEST

START_TEST(quits)
{
	static const char *const states[] = {"1", "2 Enter", "2 ?", "2 f", "2 o", "2 /", "2 :", "2 \\", "d"};

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct stage *s = on(states[i]);

		ck_assert_msg(stage_keys(s, "^C") & UI_QUIT, "after %s", states[i]);
		stage_free(s);
	}
	for (int i = 0; i < 2; i++) {
		struct stage *s = on("2");

		ck_assert(stage_keys(s, i ? "q" : "F10") & UI_QUIT);
		stage_free(s);
	}
}
END_TEST

START_TEST(a_paste_fires_no_key)
{
	struct stage *s = on("2");

	ck_assert_uint_eq(stage_paste(s, "qqq:quit\r\n\x03q"), UI_REDRAW);
	has(s, "pasted text fires no keys");
	stage_keys(s, ":");
	ck_assert(!(stage_paste(s, "sort calls\nquit\r\n\x1b[2J") & UI_QUIT));
	has(s, ":sort calls quit ");
	has_not(s, "CALLS/s▼");
	stage_free(s);
}
END_TEST

START_TEST(tags_and_copies)
{
	struct stage *s = on("2");

	ck_assert(stage_keys(s, "y") & UI_COPY);
	ck_assert(strncmp(ui_copy_text(s->ui).at, "SELECT /* number 6 */", 20) == 0);
	stage_keys(s, "Space Space");
	has(s, "2 tagged");
	ck_assert(stage_keys(s, "Y") & UI_COPY);
	ck_assert(strncmp(ui_copy_text(s->ui).at, "share\tcalls\tmean", 16) == 0);
	ck_assert_ptr_nonnull(strstr(ui_copy_text(s->ui).at, "number 5"));
	ck_assert_ptr_null(strstr(ui_copy_text(s->ui).at, "number 4"));
	stage_keys(s, "U");
	has_not(s, "tagged");
	stage_free(s);
}
END_TEST

START_TEST(copies_no_control_bytes)
{
	struct stage *s = on("1");

	stage_push(s, "activity", 0, "1|-|active|x|1|1|-|0|a\x1b[31m\x9b;rm\x07 \xff b");
	stage_keys(s, "y");
	for (const char *at = ui_copy_text(s->ui).at; *at; at++)
		ck_assert_msg((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f, "%s", ui_copy_text(s->ui).at);
	stage_free(s);
}
END_TEST

START_TEST(hides_trees_and_cycles)
{
	struct stage *s = on("1");

	has(s, "1 idle hidden");
	has_not(s, "COMMIT");
	stage_keys(s, "i");
	has(s, "COMMIT");
	stage_keys(s, "i t");
	has(s, "└ bridge");
	has(s, "QUERY▼");
	stage_keys(s, "T");
	has(s, "XACT▼");
	stage_keys(s, "2 t");
	has(s, "Statements is no tree");
	stage_keys(s, "i");
	has(s, "hides no rows");
	stage_free(s);
}
END_TEST

START_TEST(says_what_privilege_hides)
{
	struct stage *s = on("1");

	has(s, "1 hidden: grant pg_monitor");
	stage_free(s);
}
END_TEST

START_TEST(pauses_and_paces)
{
	struct stage *s = on("2");

	ck_assert(stage_keys(s, "p") & UI_PAUSE);
	ck_assert(ui_paused(s->ui));
	has(s, "PAUSED");
	stage_keys(s, "Z");
	ck_assert(!ui_paused(s->ui));
	ck_assert(stage_keys(s, "+") & UI_INTERVAL);
	ck_assert_double_eq(ui_interval(s->ui), 500);
	stage_keys(s, "+ + +");
	ck_assert_double_eq(ui_interval(s->ui), 250);
	stage_keys(s, "- - - -");
	ck_assert_double_eq(ui_interval(s->ui), 5000);
	stage_keys(s, "d ^U");
	stage_type(s, "1.5");
	ck_assert(stage_keys(s, "Enter") & UI_INTERVAL);
	ck_assert_double_eq(ui_interval(s->ui), 1500);
	has(s, "1.5s");
	stage_keys(s, "d ^U");
	stage_type(s, "0.001");
	ck_assert(!(stage_keys(s, "Enter") & UI_INTERVAL));
	has(s, "an interval is from 100ms to 1h");
	ck_assert(stage_keys(s, "r") & UI_REFRESH);
	ck_assert(stage_keys(s, "^L") & UI_REPAINT);
	ck_assert(stage_keys(s, "^Z") & UI_SUSPEND);
	ck_assert(stage_keys(s, "R") & UI_RETRY);
	stage_free(s);
}
END_TEST

START_TEST(runs_commands)
{
	struct stage *s = on("2");

	stage_keys(s, ":");
	stage_type(s, "sort calls asc");
	stage_keys(s, "Enter");
	has(s, "CALLS/s▲");
	stage_keys(s, ":");
	stage_type(s, "columns -calls -max +total");
	stage_keys(s, "Enter");
	has_not(s, "CALLS/s");
	has(s, "TOTAL");
	stage_keys(s, ":");
	stage_type(s, "columns nonsense");
	stage_keys(s, "Enter");
	has(s, "no column 'nonsense'");
	stage_keys(s, ":");
	stage_type(s, "screen locks");
	stage_keys(s, "Enter");
	has(s, "3 LOCKS");
	stage_keys(s, ":");
	stage_type(s, "theme light");
	ck_assert(stage_keys(s, "Enter") & UI_THEME);
	ck_assert_str_eq(ui_theme(s->ui), "light");
	stage_keys(s, ":");
	stage_type(s, "set mode cumulative");
	ck_assert(stage_keys(s, "Enter") & UI_MODE);
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "locks")), FEED_LIFETIME);
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "activity")), FEED_INTERVAL);
	stage_keys(s, ":");
	stage_type(s, "qui");
	ck_assert(stage_keys(s, "Enter") & UI_QUIT);
	stage_keys(s, ":");
	stage_type(s, "nonsense 1 2 3");
	stage_keys(s, "Enter");
	has(s, "no such command 'nonsense'");
	stage_free(s);
}
END_TEST

START_TEST(completes)
{
	struct stage *s = on("2");

	stage_keys(s, ":");
	stage_type(s, "colu");
	stage_keys(s, "Tab");
	has(s, ":columns");
	stage_type(s, "+tr");
	stage_keys(s, "Tab");
	has(s, ":columns +trend");
	stage_keys(s, "^U");
	stage_type(s, "sort-");
	stage_keys(s, "Tab");
	has(s, "sort-left sort-right sort-list sort-invert");
	stage_keys(s, "^U");
	stage_type(s, "set theme l");
	stage_keys(s, "Tab");
	has(s, ":set theme light");
	stage_keys(s, "Esc \\");
	stage_type(s, "mean > 1ms and ca");
	stage_keys(s, "Tab");
	has(s, "filter: mean > 1ms and calls");
	stage_keys(s, "Esc :");
	stage_type(s, "filter mea");
	stage_keys(s, "Tab");
	has(s, ":filter mean");
	stage_free(s);
}
END_TEST

START_TEST(unbound_keys_say_so)
{
	struct stage *s = on("2");

	stage_keys(s, "M");
	has(s, "no such key here; ? for help");
	stage_pass(s, 5);
	ck_assert(ui_tick(s->ui, &s->host) & UI_REDRAW);
	has(s, "no such key here");
	stage_pass(s, 5);
	ui_tick(s->ui, &s->host);
	has_not(s, "no such key here");
	ui_notice(s->ui, &s->host, true, "it \x1b[2J failed");
	stage_pass(s, 3600);
	ui_tick(s->ui, &s->host);
	has(s, "it \\x1B[2J failed"); /* errors stay */
	ui_notice(s->ui, &s->host, false, "saved");
	has(s, "failed");
	stage_keys(s, "j");
	has_not(s, "failed");
	stage_free(s);
}
END_TEST

START_TEST(detail_follows_its_row)
{
	struct stage *s = on("1");

	ck_assert(stage_keys(s, "Enter") & UI_DETAIL);
	has(s, "Activity: one row");
	has(s, "UPDATE bridge_transactions SET status");
	stage_pass(s, 1);
	stage_push(s, "activity", 0, "4711|-|active|bridge|9|9|-|0|x\n4712|-|active|bridge|76000|81000|-|0|UPDATE other");
	has(s, "UPDATE other");
	has_not(s, "gone since");
	stage_pass(s, 1);
	stage_push(s, "activity", 0, "4711|-|active|bridge|9|9|-|0|x");
	has(s, "gone since");
	has(s, "UPDATE other"); /* what was last known stays */
	stage_keys(s, "y");
	stage_keys(s, "?");
	has(s, "dytop help");
	stage_keys(s, "q");
	has(s, "Activity: one row");
	has(s, "UPDATE other");
	ck_assert(!(stage_keys(s, "q") & UI_QUIT));
	has_not(s, "one row");
	stage_free(s);
}
END_TEST

START_TEST(setup_changes_the_table_at_once)
{
	struct stage *s = on("2 f Down Space");

	has_not(s, "CALLS/s▼");
	ck_assert_int_gt(stage_find(s, "[ ] CALLS/s"), 0);
	stage_keys(s, "Space ] ]");
	stage_keys(s, "Esc");
	ck_assert_ptr_nonnull(strstr(stage_line(s, 5), "MAX  CALLS/s"));
	stage_keys(s, "f Up Right");
	ck_assert(s->result & UI_THEME);
	ck_assert_str_eq(ui_theme(s->ui), "light");
	stage_keys(s, "D");
	stage_keys(s, "Esc");
	ck_assert_ptr_nonnull(strstr(stage_line(s, 5), "CALLS/s     MEAN"));
	ck_assert(stage_keys(s, "W") & UI_SAVE);
	stage_free(s);
}
END_TEST

START_TEST(one_column_always_stays)
{
	struct stage *s = on("2 :");

	stage_type(s, "columns mean");
	stage_keys(s, "Enter f");
	for (int i = 0; i < 12; i++)
		stage_keys(s, "Space Down");
	stage_keys(s, "Esc :");
	stage_type(s, "columns -share -calls -mean -max -per_call -hit -io -trend -total -query");
	stage_keys(s, "Enter");
	has(s, "1-");
	stage_free(s);
}
END_TEST

START_TEST(the_mouse)
{
	struct stage *s = on("2");
	struct term_event wheel = {.key = TERM_KEY_MOUSE, .x = 5, .y = 20, .wheel = 1};
	int y = stage_find(s, "number 13 ");

	stage_click(s, 30, y);
	ck_assert_int_eq(cursor_line(s), y);
	stage_click(s, 30, y);
	has(s, "Statements: one row");
	stage_keys(s, "Esc");
	stage_text(s); /* a click means what was drawn there */
	stage_click(s, 12, 5);
	has(s, "CALLS/s▼");
	stage_click(s, 12, 5);
	has(s, "CALLS/s▲");
	stage_click(s, 4, 4);
	has(s, "0 OVERVIEW");
	stage_keys(s, "2");
	y = cursor_line(s);
	ui_event(s->ui, &s->host, &wheel);
	ck_assert_int_eq(cursor_line(s), y + 3);
	ck_assert(stage_click(s, 2, 39) & UI_QUIT); /* "q quit" in the footer */
	stage_free(s);
}
END_TEST

START_TEST(switches_servers)
{
	struct stage *s = stage_new(120, 40);

	s->server[3] = s->server[0];
	snprintf(s->server[3].name, sizeof(s->server[3].name), "other@db2");
	s->servers[3] = &s->server[3];
	s->server_count = s->host.server_count = 4;
	stage_keys(s, "1");
	has(s, "bridge@db1:5432 (1 of 2)");
	ck_assert(stage_keys(s, "}") & UI_WANT);
	has(s, "other@db2 (2 of 2)");
	has(s, "asking ...");
	stage_push(s, "activity", 3, "7|-|active|x|1|1|-|0|SELECT 7");
	has(s, "SELECT 7");
	stage_keys(s, "{");
	has(s, "bridge@db1:5432 (1 of 2)");
	has_not(s, "SELECT 7");
	stage_keys(s, "S G }");
	stage_keys(s, "1");
	has(s, "other@db2 (2 of 2)");
	stage_free(s);
}
END_TEST

START_TEST(wants_what_is_on_the_screen)
{
	struct stage *s = on("2");
	struct ui_want want[16];
	const int *rows;
	int count = ui_wants(s->ui, &s->host, want, 16), row;

	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(want[0].panel, stage_panel(s, "statements"));
	ck_assert_int_eq(want[0].server, 0);
	count = ui_visible_rows(s->ui, want[0].panel, 0, &rows);
	ck_assert_int_eq(count, 32);
	for (int i = 0; i < count; i++)
		ck_assert(rows[i] >= 0 && rows[i] < 40);
	ck_assert_int_eq(ui_visible_rows(s->ui, stage_panel(s, "activity"), 0, &rows), 0);
	ck_assert(!ui_detail_row(s->ui, want[0].panel, 0, &row));
	stage_keys(s, "Down Enter");
	ck_assert(ui_detail_row(s->ui, want[0].panel, 0, &row));
	ck_assert_int_eq(row, 5);
	stage_keys(s, "Esc 8");
	count = ui_wants(s->ui, &s->host, want, 16);
	ck_assert_int_eq(count, 1);
	ck_assert_int_eq(want[0].panel, stage_panel(s, "cache"));
	ck_assert_int_eq(want[0].server, 1);
	stage_keys(s, "7"); /* a source that nobody gave is not wanted */
	ck_assert_int_eq(ui_wants(s->ui, &s->host, want, 16), 0);
	stage_keys(s, "S");
	ck_assert_int_eq(ui_wants(s->ui, &s->host, want, 16), 1);
	ck_assert_int_eq(want[0].server, 2);
	stage_keys(s, "0");
	ck_assert_int_eq(ui_wants(s->ui, &s->host, want, 16), 3);
	stage_free(s);
}
END_TEST

/* Cells that differ between two draws. */
static int changed(struct stage *s, const struct canvas *before)
{
	int count = 0;

	ui_draw(s->ui, &s->host, &s->canvas);
	for (int i = 0; i < s->canvas.width * s->canvas.height; i++)
		count += memcmp(&before->cell[i], &s->canvas.cell[i], sizeof(before->cell[i])) != 0;
	return count;
}

START_TEST(only_the_clock_moves_while_nothing_is_new)
{
	static const char *const screens[] = {"0", "1", "2", "3", "8", "2 Enter", "2 ?", "2 f"};

	for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
		struct stage *s = on(screens[i]);
		struct canvas before;

		canvas_init(&before, 120, 40);
		stage_pass(s, 10); /* what a key left is gone */
		ui_tick(s->ui, &s->host);
		ui_draw(s->ui, &s->host, &before);
		for (int t = 0; t < 50; t++) {
			stage_pass(s, 1);
			ck_assert(ui_tick(s->ui, &s->host) & UI_REDRAW);
			ck_assert_int_le(changed(s, &before), 4);
			stage_pass(s, 0.001);
			ck_assert(!(ui_tick(s->ui, &s->host) & UI_REDRAW));
			stage_pass(s, -0.001);
			ui_draw(s->ui, &s->host, &before);
		}
		canvas_release(&before);
		stage_free(s);
	}
}
END_TEST

START_TEST(follows)
{
	struct stage *s = on("1 F");

	ck_assert_ptr_nonnull(strstr(cursor_text(s), "4712"));
	stage_push(s, "activity", 0, "1|-|active|a|99000|1|-|0|q\n2|-|active|a|98000|1|-|0|q\n4712|-|active|a|1|1|-|0|q");
	ck_assert_ptr_nonnull(strstr(cursor_text(s), "4712"));
	stage_pass(s, 10);
	ui_tick(s->ui, &s->host);
	has(s, "following");
	stage_free(s);
}
END_TEST

START_TEST(help_and_footer_come_from_the_table)
{
	struct stage *s = on("3");
	struct buf table = BUF_INIT(1 << 18);

	has(s, "t tree");
	stage_keys(s, "2");
	has_not(s, "t tree");
	stage_keys(s, "?");
	stage_keys(s, "/");
	stage_type(s, "every action");
	has(s, "Every action has a name too");
	ui_key_table(&table, false);
	ck_assert_ptr_nonnull(strstr(table.data, "| `I` | `sort-invert` | invert the order |"));
	buf_clear(&table);
	ui_key_table(&table, true);
	ck_assert_ptr_nonnull(strstr(table.data, ".B \"I\"\n"));
	ui_command_table(&table, false);
	ck_assert_ptr_nonnull(strstr(table.data, "`sort COLUMN [asc\\|desc]`"));
	buf_release(&table);
	stage_free(s);
}
END_TEST

START_TEST(reasons_for_nothing)
{
	struct stage *s = on("2");
	struct err why;
	int statements = stage_panel(s, "statements");

	feed_free(s->feed[statements][0]);
	s->feed[statements][0] = NULL;
	has(s, "asking ...");
	s->feed[statements][0] = feed_new(s->panel[statements]);
	err_set(&why, ERR_UNSUPPORTED, "extension pg_stat_statements is not installed: CREATE EXTENSION pg_stat_statements");
	feed_fail(s->feed[statements][0], &why);
	has(s, "CREATE EXTENSION pg_stat_statements");
	err_set(&why, ERR_UNSUPPORTED, "no such \xe2\x80\xae function");
	feed_fail(s->feed[statements][0], &why);
	has(s, "no such \\u202E function");
	stage_keys(s, "3");
	stage_push(s, "locks", 0, "");
	has(s, "nothing waits: no locks");
	stage_keys(s, "1");
	stage_push(s, "activity", 0, "1|-|idle|a|99000|1|-|0|q");
	has(s, "1 idle hidden (i shows them)");
	stage_free(s);
}
END_TEST

START_TEST(a_first_sample_is_no_rate)
{
	struct stage *s = stage_new_empty(120, 40);

	stage_push(s, "overview", 0, "100000|99|1|143|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1000|5000|9|1|1|1|1|SELECT 1");
	stage_keys(s, "2");
	has(s, "xacts -");
	has(s, "connections 143"); /* no counter: known at once */
	has(s, "first sample: since the last reset");
	stage_pass(s, 1);
	stage_push(s, "overview", 0, "100100|199|1|143|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1010|5100|9|1|1|1|1|SELECT 1");
	has(s, "xacts 100/s");
	has_not(s, "first sample");
	stage_keys(s, "c");
	stage_pass(s, 10);
	ui_tick(s->ui, &s->host);
	has(s, "since the last reset");
	stage_free(s);
}
END_TEST

/* A line for the ':' prompt. */
static unsigned command(struct stage *s, const char *line)
{
	stage_keys(s, ":");
	stage_type(s, line);
	return stage_keys(s, "Enter");
}

START_TEST(steps_in_a_recording)
{
	const int64_t minute = 60 * INT64_C(1000000);
	struct stage *s = on("2");
	int64_t now;

	/* nothing is kept of a live session */
	ck_assert(!((stage_keys(s, "(") | stage_keys(s, ")") | stage_keys(s, "b") | command(s, "branch 12:00")) & (UI_STEP | UI_PAUSE)));
	has(s, "dytop --record FILE keeps one");
	ck_assert(!(stage_keys(s, "B") & UI_PAUSE));
	has(s, "this is live");
	stage_keys(s, "p");
	ck_assert(stage_keys(s, "B") & UI_PAUSE && !ui_paused(s->ui));
	s->host.replay = true;
	s->host.frame = 7;
	s->host.frames = 9;
	s->host.now.wall_us = now = INT64_C(1795262400000000) + 10 * minute; /* 12:10 */
	s->host.began_us = now - 5 * minute;
	ck_assert((stage_keys(s, "(") & (UI_STEP | UI_PAUSE)) == (UI_STEP | UI_PAUSE));
	ck_assert(ui_step(s->ui).kind == UI_STEP_FRAMES && ui_step(s->ui).by == -1 && ui_paused(s->ui));
	has(s, "frame 7 of 9");
	has(s, "( back  ) on  b go to");
	stage_keys(s, ")");
	ck_assert_int_eq((int)ui_step(s->ui).by, 1);
	ck_assert(command(s, "step-back") & UI_STEP);
	ck_assert_int_eq((int)ui_step(s->ui).by, -1);
	ck_assert(stage_keys(s, "B") & UI_STEP && !ui_paused(s->ui));
	ck_assert_int_eq(ui_step(s->ui).kind, UI_STEP_END);
	stage_keys(s, "b");
	has(s, "go to (14:05, 14:05:30, -5m):");
	stage_type(s, "12:07:30");
	ck_assert(stage_keys(s, "Enter") & UI_STEP && ui_paused(s->ui));
	ck_assert(ui_step(s->ui).kind == UI_STEP_TIME && ui_step(s->ui).wall_us == now - 5 * minute / 2);
	ck_assert(command(s, "branch -90s") & UI_STEP);
	ck_assert(ui_step(s->ui).wall_us == now - 3 * minute / 2 && ui_step(s->ui).about);
	ck_assert(command(s, "branch +2min") & UI_STEP);
	ck_assert(ui_step(s->ui).wall_us == now + 2 * minute);
	/* over midnight: 23:58 is yesterday's when the recording began then, 00:03 is tomorrow's */
	s->host.now.wall_us = now = INT64_C(1795305600000000) + minute; /* 00:01 */
	s->host.began_us = now - 8 * minute;
	ck_assert(command(s, "branch 23:58") & UI_STEP);
	ck_assert(ui_step(s->ui).wall_us == now - 3 * minute);
	s->host.now.wall_us = now - 3 * minute;
	ck_assert(command(s, "branch 0:03") & UI_STEP);
	ck_assert(ui_step(s->ui).wall_us == now + 2 * minute);
	for (size_t i = 0; i < 7; i++) {
		static const char *const bad[] = {"24:00", "12", "12:61", "12:00:60", "12:00x", "-5", "-5MB"};
		char line[32];

		snprintf(line, sizeof line, "branch %s", bad[i]);
		ck_assert_msg(!(command(s, line) & UI_STEP), "%s", line);
		has(s, "branch: ");
	}
	stage_free(s);
}
END_TEST

START_TEST(a_mark_and_what_happened_since)
{
	struct stage *s = stage_new_empty(120, 40);
	struct ui_want mark[16];

	stage_keys(s, "2");
	ck_assert(!(stage_keys(s, "!") & UI_MARK));
	has(s, "there is no sample yet: nothing to mark");
	stage_push(s, "overview", 0, "100000|99|1|143|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1000|5000|9|1|1|1|1|SELECT 1");
	stage_pass(s, 1);
	stage_push(s, "overview", 0, "100100|199|1|143|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1010|5100|9|1|1|1|1|SELECT 1");
	ck_assert(!(stage_keys(s, "D") & UI_MODE));
	has(s, "nothing is marked: ! marks this moment");
	has_not(s, "since !"); /* no key in the footer that does nothing */
	ck_assert(stage_keys(s, "!") & UI_MARK);
	has(s, "since !");
	ck_assert_int_eq(ui_marks(s->ui, &s->host, mark, 16), 4); /* the table, and what the header shows */
	stage_obey(s, s->result);
	stage_pass(s, 60);
	stage_push(s, "overview", 0, "100700|799|1|150|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1610|5700|9|1|1|1|1|SELECT 1");
	stage_pass(s, 60);
	stage_push(s, "overview", 0, "106100|1099|1|151|197|1795000000000000");
	stage_push(s, "statements", 0, "1|1910|6700|9|1|1|1|1|SELECT 1");
	has(s, "xacts 90/s"); /* of the last interval */
	stage_obey(s, stage_keys(s, "D"));
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "statements")), FEED_SINCE);
	stage_pass(s, 7); /* the message goes */
	ui_tick(s->ui, &s->host);
	has(s, "xacts 50/s");
	has(s, "connections 151"); /* no counter: as it is now */
	has(s, " 7.5 "); /* calls/s */
	has(s, "(2m00s)");
	has(s, "since the mark ");
	stage_obey(s, stage_keys(s, "1"));
	stage_push(s, "activity", 0, "9911|-|active|fresh|1|1|-|0|SELECT 42");
	has(s, "no sample from the mark at ");
	stage_obey(s, stage_keys(s, "2 D"));
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "statements")), FEED_INTERVAL);
	has(s, "xacts 90/s");
	stage_keys(s, ":");
	stage_type(s, "diff");
	ck_assert(stage_keys(s, "Enter") & UI_MODE);
	stage_keys(s, "c"); /* another base: no longer that of the mark */
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "statements")), FEED_LIFETIME);
	ck_assert_int_eq(ui_mode(s->ui, stage_panel(s, "overview")), FEED_INTERVAL);
	stage_free(s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		moves_by_rows_and_pages,
		goes_through_the_screens,
		sorts,
		searches_while_one_types,
		filters_and_says_so,
		escape_goes_back_and_never_quits,
		quits,
		a_paste_fires_no_key,
		tags_and_copies,
		copies_no_control_bytes,
		hides_trees_and_cycles,
		says_what_privilege_hides,
		pauses_and_paces,
		a_mark_and_what_happened_since,
		steps_in_a_recording,
		runs_commands,
		completes,
		unbound_keys_say_so,
		detail_follows_its_row,
		setup_changes_the_table_at_once,
		one_column_always_stays,
		the_mouse,
		switches_servers,
		wants_what_is_on_the_screen,
		only_the_clock_moves_while_nothing_is_new,
		follows,
		help_and_footer_come_from_the_table,
		reasons_for_nothing,
		a_first_sample_is_no_rate,
	};

	return unit_run("ui_keys", cases, ARRAY_LEN(cases));
}
