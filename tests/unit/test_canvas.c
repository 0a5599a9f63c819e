/* SPDX-License-Identifier: PostgreSQL */
#include "ui/canvas.h"

#include <string.h>

#include "unit.h"

#define WIDE "\xe6\x97\xa5"       /* two columns */
#define ACUTE "e\xcc\x81"         /* one column, two characters */

static void expect_text(const struct canvas *c, const char *want)
{
	struct buf out = BUF_INIT(100000);

	canvas_dump_text(c, &out);
	ck_assert_str_eq(buf_text(&out), want);
	buf_release(&out);
}

static void expect_style(const struct canvas *c, const char *want)
{
	struct buf out = BUF_INIT(100000);

	canvas_dump_style(c, &out);
	ck_assert_str_eq(buf_text(&out), want);
	buf_release(&out);
}

START_TEST(draws_and_clips)
{
	struct canvas c;

	canvas_init(&c, 6, 3);
	ck_assert_int_eq(canvas_puts(&c, 4, 0, 99, SLOT_WARN, 0, "abcdef"), 2);
	ck_assert_int_eq(canvas_puts(&c, 0, 1, 3, SLOT_OK, 0, "abcdef"), 3);
	ck_assert_int_eq(canvas_puts(&c, 6, 0, 9, SLOT_OK, 0, "x"), 0);
	ck_assert_int_eq(canvas_puts(&c, -1, 0, 9, SLOT_OK, 0, "x"), 0);
	ck_assert_int_eq(canvas_puts(&c, 0, 3, 9, SLOT_OK, 0, "x"), 0);
	ck_assert_int_eq(canvas_puts(&c, 0, -1, 9, SLOT_OK, 0, "x"), 0);
	ck_assert_int_eq(canvas_puts(&c, 0, 2, -5, SLOT_OK, 0, "x"), 0);
	ck_assert_int_eq(canvas_text(&c, 0, 2, 5, SLOT_OK, 0, (struct str){NULL, 0}), 0);
	expect_text(&c, "    ab\nabc\n");
	expect_style(&c, "....ww\nooo...\n......");
	canvas_clear(&c);
	expect_text(&c, "\n\n");
	canvas_release(&c);
}
END_TEST

START_TEST(wide_characters_never_leave_halves)
{
	struct canvas c;

	canvas_init(&c, 5, 1);
	ck_assert_int_eq(canvas_puts(&c, 0, 0, 5, SLOT_TEXT, 0, WIDE WIDE WIDE), 4); /* the third would be cut */
	expect_text(&c, WIDE WIDE);
	canvas_puts(&c, 1, 0, 1, SLOT_TEXT, 0, "x"); /* over a right half */
	expect_text(&c, " x" WIDE);
	canvas_puts(&c, 2, 0, 1, SLOT_TEXT, 0, "y"); /* over a left half */
	expect_text(&c, " xy");
	canvas_puts(&c, 0, 0, 4, SLOT_TEXT, 0, WIDE WIDE);
	canvas_puts(&c, 1, 0, 2, SLOT_TEXT, 0, WIDE); /* over both middle halves */
	expect_text(&c, " " WIDE);
	canvas_clear(&c);
	canvas_puts(&c, 0, 0, 5, SLOT_TEXT, 0, WIDE WIDE);
	canvas_fill(&c, 1, 0, 2, SLOT_DIM, 0, '-');
	expect_text(&c, " --");
	canvas_release(&c);
}
END_TEST

START_TEST(marks_sit_on_their_characters)
{
	struct canvas c;

	canvas_init(&c, 4, 1);
	ck_assert_int_eq(canvas_puts(&c, 0, 0, 1, SLOT_TEXT, 0, ACUTE "x"), 1);
	expect_text(&c, ACUTE);
	ck_assert_int_eq(canvas_puts(&c, 0, 0, 4, SLOT_TEXT, 0, "a\xcc\x81\xcc\x82\xcc\x83\xcc\x84" "b"), 2);
	expect_text(&c, "a\xcc\x81\xcc\x82" "b"); /* two are kept */
	ck_assert_int_eq(canvas_puts(&c, 0, 0, 4, SLOT_TEXT, 0, "\xcc\x81" "b"), 2);
	expect_text(&c, "?b");
	canvas_release(&c);
}
END_TEST

