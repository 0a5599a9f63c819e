/* SPDX-License-Identifier: PostgreSQL */
#include "model/view.h"

#include <check.h>
#include <stdlib.h>

#include "core/buf.h"
#include "rig.h"
#include "unit.h"

struct stage {
	struct panel *panel;
	struct feed *feed;
	struct view view;
};

static struct stage stage_new(const char *first)
{
	struct stage s = {.panel = rig_panel()};

	s.feed = feed_new(s.panel);
	view_init(&s.view, s.panel);
	if (first)
		feed_push(s.feed, rig_sample(s.panel, 0, first));
	return s;
}

static void stage_free(struct stage *s)
{
	view_release(&s->view);
	feed_free(s->feed);
	panel_free(s->panel);
}

/* The ids of the shown rows, in order, with their depth as dots: "3 .1 ..2". */
static const char *shown(struct stage *s)
{
	static char text[256];
	struct buf out = BUF_INIT(sizeof(text) - 1);

	view_update(&s->view, s->feed, INT64_C(1800000000000000), false);
	for (int i = 0; i < s->view.count; i++) {
		struct cell id = feed_field(s->feed, s->view.order[i], rig_field(s->panel, "id"));

		buf_addf(&out, "%s%.*s%d", i ? " " : "", s->view.depth[i], "..........", (int)id.integer);
	}
	snprintf(text, sizeof(text), "%s", buf_text(&out));
	buf_release(&out);
	return text;
}

static void filter(struct stage *s, const char *text)
{
	struct err why = {0};

	if (view_set_filter(&s->view, text, &why) < 0)
		ck_abort_msg("%s: %s", text, why.text);
}

START_TEST(ties_keep_the_order_of_the_feed_and_unknown_comes_last)
{
	struct stage s = stage_new("id size state\n1 5 b\n2 - a\n3 7 b\n4 5 -\n5 7 a\n6 5 B\n7 - a");

	ck_assert_str_eq(shown(&s), "1 2 3 4 5 6 7");
	view_sort(&s.view, rig_column(s.panel, "size"), true);
	ck_assert_str_eq(shown(&s), "3 5 1 4 6 2 7");
	view_sort(&s.view, rig_column(s.panel, "size"), false);
	ck_assert_str_eq(shown(&s), "1 4 6 3 5 2 7");
	view_sort(&s.view, rig_column(s.panel, "state"), false);
	ck_assert_str_eq(shown(&s), "6 2 5 7 1 3 4"); /* bytes: B before a */
	view_sort(&s.view, rig_column(s.panel, "state"), true);
	ck_assert_str_eq(shown(&s), "1 3 2 5 7 6 4");
	view_sort(&s.view, -1, true);
	ck_assert_str_eq(shown(&s), "1 2 3 4 5 6 7");
	view_sort(&s.view, 99, true); /* no such column: as it came */
	ck_assert_str_eq(shown(&s), "1 2 3 4 5 6 7");
	stage_free(&s);
}
END_TEST

START_TEST(ids_beyond_two_to_the_53_sort_exactly)
{
	struct stage s = stage_new("id state\n9223372036854775806 a\n9223372036854775807 a\n9223372036854775805 a");

	view_sort(&s.view, rig_column(s.panel, "id"), true);
	shown(&s);
	ck_assert_int_eq(s.view.order[0], 1);
	ck_assert_int_eq(s.view.order[1], 0);
	ck_assert_int_eq(s.view.order[2], 2);
	stage_free(&s);
}
END_TEST

START_TEST(nothing_is_rebuilt_without_a_reason)
{
	struct stage s = stage_new("id size\n1 5\n2 6");

	shown(&s);
	s.view.order[0] = 77;
	view_update(&s.view, s.feed, 0, false);
	ck_assert_int_eq(s.view.order[0], 77);
	view_update(&s.view, s.feed, 0, true);
	ck_assert_int_eq(s.view.order[0], 0);
	feed_push(s.feed, rig_sample(s.panel, 1, "id size\n2 6"));
	ck_assert_str_eq(shown(&s), "2");
	view_update(&s.view, NULL, 0, false);
	ck_assert_int_eq(s.view.count, 0);
	ck_assert_int_eq(view_search(&s.view, s.feed, "x", 1, 0), -1);
	stage_free(&s);
}
END_TEST

