/* SPDX-License-Identifier: PostgreSQL */
#include "action/action.h"

#include <string.h>

#include "action/maintain_private.h"
#include "app/files.h"
#include "insight/parse.h"
#include "unit.h"

#define HEAD "/* dytop action\ntitle: T\ntarget: table\nlock_timeout: none\n"

static struct action *good(const char *text)
{
	struct action *a = NULL;
	struct err why = {0};

	ck_assert_msg(action_parse(&a, "mine", "mine.sql", str_from(text), &why) == 0, "%s", why.text);
	return a;
}

static void bad(const char *text, const char *where, const char *word)
{
	struct action *a = NULL;
	struct err why = {0};

	ck_assert_int_lt(action_parse(&a, "mine", "mine.sql", str_from(text), &why), 0);
	ck_assert_msg(strncmp(why.text, where, strlen(where)) == 0 && strstr(why.text, word), "%s (expected %s ... %s)", why.text,
	              where, word);
}

START_TEST(what_ships_parses)
{
	struct options o = {0};
	struct files *f = NULL;
	struct err why = {0};
	const char *const *names;
	int count = 0;

	ck_assert_msg(files_new(&f, &o, &why) == 0, "%s", why.text);
	ck_assert_int_eq(files_texts(f, &o, FILE_ACTION, &names, &why), 0);
	for (; *names; names++, count++) {
		struct files_text text;
		struct action *a = NULL;
		ck_assert_int_eq(files_text(f, &o, FILE_ACTION, *names, &text, &why), 0);
		ck_assert_msg(action_parse(&a, text.name, text.path, text.text, &why) == 0, "%s", why.text);
		/* what may leave an invalid index must have no timeout, and can find it again */
		if (a->leaves) {
			ck_assert_msg(a->lock_timeout_ms <= 0 && a->statement_timeout_ms <= 0, "%s", *names);
			ck_assert_msg(action_sql(a, ACTION_LEFT, 0, 150000) != NULL, "%s", *names);
		}
		for (int step = 0; step < a->steps; step++)
			ck_assert_msg(action_sql(a, ACTION_STATEMENT, step, 130000) != NULL, "%s", *names);
		action_free(a);
	}
	ck_assert_int_ge(count, 17);
	files_free(f);
}
END_TEST

START_TEST(a_file_says_all)
{
	struct action *a = good("/* dytop action\ntitle: Do it to\nabout: A sentence.\ntarget: index\nkinds: iI\n"
	                        "value: {name: NEW, needed: yes}\nsecrets: [a, b]\nprivilege: [owner, maintain]\nweight: word\n"
	                        "danger: yes\nstandby: yes\nalone: no\nwaits: snapshots\nbuilds: yes\nleaves: yes\nsince: 140000\n"
	                        "until: 180000\nlock_timeout: 2s\nstatement_timeout: none\nrate: 50MB\n*/\n-- a remark\n"
	                        "-- before\nSELECT 1\n-- since when? a remark in it\n-- statement\nDO %{target} %{value};\n"
	                        "-- statement\nTHEN %{oid}\n-- statement since 170000\nNEW %{target}\n");

	ck_assert_str_eq(a->title, "Do it to");
	ck_assert_str_eq(a->kinds, "iI");
	ck_assert_int_eq(a->value, ACTION_NEEDS_VALUE);
	ck_assert(a->owner && a->maintain && !a->database_owner && a->word && a->danger && a->standby && !a->alone);
	ck_assert(a->snapshots && !a->users && a->builds && a->leaves && a->since == 140000 && a->until == 180000);
	ck_assert(a->lock_timeout_ms == 2000 && a->statement_timeout_ms == 0 && a->rate == 50.0 * 1024 * 1024);
	ck_assert(action_named(a->secret, "a") && action_named(a->secret, "b") && !action_named(a->secret, "ab"));
	ck_assert(!action_named(NULL, "a"));
	ck_assert_int_eq(a->steps, 2);
	ck_assert_str_eq(action_sql(a, ACTION_STATEMENT, 0, 160000), "DO %{target} %{value}");
	ck_assert_str_eq(action_sql(a, ACTION_STATEMENT, 1, 160000), "THEN %{oid}");
	ck_assert_str_eq(action_sql(a, ACTION_STATEMENT, 0, 170000), "NEW %{target}");
	ck_assert_ptr_null(action_sql(a, ACTION_PROGRESS, 0, 170000));
	ck_assert_ptr_nonnull(strstr(action_sql(a, ACTION_BEFORE, 0, 170000), "a remark in it"));
	action_free(a);
}
END_TEST

START_TEST(mistakes_name_their_line)
{
	bad("SELECT 1", "mine.sql:1:", "/* dytop action");
	bad("/* dytop action\ntitle: x\n", "mine.sql:1:", "not closed");
	bad("/* dytop action\ntitle: x\n*/\n", "mine.sql", "must be said");
	bad("/* dytop action\ntitle: x\ntarget: tabel\n*/\n", "mine.sql:3:", "table");
	bad(HEAD "colour: red\n*/\n", "mine.sql:5:", "colour");
	bad(HEAD "rate: 5s\n*/\n", "mine.sql:5:", "bytes");
	bad(HEAD "kinds: xyz\n*/\n", "mine.sql:5:", "relkind");
	bad(HEAD "since: 90000\n*/\n", "mine.sql:5:", "since");
	bad(HEAD "weight: heavy\n*/\n", "mine.sql:5:", "heavy");
	bad(HEAD "value: NAME\n*/\n", "mine.sql:5:", "map");
	bad(HEAD "*/\nVACUUM %{target}\n", "mine.sql:6:", "section");
	bad(HEAD "*/\n-- statement\n\n-- progress\nSELECT 1\n", "mine.sql:6:", "without SQL");
	bad(HEAD "*/\n-- statement since 17\nx\n", "mine.sql:6:", "version");
	bad(HEAD "*/\n\n-- before\nx\n-- before\ny\n", "mine.sql:9:", "twice");
	bad(HEAD "*/\n-- statement\nVACUUM %{tarket}\n", "mine.sql:6:", "tarket");
	bad(HEAD "*/\n-- statement\nVACUUM %{value}\n", "mine.sql:6:", "value");
	bad(HEAD "*/\n-- statement\nVACUUM %{target\n", "mine.sql:6:", "not closed");
	bad(HEAD "*/\n-- before\nSELECT %{target}\n", "mine.sql:6:", "only statements");
}
END_TEST

