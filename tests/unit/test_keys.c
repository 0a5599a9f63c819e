/* SPDX-License-Identifier: PostgreSQL */
#include "ui/keys.h"

#include "ui/term.h"
#include "unit.h"

START_TEST(names_and_codes)
{
	ck_assert_int_eq(keys_parse(STR("q")), 'q');
	ck_assert_int_eq(keys_parse(STR("^R")), 18);
	ck_assert_int_eq(keys_parse(STR("^[")), TERM_KEY_ESC);
	ck_assert_int_eq(keys_parse(STR("^H")), TERM_KEY_BACKSPACE);
	ck_assert_int_eq(keys_parse(STR("F1")), TERM_KEY_F1);
	ck_assert_int_eq(keys_parse(STR("F12")), TERM_KEY_F12);
	ck_assert_int_eq(keys_parse(STR("F13")), 0);
	ck_assert_int_eq(keys_parse(STR("Fx")), 0);
	ck_assert_int_eq(keys_parse(STR("S-Tab")), TERM_KEY_BACKTAB);
	ck_assert_int_eq(keys_parse(STR("nothing")), 0);
	ck_assert_int_eq(keys_normal(13), TERM_KEY_ENTER);
	ck_assert_int_eq(keys_normal(127), TERM_KEY_BACKSPACE);
}
END_TEST

/* Every name in keys.def is a key, and no context has a key twice. */
START_TEST(the_table_is_sound)
{
	for (unsigned context = KEYS_MAIN; context <= KEYS_JOB; context <<= 1)
		for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
			struct buf keys = BUF_INIT(256);
			char *at;

			keys_text((enum keys_action)i, context, &keys);
			at = keys.data;
			for (char *name = at ? strtok_r(at, " ", &at) : NULL; name; name = strtok_r(NULL, " ", &at)) {
				int key = strcmp(name, "0-9") == 0 ? '7' : keys_parse(str_from(name));

				ck_assert_msg(key != 0, "%s is no key", name);
				ck_assert_msg(keys_find(key, context) == (enum keys_action)i, "%s in context %u twice", name,
				              context);
			}
			buf_release(&keys);
		}
}
END_TEST

START_TEST(what_the_survey_asks_for)
{
	static const struct {
		const char *key;
		enum keys_action action;
	} want[] = {
		{"q", ACT_QUIT}, {"F10", ACT_QUIT}, {"^C", ACT_QUIT}, {"?", ACT_HELP}, {"h", ACT_HELP}, {"F1", ACT_HELP},
		{"Tab", ACT_NEXT}, {"S-Tab", ACT_PREVIOUS}, {"1", ACT_SCREEN}, {"0", ACT_SCREEN}, {"j", ACT_DOWN}, {"k", ACT_UP},
		{"^D", ACT_HALF_DOWN}, {"^U", ACT_HALF_UP}, {"g", ACT_TOP}, {"G", ACT_BOTTOM}, {"[", ACT_LEFT}, {"]", ACT_RIGHT},
		{"/", ACT_SEARCH}, {"n", ACT_SEARCH_NEXT}, {"N", ACT_SEARCH_PREVIOUS}, {"\\", ACT_FILTER}, {"F4", ACT_FILTER},
		{"&", ACT_FILTER}, {"=", ACT_CLEAR}, {"<", ACT_SORT_LEFT}, {">", ACT_SORT_RIGHT}, {"F6", ACT_SORT_LIST},
		{"o", ACT_SORT_LIST}, {"I", ACT_SORT_INVERT}, {"f", ACT_SETUP}, {"F2", ACT_SETUP}, {"W", ACT_SAVE},
		{"Space", ACT_TAG}, {"U", ACT_UNTAG}, {"p", ACT_PAUSE}, {"Z", ACT_PAUSE}, {"+", ACT_FASTER}, {"-", ACT_SLOWER},
		{"d", ACT_DELAY}, {"r", ACT_REFRESH}, {"^R", ACT_REFRESH}, {"^L", ACT_REPAINT}, {"Enter", ACT_DETAIL},
		{"v", ACT_WRAP}, {"y", ACT_COPY}, {"F", ACT_FOLLOW}, {"i", ACT_HIDDEN}, {"t", ACT_TREE}, {"T", ACT_CYCLE},
		{":", ACT_COMMAND}, {"^Z", ACT_SUSPEND}, {"Esc", ACT_BACK}, {"e", ACT_EXPLAIN}, {"E", ACT_EXPLAIN_RUN},
		{"C", ACT_CANCEL}, {"K", ACT_TERMINATE}, {"m", ACT_MENU}, {"w", ACT_WARM}, {"J", ACT_JOBS}, {"X", ACT_ROOT},
		{"!", ACT_MARK}, {"D", ACT_DIFF}, {"(", ACT_STEP_BACK}, {")", ACT_STEP_ON}, {"b", ACT_BRANCH}, {"B", ACT_LATEST}};
	/* never bound */
	static const char *const none[] = {"M", "P"};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		ck_assert_msg(keys_find(keys_parse(str_from(want[i].key)), KEYS_MAIN) == want[i].action, "%s", want[i].key);
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		ck_assert_msg(keys_find(keys_parse(str_from(none[i])), KEYS_MAIN) == ACT_NONE, "%s", none[i]);
	/* where text is read, less' keys */
	ck_assert_int_eq(keys_find('b', KEYS_DETAIL), ACT_PAGE_UP);
	ck_assert_int_eq(keys_find('b', KEYS_HELP), ACT_PAGE_UP);
	ck_assert_int_eq(keys_find('!', KEYS_PLAN), ACT_PLAN_MARK);
	ck_assert_int_eq(keys_find('D', KEYS_PLAN), ACT_PLAN_DIFF);
	ck_assert_int_eq(keys_find('D', KEYS_SETUP), ACT_DEFAULTS);
	for (unsigned context = KEYS_MAIN; context <= KEYS_JOB; context <<= 1) {
		ck_assert_int_eq(keys_find(3, context), ACT_QUIT);
		ck_assert_int_eq(keys_find(TERM_KEY_ESC, context), ACT_BACK);
		ck_assert_int_eq(keys_find(12, context), ACT_REPAINT);
	}
}
END_TEST

START_TEST(actions_have_names)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		char name[32];

		keys_name((enum keys_action)i, name);
		ck_assert_int_eq(keys_by_name(str_from(name)), i);
		ck_assert_msg(keys_about((enum keys_action)i)[0] && keys_group((enum keys_action)i)[0], "%s", name);
	}
	ck_assert_int_eq(keys_by_name(STR("sort-invert")), ACT_SORT_INVERT);
	ck_assert_int_eq(keys_by_name(STR("sort_invert")), ACT_NONE);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		names_and_codes,
		the_table_is_sound,
		what_the_survey_asks_for,
		actions_have_names,
	};

	return unit_run("keys", cases, ARRAY_LEN(cases));
}