START_TEST(hidden_idle_and_filtered_rows_are_counted_apart)
{
	struct stage s = stage_new("id secret state size\n1 0 idle 1\n2 1 - -\n3 0 active 3\n4 0 active 4");

	ck_assert_str_eq(shown(&s), "3 4");
	ck_assert_int_eq(s.view.total, 3); /* what privilege hides is counted by the sample */
	ck_assert_int_eq(s.view.hidden_count, 1);
	filter(&s, "size > 3");
	ck_assert_str_eq(shown(&s), "4");
	ck_assert_int_eq(s.view.filtered_count, 1);
	s.view.show_hidden = true;
	s.view.dirty = true;
	ck_assert_str_eq(shown(&s), "4");
	ck_assert_int_eq(s.view.filtered_count, 2);
	ck_assert_int_eq(s.view.hidden_count, 0);
	filter(&s, "");
	ck_assert_str_eq(shown(&s), "1 3 4");
	ck_assert_ptr_null(s.view.filter_text);
	stage_free(&s);
}
END_TEST

START_TEST(filters_are_words_patterns_or_conditions)
{
	struct stage s = stage_new("id state size parent calls\n"
	                           "101 SELECT_a=b 10 7 5\n102 update 2048 - 6\n103 - 30 7 7");

	filter(&s, "  SELect  ");
	ck_assert_str_eq(shown(&s), "101");
	ck_assert_str_eq(s.view.filter_text, "SELect");
	filter(&s, "!select");
	ck_assert_str_eq(shown(&s), "102 103");
	filter(&s, "\"a=B\"");
	ck_assert_str_eq(shown(&s), "101");
	filter(&s, "02"); /* digits are looked for in ids, not in sizes */
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "state:^(up|down)");
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "!state:^up");
	ck_assert_str_eq(shown(&s), "101"); /* 103 is not known to be another */
	filter(&s, "size:^2.0kB$"); /* what the column shows */
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "State:\"");
	ck_assert_str_eq(shown(&s), "");
	filter(&s, "12:30"); /* no column before the colon: a word */
	ck_assert_str_eq(shown(&s), "");
	filter(&s, "size > 1kB or size = 10");
	ck_assert_str_eq(shown(&s), "101 102");
	filter(&s, "not (parent = 7)"); /* a field without a column; unknown is not shown */
	ck_assert_str_eq(shown(&s), "");
	filter(&s, "known(parent)=false");
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "size > avg(size)");
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "state ~ UPD and id in (102, 103)");
	ck_assert_str_eq(shown(&s), "102");
	feed_push(s.feed, rig_sample(s.panel, 1, "id calls\n101 5\n102 9\n103 8"));
	filter(&s, "d(calls) > 2"); /* increases of fields */
	ck_assert_str_eq(shown(&s), "102");
	filter(&s, "rate = 1"); /* computed columns */
	ck_assert_str_eq(shown(&s), "103");
	stage_free(&s);
}
END_TEST

START_TEST(a_bad_filter_leaves_the_old_one)
{
	const char *const bad[] = {
		"size >",  "(size > 1", "sise > 1",   "size > \"x", "state:[",
		"state:", "!size > 1", "size ~ 5 ~", "state:(a{9}){99}{99}",
	};
	struct stage s = stage_new("id size state\n1 5 a\n2 6 b");
	char big[3000];

	filter(&s, "size > 5");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err why = {0};

		ck_assert_int_lt(view_set_filter(&s.view, bad[i], &why), 0);
		ck_assert_str_ne(why.text, "");
		ck_assert_str_eq(s.view.filter_text, "size > 5");
		ck_assert_str_eq(shown(&s), "2");
	}
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_eq(view_set_filter(&s.view, big, NULL), ERR_TOO_BIG);
	stage_free(&s);
}
END_TEST

START_TEST(an_error_names_a_known_name)
{
	struct stage s = stage_new(NULL);
	struct err why = {0};

	ck_assert_int_eq(view_set_filter(&s.view, "shaer > 5", &why), ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(why.text, "share"));
	stage_free(&s);
}
END_TEST

START_TEST(lookups_are_needed_for_sorting_and_filtering_by_them)
{
	struct stage s = stage_new("id oid size\n1 10 1");
	const char *const no[] = {"size > 5", "state:x", "d(calls) > 2"};
	const char *const yes[] = {"name = \"x\"", "name:x", "orders", "!orders", "pages > 5"};

	ck_assert(!view_needs_lookup(&s.view, 0));
	view_sort(&s.view, rig_column(s.panel, "name"), false);
	ck_assert(view_needs_lookup(&s.view, 0));
	ck_assert(!view_needs_lookup(&s.view, 1));
	view_sort(&s.view, -1, false);
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		filter(&s, yes[i]);
		ck_assert(view_needs_lookup(&s.view, 0));
		ck_assert(!view_needs_lookup(&s.view, 1));
	}
	for (size_t i = 0; i < ARRAY_LEN(no); i++) {
		filter(&s, no[i]);
		ck_assert(!view_needs_lookup(&s.view, 0));
	}
	stage_free(&s);
}
END_TEST

