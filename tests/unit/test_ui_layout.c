/* SPDX-License-Identifier: PostgreSQL */
/* What W saves, and how strictly it is read. */
#include "stage.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static void load(struct stage *s, const char *text)
{
	struct err why = {0};

	ck_assert_msg(ui_load_layout(s->ui, "layout.yaml", text, strlen(text), &why) == 0, "%s", why.text);
}

static void refuse(const char *text, const char *message)
{
	struct stage *s = stage_new(120, 40);
	struct err why = {0};

	ck_assert_int_lt(ui_load_layout(s->ui, "layout.yaml", text, strlen(text), &why), 0);
	ck_assert_msg(strstr(why.text, message) != NULL, "'%s' is not in '%s'", message, why.text);
	stage_free(s);
}

START_TEST(what_is_saved_comes_back)
{
	struct stage *s = stage_new(120, 40), *other = stage_new(120, 40);
	struct buf saved = BUF_INIT(1 << 16), again = BUF_INIT(1 << 16);

	stage_text(s);
	stage_keys(s, "1 T t i F 2 > I v c \\");
	stage_type(s, "query ~ \"a\\.b\" or mean > 1ms");
	stage_keys(s, "Enter :");
	stage_type(s, "columns query,share,calls");
	stage_keys(s, "Enter :");
	stage_type(s, "theme light");
	stage_keys(s, "Enter -");
	ui_layout(s->ui, &saved);
	load(other, saved.data);
	ui_layout(other->ui, &again);
	ck_assert_str_eq(saved.data, again.data);
	ck_assert_str_eq(ui_theme(other->ui), "light");
	ck_assert_double_eq(ui_interval(other->ui), 2000);
	ck_assert_int_eq(ui_mode(other->ui, stage_panel(other, "statements")), FEED_LIFETIME);
	ck_assert_int_ge(stage_find(other, "QUERY"), 0);
	ck_assert_ptr_nonnull(strstr(saved.data, "statements/statements:\n"));
	ck_assert_ptr_nonnull(strstr(saved.data, "    sort: calls\n"));
	buf_release(&saved);
	buf_release(&again);
	stage_free(s);
	stage_free(other);
}
END_TEST

START_TEST(what_nobody_changed_is_not_saved)
{
	struct stage *s = stage_new(120, 40);
	struct buf saved = BUF_INIT(1 << 16);

	ui_layout(s->ui, &saved);
	ck_assert_ptr_null(strstr(saved.data, "tables:"));
	buf_release(&saved);
	stage_free(s);
}
END_TEST

START_TEST(the_same_panel_on_two_screens_is_two_tables)
{
	struct stage *s = stage_new(120, 40);

	load(s, "screen: statements\ntables:\n  overview/statements: {sort: calls}\n");
	ck_assert_int_ge(stage_find(s, "TIME%▼"), 0);
	stage_keys(s, "0");
	ck_assert_int_ge(stage_find(s, "CALLS/s▲"), 0);
	stage_free(s);
}
END_TEST

START_TEST(mistakes_name_file_and_line)
{
	refuse("screen: nowhere\n", "layout.yaml:1: there is no screen 'nowhere'");
	refuse("screen: locks\ncolour: red\n", "layout.yaml:2: ");
	refuse("interval: 1ms\n", "layout.yaml:1: the interval must be from 100ms to 1h");
	refuse("interval: soon\n", "layout.yaml:1: ");
	refuse("- a\n- b\n", "layout.yaml:1: ");
	refuse("tables:\n  nowhere/nothing: {wrap: yes}\n", "layout.yaml:2: there is no table 'nowhere/nothing'");
	refuse("tables:\n  locks/locks:\n    sort: -nothing\n", "layout.yaml:3: panel locks has no column 'nothing'");
	refuse("tables:\n  locks/locks:\n    columns: [pid, nothing]\n", "layout.yaml:3: panel locks has no column 'nothing'");
	refuse("tables:\n  locks/locks:\n    columns: pid\n", "layout.yaml:3: columns must be a list");
	refuse("tables:\n  locks/locks:\n    filter: 'pid >'\n", "layout.yaml:3: ");
	refuse("tables:\n  locks/locks:\n    wrap: perhaps\n", "layout.yaml:3: ");
	refuse("tables:\n  locks/locks:\n    mode: both\n", "layout.yaml:3: ");
	refuse("tables:\n  activity/activity:\n    cycle: pid\n", "layout.yaml:3: 'pid' is none of the columns");
	refuse("tables:\n  locks/locks: yes\n", "layout.yaml:2: ");
	refuse("tables:\n  locks/locks:\n    wrap: yes\n    colour: red\n", "layout.yaml:4: ");
	refuse("tables: 7\n", "layout.yaml:1: tables must be a map");
	refuse("screen: locks\nscreen: waits\n", "layout.yaml:2");
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		what_is_saved_comes_back,
		what_nobody_changed_is_not_saved,
		the_same_panel_on_two_screens_is_two_tables,
		mistakes_name_file_and_line,
	};

	return unit_run("ui_layout", cases, ARRAY_LEN(cases));
}
