/* SPDX-License-Identifier: PostgreSQL */
#include "ui/theme.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static int parse(struct theme *t, const char *text, struct err *why)
{
	return theme_parse(t, "test", "test.theme", text, strlen(text), why);
}

START_TEST(slots_have_their_own_names_and_letters)
{
	for (unsigned a = 0; a < SLOT_COUNT; a++)
		for (unsigned b = a + 1; b < SLOT_COUNT; b++) {
			ck_assert_str_ne(theme_slot_name(a), theme_slot_name(b));
			ck_assert_int_ne(theme_slot_letter(a), theme_slot_letter(b));
		}
	ck_assert_str_eq(theme_slot_name(SLOT_COUNT), "?");
	ck_assert_int_eq(theme_slot_letter(SLOT_COUNT), '?');
}
END_TEST

START_TEST(reads_colours_and_attributes)
{
	struct theme t;
	struct err why = {0};
	int rc = parse(&t,
	               "about: x\nwarn: yellow bold\nhead: black on cyan\nok: bold colour 208 on colour 8 underline\n"
	               "dim: \"  #ff0000\ton  #000000\"\ncursor: on bright_white\nerror: reverse dim\ntext: default on default\n",
	               &why);

	ck_assert_msg(rc == 0, "%s", why.text);
	ck_assert_str_eq(t.name, "test");
	ck_assert_int_eq(t.style[SLOT_WARN].fg, 3);
	ck_assert_int_eq(t.style[SLOT_WARN].bg, -1);
	ck_assert_uint_eq(t.style[SLOT_WARN].attrs, THEME_BOLD);
	ck_assert_int_eq(t.style[SLOT_HEAD].fg, 0);
	ck_assert_int_eq(t.style[SLOT_HEAD].bg, 6);
	ck_assert_int_eq(t.style[SLOT_OK].fg, 208);
	ck_assert_int_eq(t.style[SLOT_OK].bg, 8);
	ck_assert_int_eq(t.style[SLOT_OK].bg16, 8);
	ck_assert_uint_eq(t.style[SLOT_OK].attrs, THEME_BOLD | THEME_UNDERLINE);
	ck_assert_int_eq(t.style[SLOT_DIM].fg, 196);
	ck_assert_int_eq(t.style[SLOT_DIM].fg16, 1);
	ck_assert_int_eq(t.style[SLOT_DIM].bg, 16);
	ck_assert_int_eq(t.style[SLOT_DIM].bg16, 0);
	ck_assert_int_eq(t.style[SLOT_CURSOR].fg, -1);
	ck_assert_int_eq(t.style[SLOT_CURSOR].bg, 15);
	ck_assert_uint_eq(t.style[SLOT_ERROR].attrs, THEME_REVERSE | THEME_DIM);
	ck_assert_int_eq(t.style[SLOT_TEXT].bg, -1);
	ck_assert_int_eq(t.style[SLOT_KEY].fg16, -1); /* left out */
}
END_TEST

START_TEST(brings_colours_to_256_and_16)
{
	static const struct {
		const char *hex;
		int c256, c16;
	} rows[] = {
		{"#000000", 16, 0}, {"#ffffff", 231, 15}, {"#808080", 244, 8}, {"#c0c0c0", 250, 7}, {"#5fafd7", 74, 14},
		{"#ff8787", 210, 9}, {"#87d787", 114, 10}, {"#005f87", 24, 6}, {"#870000", 88, 1}, {"#d7af5f", 179, 11},
		{"#0000FF", 21, 4}, {"#262626", 235, 0}, {"#d787d7", 176, 13},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[64];
		struct theme t;
		struct err why = {0};

		snprintf(text, sizeof(text), "warn: \"%s\"\n", rows[i].hex);
		ck_assert_msg(parse(&t, text, &why) == 0, "%s", why.text);
		ck_assert_msg(t.style[SLOT_WARN].fg == rows[i].c256 && t.style[SLOT_WARN].fg16 == rows[i].c16, "%s: %d %d",
		              rows[i].hex, t.style[SLOT_WARN].fg, t.style[SLOT_WARN].fg16);
	}
}
END_TEST

START_TEST(two_near_colours_do_not_become_one)
{
	struct theme t;
	struct err why = {0};

	ck_assert_int_eq(parse(&t, "warn: \"#5f87af on #87afd7\"\nok: \"#202020 on #303030\"\n", &why), 0);
	ck_assert_int_ne(t.style[SLOT_WARN].fg16, t.style[SLOT_WARN].bg16);
	ck_assert_int_ne(t.style[SLOT_OK].fg16, t.style[SLOT_OK].bg16);
}
END_TEST