static void fills(const char *sql, const struct action_holes *h, const char *expect)
{
	struct buf out = BUF_INIT(4096);
	struct err why = {0};

	ck_assert_msg(action_fill(&out, sql, h, &why) == 0, "%s", why.text);
	ck_assert_str_eq(buf_text(&out), expect);
	buf_release(&out);
}

START_TEST(holes_are_quoted)
{
	const struct action_holes h = {.target = "\"s\".\"t\"", .name = "a\"b.c", .value = "it's", .columns = "id, Odd \"x\"",
	                               .query = "-12", .oid = "16384", .extension = "public"};
	const struct action_holes list = {.value = "a, 'b' ,c", .list = true}, slash = {.value = "a\\'; x"}, none = {.target = "t"};
	struct buf out = BUF_INIT(4096);
	struct err why = {0};

	fills("V %{target}%{columns}", &h, "V \"s\".\"t\" (\"id\", \"Odd \"\"x\"\"\")");
	fills("V %{target}%{columns}", &none, "V t");
	fills("S %{name} = %{value}", &h, "S \"a\"\"b\".\"c\" = 'it''s'");
	fills("= %{value}", &slash, "=  E'a\\\\''; x'");
	fills("= %{value}", &list, "= 'a', '''b''', 'c'");
	fills("%{extension}.f(%{query}, %{oid}) 100%", &h, "public.f('-12', '16384') 100%");
	ck_assert_int_lt(action_fill(&out, "%{value}", &none, &why), 0);
	buf_release(&out);
}
END_TEST

START_TEST(definitions_are_made_concurrent)
{
	static const struct {
		const char *sql, *made, *table; /* made NULL: refused, table is in the message */
	} cases[] = {
		{"create index on t(a);", "create index CONCURRENTLY on t(a)", "t"},
		{"CREATE UNIQUE INDEX i ON s.t (a) WHERE b = 'CREATE INDEX'", "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a) WHERE b = 'CREATE INDEX'",
	     "s.t"},
		{"CREATE INDEX CONCURRENTLY i ON t (a)", "CREATE INDEX CONCURRENTLY i ON t (a)", "t"},
		{"CREATE INDEX \"ON t (x); --\" ON ONLY \"S\" . \"a\"\"b\" USING gin (a)",
	     "CREATE INDEX CONCURRENTLY \"ON t (x); --\" ON ONLY \"S\" . \"a\"\"b\" USING gin (a)", "\"S\" . \"a\"\"b\""},
		{"CREATE INDEX IF NOT EXISTS i ON t (a)", NULL, "IF NOT EXISTS"},
		{"CREATE INDEX /* on x */ ON t (a)", NULL, "is expected"},
		{"CREATE INDEX i ON t (a); DROP TABLE t", NULL, ""},
		{"CREATE TABLE t ()", NULL, "is expected"},
		{"SELECT 1", NULL, "is expected"},
		{"CREATE INDEX", NULL, ""},
		{"", NULL, ""},
	};

	if (parse_available(NULL) < 0)
		return; /* no libpg_query here: create_index says so */
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *made = NULL, *table = NULL;
		struct err why = {0};
		size_t at = 0;
		int rc = maintain_definition(cases[i].sql, &made, &table, &at, &why);
		if (cases[i].made) {
			ck_assert_msg(rc == 0, "%s", why.text);
			ck_assert_str_eq(made, cases[i].made);
			ck_assert_str_eq(table, cases[i].table);
			ck_assert(strncmp(made + at, table, strlen(table)) == 0);
		} else
			ck_assert_msg(rc < 0 && strstr(why.text, cases[i].table), "%s: %s", cases[i].sql, why.text);
		free(made);
		free(table);
	}
}
END_TEST

START_TEST(a_process_is_the_backend_by_its_title)
{
	static const struct {
		const char *command_line, *title;
		bool is;
	} cases[] = {
		{"postgres: joe shop [local] SELECT", " joe shop [local]", true},
		{"postgres: main: joe shop 10.0.0.1(4711) idle", " joe shop 10.0.0.1(4711)", true},
		{"postgres: joe shop [local]", " joe shop [local]", true},
		{"postgres: joe shop 127.0.0.1(53412) idle", " joe shop 127.0.0.1(53413)", false}, /* same number, another session */
		{"postgres: joe shop [local] idle", " joe shop 127.0.0.1(5)", false},
		{"postgres: checkpointer ", " joe shop [local]", false},
		{"/usr/bin/vi joe shop [local]", " joe shop [local]", false},
		{"", " joe shop [local]", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_msg(disk_is_backend(cases[i].command_line, cases[i].title) == cases[i].is, "%s", cases[i].command_line);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {what_ships_parses, a_file_says_all, mistakes_name_their_line, holes_are_quoted,
	                              definitions_are_made_concurrent, a_process_is_the_backend_by_its_title};

	return unit_run("action", cases, ARRAY_LEN(cases));
}
