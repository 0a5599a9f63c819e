/* SPDX-License-Identifier: PostgreSQL */
#include "ui/pager.h"

#include <stdio.h>

#include "unit.h"

static void expect(const struct pager *p, int line, const char *want)
{
	struct buf out = BUF_INIT(4096);

	pager_line(p, line, &out);
	ck_assert_str_eq(buf_text(&out), want);
	buf_release(&out);
}

START_TEST(wraps_at_blanks_and_at_the_edge)
{
	struct pager p = {0};

	pager_clear(&p);
	pager_wrap(&p, SLOT_TEXT, 2, 10, STR("select one, two\nfromaverylongword x"));
	expect(&p, 0, "  select ");
	expect(&p, 1, "  one, two");
	expect(&p, 2, "  fromaveryl");
	expect(&p, 3, "  ongword x");
	ck_assert_int_eq(p.line_count, 4);
	pager_release(&p);
}
END_TEST

START_TEST(wide_characters_stay_whole)
{
	struct pager p = {0};

	pager_clear(&p);
	pager_wrap(&p, SLOT_TEXT, 0, 5, STR("日本語日本"));
	expect(&p, 0, "日本");
	expect(&p, 1, "語日");
	expect(&p, 2, "本");
	pager_clear(&p);
	pager_wrap(&p, SLOT_TEXT, 0, 1, STR("日本")); /* not even one fits: it must end all the same */
	ck_assert_int_le(p.line_count, 6);
	pager_release(&p);
}
END_TEST

START_TEST(keeps_an_empty_line)
{
	struct pager p = {0};

	pager_clear(&p);
	pager_wrap(&p, SLOT_TEXT, 0, 10, STR("a\n\nb\n"));
	expect(&p, 1, "");
	expect(&p, 2, "b");
	ck_assert_int_eq(p.line_count, 4);
	pager_release(&p);
}
END_TEST

START_TEST(scrolls_within_its_lines)
{
	struct canvas c;
	struct pager p = {0};

	canvas_init(&c, 20, 5);
	pager_clear(&p);
	for (int i = 0; i < 12; i++) {
		char text[32];

		snprintf(text, sizeof(text), "line %d", i);
		pager_puts(&p, SLOT_TEXT, text);
		pager_end(&p);
	}
	pager_draw(&p, &c, 0, 0, 20, 5);
	pager_scroll(&p, 1000000);
	ck_assert_int_eq(p.top, 7);
	pager_scroll(&p, -3);
	ck_assert_int_eq(p.top, 4);
	pager_scroll(&p, -1000000);
	ck_assert_int_eq(p.top, 0);
	ck_assert(pager_search(&p, "LINE 11", 1, true));
	ck_assert_int_eq(p.top, 11);
	ck_assert(pager_search(&p, "line 1", 1, false)); /* round the end */
	ck_assert_int_eq(p.top, 1);
	ck_assert(!pager_search(&p, "nowhere", -1, false));
	pager_clear(&p);
	pager_draw(&p, &c, 0, 0, 20, 5);
	pager_scroll(&p, 5);
	ck_assert_int_eq(p.top, 0);
	pager_release(&p);
	canvas_release(&c);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		wraps_at_blanks_and_at_the_edge,
		wide_characters_stay_whole,
		keeps_an_empty_line,
		scrolls_within_its_lines,
	};

	return unit_run("pager", cases, ARRAY_LEN(cases));
}