START_TEST(trees_stand_under_their_roots)
{
	struct stage s = stage_new("id parent size\n1 3 9\n2 - 8\n3 4 7\n4 - 6\n5 4 5\n6 2 4\n7 99 3");

	s.view.tree = true;
	s.view.dirty = true;
	ck_assert_str_eq(shown(&s), "4 .3 ..1 .5 2 .6 7"); /* most victims first; 7's parent is not here */
	ck_assert_int_eq(s.view.victims[0], 3);
	ck_assert_int_eq(s.view.victims[1], 1);
	ck_assert_int_eq(s.view.victims[6], 0);
	view_sort(&s.view, rig_column(s.panel, "size"), false);
	ck_assert_str_eq(shown(&s), "4 .5 .3 ..1 2 .6 7");
	filter(&s, "id != 4"); /* its children are roots now */
	ck_assert_str_eq(shown(&s), "3 .1 2 .6 7 5");
	stage_free(&s);
}
END_TEST

START_TEST(circles_of_a_tree_are_broken)
{
	struct stage s = stage_new("id parent\n9 5\n3 4\n4 5\n5 3\n1 1\n2 1\n8 7\n7 8");

	s.view.tree = true;
	s.view.dirty = true;
	/* 3 -> 4 -> 5 -> 3 hangs from 3, which comes first, and 9 from 5; 1 waits for itself */
	ck_assert_str_eq(shown(&s), "3 .5 ..9 ..4 1 .2 8 .7");
	stage_free(&s);
}
END_TEST

START_TEST(deep_and_wide_trees_are_quick)
{
	enum { ROWS = 20000 };
	struct stage s = stage_new(NULL);
	struct sample *t = sample_new(s.panel->field_count);
	int id = rig_field(s.panel, "id"), parent = rig_field(s.panel, "parent");

	sample_type(t, id, SAMPLE_INT);
	sample_type(t, parent, SAMPLE_INT);
	for (int i = 0; i < ROWS; i++) { /* one chain of half of them, the other half below its end */
		sample_add_row(t);
		sample_set_int(t, i, id, i + 1);
		sample_set_int(t, i, parent, i < ROWS / 2 ? i : ROWS / 2);
	}
	sample_finish(t, s.panel->key, s.panel->key_count);
	feed_push(s.feed, t);
	s.view.tree = true;
	view_update(&s.view, s.feed, 0, false);
	ck_assert_int_eq(s.view.count, ROWS);
	ck_assert_int_eq(s.view.victims[0], ROWS - 1);
	ck_assert_int_eq(s.view.depth[1], 1);
	ck_assert_int_eq(s.view.depth[ROWS - 1], 255);
	stage_free(&s);
}
END_TEST

START_TEST(the_cursor_keeps_its_place_or_follows_its_row)
{
	struct stage s = stage_new("id size\n1 10\n2 20\n3 30");

	view_sort(&s.view, rig_column(s.panel, "size"), true);
	ck_assert_str_eq(shown(&s), "3 2 1");
	view_move(&s.view, 1);
	ck_assert_uint_eq(s.view.cursor_key, feed_key(s.feed, 1));
	feed_push(s.feed, rig_sample(s.panel, 1, "id size\n1 10\n2 99\n3 30"));
	ck_assert_str_eq(shown(&s), "2 3 1");
	ck_assert_int_eq(s.view.cursor, 1); /* place: now on row 3 */
	ck_assert_uint_eq(s.view.cursor_key, feed_key(s.feed, 2));
	s.view.follow = true;
	feed_push(s.feed, rig_sample(s.panel, 2, "id size\n1 10\n2 20\n3 300"));
	ck_assert_str_eq(shown(&s), "3 2 1");
	ck_assert_int_eq(s.view.cursor, 0);
	feed_push(s.feed, rig_sample(s.panel, 3, "id size\n1 10")); /* gone: the place is kept, the name too */
	ck_assert_str_eq(shown(&s), "1");
	ck_assert_int_eq(s.view.cursor, 0);
	ck_assert_uint_ne(s.view.cursor_key, feed_key(s.feed, 0));
	feed_push(s.feed, rig_sample(s.panel, 4, "id size\n1 10\n3 5\n4 2"));
	ck_assert_str_eq(shown(&s), "1 3 4");
	ck_assert_int_eq(s.view.cursor, 1);
	view_move(&s.view, 500);
	ck_assert_int_eq(s.view.cursor, 2);
	view_move(&s.view, -500);
	ck_assert_int_eq(s.view.cursor, 0);
	s.view.follow = false;
	view_move(&s.view, 2);
	s.view.top = 2;
	feed_push(s.feed, rig_sample(s.panel, 5, "id size"));
	ck_assert_str_eq(shown(&s), "");
	ck_assert_int_eq(s.view.cursor, 0);
	ck_assert_int_eq(s.view.top, 0);
	view_move(&s.view, 3);
	ck_assert_uint_eq(s.view.cursor_key, 0);
	stage_free(&s);
}
END_TEST

