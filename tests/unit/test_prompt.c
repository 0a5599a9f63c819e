/* SPDX-License-Identifier: PostgreSQL */
#include "ui/prompt.h"

#include <stdio.h>

#include "ui/keys.h"
#include "unit.h"

static enum prompt_did press(struct prompt *p, const char *name)
{
	return prompt_type(p, keys_parse(str_from(name)));
}

static void type(struct prompt *p, const char *text)
{
	for (; *text; text++)
		prompt_type(p, (unsigned char)*text);
}

START_TEST(edits_in_the_middle)
{
	struct prompt p = {0};

	prompt_open(&p, PROMPT_FILTER, "mean 10ms");
	press(&p, "Home");
	for (int i = 0; i < 5; i++)
		press(&p, "Right");
	type(&p, "> ");
	ck_assert_str_eq(p.text, "mean > 10ms");
	press(&p, "^W");
	ck_assert_str_eq(p.text, "mean 10ms");
	press(&p, "^K");
	ck_assert_str_eq(p.text, "mean ");
	press(&p, "^U");
	ck_assert_str_eq(p.text, "");
	ck_assert_int_eq(press(&p, "BS"), PROMPT_NOTHING);
	ck_assert_int_eq(press(&p, "Del"), PROMPT_NOTHING);
	prompt_release(&p);
}
END_TEST

START_TEST(characters_are_never_cut)
{
	struct prompt p = {0};

	prompt_open(&p, PROMPT_SEARCH, "a");
	prompt_type(&p, 0x1f600);
	prompt_type(&p, 'e');
	prompt_type(&p, 0x301); /* an accent that sits on the e */
	ck_assert_uint_eq(p.len, 1 + 4 + 1 + 2);
	press(&p, "BS");
	ck_assert_str_eq(p.text, "a\xf0\x9f\x98\x80");
	press(&p, "Left");
	ck_assert_uint_eq(p.at, 1);
	press(&p, "Del");
	ck_assert_str_eq(p.text, "a");
	prompt_release(&p);
}
END_TEST

START_TEST(what_shows_nothing_cannot_be_typed)
{
	static const int keys[] = {0x202e, 0x200b, 0x80, 0x9b, 0xd800, 0x7f, 0xfeff};
	struct prompt p = {0};

	prompt_open(&p, PROMPT_COMMAND, "");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		prompt_type(&p, keys[i]);
	ck_assert_str_eq(p.text, "");
	prompt_release(&p);
}
END_TEST

START_TEST(a_full_line_takes_no_more_and_stays_whole)
{
	struct prompt p = {0};

	prompt_open(&p, PROMPT_COMMAND, "");
	for (int i = 0; i < PROMPT_MAX; i++)
		prompt_type(&p, 0xe9);
	ck_assert_uint_eq(p.len, PROMPT_MAX - 2); /* two bytes each, and the NUL */
	ck_assert_uint_eq(strlen(p.text), p.len);
	ck_assert(!prompt_insert(&p, STR("\xc3\xa9")));
	ck_assert(prompt_insert(&p, STR("xy")));
	ck_assert_uint_eq(p.len, PROMPT_MAX - 1);
	prompt_release(&p);
}
END_TEST

START_TEST(history_is_by_kind_and_brings_back_what_was_typed)
{
	struct prompt p = {0};

	prompt_open(&p, PROMPT_COMMAND, "");
	type(&p, "sort calls");
	ck_assert_int_eq(press(&p, "Enter"), PROMPT_DONE);
	prompt_open(&p, PROMPT_COMMAND, "");
	type(&p, "theme light");
	press(&p, "Enter");
	prompt_open(&p, PROMPT_COMMAND, "sort calls");
	press(&p, "Enter"); /* again: one entry, now the newest */
	prompt_open(&p, PROMPT_COMMAND, "");
	type(&p, "ne");
	press(&p, "Up");
	ck_assert_str_eq(p.text, "sort calls");
	press(&p, "Up");
	ck_assert_str_eq(p.text, "theme light");
	ck_assert_int_eq(press(&p, "Up"), PROMPT_NOTHING);
	press(&p, "Down");
	press(&p, "Down");
	ck_assert_str_eq(p.text, "ne");
	prompt_open(&p, PROMPT_SEARCH, "");
	ck_assert_int_eq(press(&p, "Up"), PROMPT_NOTHING);
	prompt_release(&p);
}
END_TEST

START_TEST(history_has_an_end)
{
	struct prompt p = {0};
	char text[32];

	for (int i = 0; i < PROMPT_HISTORY + 5; i++) {
		snprintf(text, sizeof(text), "line %d", i);
		prompt_open(&p, PROMPT_FILTER, text);
		press(&p, "Enter");
	}
	prompt_open(&p, PROMPT_FILTER, "");
	for (int i = 0; i < PROMPT_HISTORY + 5; i++)
		press(&p, "Up");
	ck_assert_str_eq(p.text, "line 5");
	prompt_release(&p);
}
END_TEST

START_TEST(replaces_a_word)
{
	struct prompt p = {0};

	prompt_open(&p, PROMPT_COMMAND, "sort ca");
	prompt_replace(&p, 5, STR("calls"));
	ck_assert_str_eq(p.text, "sort calls");
	ck_assert_uint_eq(p.at, 10);
	prompt_release(&p);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		edits_in_the_middle,
		characters_are_never_cut,
		what_shows_nothing_cannot_be_typed,
		a_full_line_takes_no_more_and_stays_whole,
		history_is_by_kind_and_brings_back_what_was_typed,
		history_has_an_end,
		replaces_a_word,
	};

	return unit_run("prompt", cases, ARRAY_LEN(cases));
}