START_TEST(what_steers_a_terminal_becomes_a_question_mark)
{
	struct canvas c;

	canvas_init(&c, 12, 1);
	ck_assert_int_eq(canvas_text(&c, 0, 0, 12, SLOT_TEXT, 0, STR("a\x1b\n\0\x7f\xc2\x9b\xff\xe2\x80\xae\xe2\x80\x8d" "b")), 10);
	expect_text(&c, "a????????b");
	canvas_clear(&c);
	canvas_fill(&c, 0, 0, 2, SLOT_TEXT, 0, 0x1b);
	canvas_fill(&c, 2, 0, 2, SLOT_TEXT, 0, 0x65e5);
	expect_text(&c, "????");
	canvas_release(&c);
}
END_TEST

START_TEST(ascii_has_forms_for_lines_and_escapes_for_text)
{
	struct canvas c;

	canvas_init(&c, 20, 3);
	c.ascii = true;
	canvas_puts(&c, 0, 0, 20, SLOT_TEXT, 0, "\xe2\x94\x82\xe2\x94\x80\xe2\x94\x94\xe2\x96\xbc\xe2\x96\x81\xe2\x96\x88\xe2\x89\xa4");
	canvas_puts(&c, 0, 1, 20, SLOT_TEXT, 0, "caf\xc3\xa9 " WIDE ".");
	ck_assert_int_eq(canvas_puts(&c, 0, 2, 12, SLOT_TEXT, 0, "ab\xf0\x9f\x98\x80z\xe6\x97\xa5"), 12);
	expect_text(&c, "|-+v_#<\ncaf\\u00E9 \\u65E5.\nab\\U0001F600");
	canvas_clear(&c);
	ck_assert_int_eq(canvas_puts(&c, 0, 0, 11, SLOT_TEXT, 0, "ab\xf0\x9f\x98\x80z"), 2); /* an escape is not cut */
	canvas_fill(&c, 0, 1, 3, SLOT_TEXT, 0, 0x2588);
	canvas_fill(&c, 0, 2, 3, SLOT_TEXT, 0, 0xe9);
	expect_text(&c, "ab\n###\n???");
	canvas_release(&c);
}
END_TEST

START_TEST(flags_lie_over_the_row)
{
	struct canvas c;

	canvas_init(&c, 3, 2);
	canvas_puts(&c, 0, 0, 3, SLOT_CRIT, CANVAS_BOLD, "abc");
	canvas_flag_row(&c, 0, CANVAS_TAGGED);
	canvas_puts(&c, 0, 1, 2, SLOT_WARN, 0, "de");
	expect_style(&c, "GGG\nww.");
	canvas_flag_row(&c, 0, CANVAS_CURSOR);
	canvas_flag_row(&c, 7, CANVAS_CURSOR);
	canvas_flag_row(&c, -1, CANVAS_CURSOR);
	expect_style(&c, "CCC\nww.");
	ck_assert_uint_eq(c.cell[0].slot, SLOT_CRIT); /* what lies under it is kept */
	ck_assert_uint_eq(c.cell[0].flags, CANVAS_CURSOR | CANVAS_TAGGED | CANVAS_BOLD);
	canvas_flag_box(&c, 1, -1, 9, 2, CANVAS_RAISED);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq((c.cell[i].flags & CANVAS_RAISED) != 0, i == 1 || i == 2);
	canvas_release(&c);
}
END_TEST

START_TEST(any_size)
{
	static const struct {
		int width, height;
	} sizes[] = {{0, 0}, {-1, 5}, {1, 1}, {500, 200}, {1, 200}, {500, 1}, {100000, 2}};
	struct canvas c;

	canvas_init(&c, 2, 2);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		canvas_resize(&c, sizes[i].width, sizes[i].height);
		ck_assert_int_eq(c.cursor_x, -1);
		ck_assert_int_le(c.width, 4096);
		for (int y = -1; y <= c.height; y += 7)
			for (int x = -1; x <= c.width; x += 11)
				canvas_puts(&c, x, y, 1000, SLOT_TEXT, 0, "x" WIDE ACUTE "y");
	}
	canvas_release(&c);
	canvas_release(&c);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		draws_and_clips,
		wide_characters_never_leave_halves,
		marks_sit_on_their_characters,
		what_steers_a_terminal_becomes_a_question_mark,
		ascii_has_forms_for_lines_and_escapes_for_text,
		flags_lie_over_the_row,
		any_size,
	};

	return unit_run("canvas", cases, ARRAY_LEN(cases));
}