START_TEST(tags_live_as_long_as_their_rows)
{
	struct stage s = stage_new("id state\n1 a\n2 b\n3 c");
	uint64_t one = feed_key(s.feed, 0), two = feed_key(s.feed, 1);

	view_tag(&s.view, one, true);
	view_tag(&s.view, two, true);
	filter(&s, "!a");
	ck_assert_str_eq(shown(&s), "2 3");
	ck_assert(view_is_tagged(&s.view, one)); /* filtered out, but there */
	feed_push(s.feed, rig_sample(s.panel, 1, "id state\n2 b\n3 c"));
	shown(&s);
	ck_assert(!view_is_tagged(&s.view, one));
	ck_assert(view_is_tagged(&s.view, two));
	feed_push(s.feed, rig_sample(s.panel, 2, "id state\n1 a\n2 b"));
	shown(&s);
	ck_assert(!view_is_tagged(&s.view, one));
	view_tag(&s.view, two, false);
	ck_assert(!view_is_tagged(&s.view, two));
	stage_free(&s);
}
END_TEST

START_TEST(search_wraps_and_sees_what_is_shown)
{
	struct stage s = stage_new("id state size\n1 SELECT_x 1\n2 b 2048\n3 select_y 3\n4 - 4");
	struct sample *t;
	int state = rig_field(s.panel, "state");

	shown(&s);
	ck_assert_int_eq(view_search(&s.view, s.feed, "select", 1, 0), 2);
	ck_assert_int_eq(view_search(&s.view, s.feed, "select", -1, 0), 2);
	view_move(&s.view, 2);
	ck_assert_int_eq(view_search(&s.view, s.feed, "SELECT", 1, 0), 0);
	ck_assert_int_eq(view_search(&s.view, s.feed, "select y", 1, 0), 2); /* only the cursor's own */
	ck_assert_int_eq(view_search(&s.view, s.feed, "2.0kB", 1, 0), 1);
	ck_assert_int_eq(view_search(&s.view, s.feed, "nothing", 1, 0), -1);
	ck_assert_int_eq(view_search(&s.view, s.feed, "", 1, 0), -1);
	ck_assert_int_eq(view_search(&s.view, s.feed, NULL, 1, 0), -1);
	t = rig_table(s.panel, "id state\n1 x");
	sample_set_text(t, 0, state, "from\n\t\torders \x1b", 15);
	sample_finish(t, s.panel->key, s.panel->key_count);
	feed_push(s.feed, t);
	shown(&s);
	ck_assert_int_eq(view_search(&s.view, s.feed, "from orders \\x1B", 1, 0), 0); /* as it is shown, cleaned */
	stage_free(&s);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		ties_keep_the_order_of_the_feed_and_unknown_comes_last,
		ids_beyond_two_to_the_53_sort_exactly,
		nothing_is_rebuilt_without_a_reason,
		hidden_idle_and_filtered_rows_are_counted_apart,
		filters_are_words_patterns_or_conditions,
		a_bad_filter_leaves_the_old_one,
		an_error_names_a_known_name,
		lookups_are_needed_for_sorting_and_filtering_by_them,
		trees_stand_under_their_roots,
		circles_of_a_tree_are_broken,
		deep_and_wide_trees_are_quick,
		the_cursor_keeps_its_place_or_follows_its_row,
		tags_live_as_long_as_their_rows,
		search_wraps_and_sees_what_is_shown,
	};

	return unit_run("view", cases, ARRAY_LEN(cases));
}