START_TEST(says_what_is_wrong_and_where)
{
	static const struct {
		const char *text, *where, *what;
	} rows[] = {
		{"about: x\n\nwarm: yellow\n", "test.theme:3", "warm"},
		{"text: default\nwarn: yelow\n", "test.theme:2", "yelow"},
		{"warn: colour 256\n", "test.theme:1", "colour"},
		{"warn: colour\n", "test.theme:1", "no colour"},
		{"warn: colour -1\n", "test.theme:1", "-1"},
		{"warn: \"#12345\"\n", "test.theme:1", "#12345"},
		{"warn: \"#12345g\"\n", "test.theme:1", "#12345g"},
		{"warn: #ff0000\n", "test.theme:1", "quoted"},
		{"warn: red green\n", "test.theme:1", "two text"},
		{"warn: red on blue on green\n", "test.theme:1", "two background"},
		{"warn: red on\n", "test.theme:1", "no colour"},
		{"warn: red blink\n", "test.theme:1", "blink"},
		{"warn: [red]\n", "test.theme:1", "warn"},
		{"- a\n", "test.theme:1", "key: value"},
		{"warn: red\nwarn: green\n", "test.theme:2", "warn"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct theme t = {.name = "before"};
		struct err why = {0};

		ck_assert_msg(parse(&t, rows[i].text, &why) == ERR_INVALID, "taken: %s", rows[i].text);
		ck_assert_msg(strstr(why.text, rows[i].where) != NULL, "%s -> %s", rows[i].text, why.text);
		ck_assert_msg(strstr(why.text, rows[i].what) != NULL, "%s -> %s", rows[i].text, why.text);
		ck_assert_str_eq(t.name, "before");
	}
}
END_TEST

/* What is left of a style without colours, as ui/term shows it. */
static unsigned mono(const struct theme_style *s)
{
	return s->attrs | (s->bg >= 0 ? THEME_REVERSE : 0u);
}

static void check_states(const struct theme *t)
{
	static const struct {
		enum theme_slot a, b;
	} differ[] = {
		{SLOT_TEXT, SLOT_WARN}, {SLOT_TEXT, SLOT_CRIT}, {SLOT_WARN, SLOT_CRIT}, {SLOT_TEXT, SLOT_ERROR}, {SLOT_TEXT, SLOT_STALE},
		{SLOT_TAB, SLOT_TAB_HERE}, {SLOT_HEAD, SLOT_HEAD_SORT}, {SLOT_TEXT, SLOT_TAGGED},
	};
	bool own_ground = t->style[SLOT_TEXT].bg >= 0; /* then each slot is reversed alike, and tells nothing */

	for (size_t i = 0; i < ARRAY_LEN(differ); i++) {
		const struct theme_style *a = &t->style[differ[i].a], *b = &t->style[differ[i].b];

		ck_assert_msg((own_ground ? a->attrs != b->attrs : mono(a) != mono(b)), "%s: %s and %s differ only by colour",
		              t->name, theme_slot_name(differ[i].a), theme_slot_name(differ[i].b));
	}
	ck_assert_msg(t->style[SLOT_CURSOR].bg >= 0 || t->style[SLOT_CURSOR].attrs & THEME_REVERSE, "%s: no cursor bar", t->name);
	for (int i = 0; i < SLOT_COUNT; i++) {
		const struct theme_style *s = &t->style[i];

		ck_assert_msg(s->fg < 0 || s->fg != s->bg, "%s: %s cannot be read", t->name, theme_slot_name((unsigned)i));
		ck_assert_msg(s->fg16 < 0 || s->fg16 != s->bg16, "%s: %s cannot be read with 16 colours", t->name,
		              theme_slot_name((unsigned)i));
	}
}

static void check_file(const char *path, const char *name)
{
	char text[8192], line[64];
	struct theme t;
	struct err why = {0};
	FILE *f = fopen(path, "r");
	size_t len;

	ck_assert_msg(f != NULL, "%s", path);
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = '\0';
	ck_assert_msg(theme_parse(&t, name, path, text, len, &why) == 0, "%s", why.text);
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		snprintf(line, sizeof(line), "\n%s:", theme_slot_name(i));
		ck_assert_msg(strstr(text, line) != NULL, "%s lacks %s", path, theme_slot_name(i));
	}
	ck_assert_msg(strstr(text, "about:") != NULL, "%s lacks about", path);
	check_states(&t);
}

START_TEST(every_theme_names_every_slot_and_no_state_is_colour_alone)
{
	const char *top = getenv("srcdir");
	char folder[512], path[1024];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/themes", top ? top : ".");
	dir = opendir(folder);
	ck_assert_msg(dir != NULL, "%s", folder);
	while ((entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".theme"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		check_file(path, entry->d_name);
		count++;
	}
	closedir(dir);
	ck_assert_int_ge(count, 4);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		slots_have_their_own_names_and_letters,
		reads_colours_and_attributes,
		brings_colours_to_256_and_16,
		two_near_colours_do_not_become_one,
		says_what_is_wrong_and_where,
		every_theme_names_every_slot_and_no_state_is_colour_alone,
	};

	return unit_run("theme", cases, ARRAY_LEN(cases));
}
