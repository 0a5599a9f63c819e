/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/migration.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct statement *list;
static int count;

static void cut(const char *text)
{
	struct err why = {0};

	free(list);
	list = NULL;
	ck_assert_msg(statements_cut(&list, &count, "f.sql", 1, str_from(text), &why) == 0, "%s: %s", text, why.text);
}

static void is(int at, const char *text)
{
	ck_assert_int_lt(at, count);
	ck_assert_msg(str_is(list[at].text, text), "%d: '%.*s' is not '%s'", at, (int)list[at].text.len, list[at].text.at, text);
}

static const char *refused(const char *text)
{
	static struct err why;
	struct statement *got = NULL;
	int n;

	ck_assert_int_lt(statements_cut(&got, &n, "f.sql", 1, str_from(text), &why), 0);
	return why.text;
}

START_TEST(statements_end_at_semicolons)
{
	cut("");
	ck_assert_int_eq(count, 0);
	cut(" ;; -- nothing\n /* a; /* b; */ c; */ ;");
	ck_assert_int_eq(count, 0);
	cut("-- first\nSELECT 1 ;\n\nSELECT 2\n  -- behind\n;SELECT 3");
	ck_assert_int_eq(count, 3);
	is(0, "SELECT 1");
	ck_assert_int_eq(list[0].line, 2);
	is(1, "SELECT 2\n  -- behind");
	ck_assert_int_eq(list[1].line, 4);
	is(2, "SELECT 3");
}
END_TEST

START_TEST(semicolons_within)
{
	cut("SELECT ';', 'it''s;', E'\\';', \"a;\"\"b;\", U&'x;', e';\\\\'; SELECT 2");
	ck_assert_int_eq(count, 2);
	is(1, "SELECT 2");
	cut("DO $$ BEGIN; END; $$; DO $a$ $$;$$ $b$; $a$; SELECT $1; SELECT a$b$c; SELECT 1$");
	ck_assert_int_eq(count, 5);
	is(1, "DO $a$ $$;$$ $b$; $a$");
	is(2, "SELECT $1");
	is(3, "SELECT a$b$c");
	/* an identifier that ends in e begins no escape string */
	cut("SELECT type'\\'; SELECT 2");
	ck_assert_int_eq(count, 2);
	cut("SELECT 1 /* ; /* ; */ ; */ + 1; SELECT 2 -- ;\n + 3");
	ck_assert_int_eq(count, 2);
	is(1, "SELECT 2 -- ;\n + 3");
}
END_TEST

START_TEST(what_is_not_closed)
{
	ck_assert_str_eq(refused("SELECT 1;\nSELECT 'a"), "f.sql:2: this string is not closed");
	ck_assert_str_eq(refused("\n\nSELECT \"a"), "f.sql:3: this quoted name is not closed");
	ck_assert_str_eq(refused("DO $x$ $$"), "f.sql:1: this dollar quote is not closed");
	ck_assert_str_eq(refused("SELECT 1 /* /* */"), "f.sql:1: this comment is not closed");
	ck_assert_str_eq(refused("/* a"), "f.sql:1: this comment is not closed");
	ck_assert_str_eq(refused("SELECT E'\\'"), "f.sql:1: this string is not closed");
}
END_TEST

static void makes(const char *text, enum statement_kind kind, const char *object)
{
	cut(text);
	ck_assert_int_eq(count, 1);
	ck_assert_msg(list[0].kind == kind, "%s: kind %d", text, list[0].kind);
	ck_assert_str_eq(list[0].object, object);
}

START_TEST(what_a_statement_makes)
{
	makes("CREATE TABLE IF NOT EXISTS t (a int)", STATEMENT_TABLE, "t");
	makes("create table t(a int)", STATEMENT_TABLE, "t");
	makes("CREATE UNIQUE INDEX i ON t (a)", STATEMENT_INDEX, "i");
	makes("CREATE INDEX CONCURRENTLY IF NOT EXISTS i_2 ON t (a)", STATEMENT_INDEX, "i_2");
	makes("CREATE MATERIALIZED VIEW IF NOT EXISTS v AS SELECT 1", STATEMENT_VIEW, "v");
	makes("CREATE INDEX \"odd name\" ON t (a)", STATEMENT_INDEX, "");
	makes("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", STATEMENT_OTHER, "");
	makes("INSERT INTO t VALUES (1)", STATEMENT_OTHER, "");
}
END_TEST

START_TEST(concurrently_goes_in_and_out)
{
	struct buf text = BUF_INIT(1000);

	cut("CREATE INDEX  CONCURRENTLY\n\tIF NOT EXISTS i ON t (concurrently)");
	statement_add(&text, &list[0], true);
	ck_assert_str_eq(buf_text(&text), "CREATE INDEX  CONCURRENTLY\n\tIF NOT EXISTS i ON t (concurrently)");
	buf_clear(&text);
	statement_add(&text, &list[0], false);
	ck_assert_str_eq(buf_text(&text), "CREATE INDEX  IF NOT EXISTS i ON t (concurrently)");
	cut("REFRESH MATERIALIZED VIEW CONCURRENTLY v");
	buf_clear(&text);
	statement_add(&text, &list[0], false);
	ck_assert_str_eq(buf_text(&text), "REFRESH MATERIALIZED VIEW CONCURRENTLY v");
	buf_release(&text);
}
END_TEST

START_TEST(many_statements)
{
	struct buf text = BUF_INIT(10000);

	for (int i = 0; i < STATEMENTS_MAX; i++)
		buf_adds(&text, "SELECT 1;");
	cut(buf_text(&text));
	ck_assert_int_eq(count, STATEMENTS_MAX);
	buf_adds(&text, "SELECT 1;");
	ck_assert_str_eq(refused(buf_text(&text)), "f.sql: over 200 statements");
	buf_release(&text);
}
END_TEST

/* --- headers --------------------------------------------------------------------------------------------------------- */

#define HEAD "-- SPDX-License-Identifier: PostgreSQL\n/* dytop migration\n"

static const char *bad(const char *text)
{
	static struct err why;
	struct migration m;

	ck_assert_msg(migration_parse(&m, "10_x", "d/10_x.sql", str_from(text), &why) < 0, "accepted: %s", text);
	return why.text;
}

START_TEST(header)
{
	static const char text[] = HEAD "set: optimized\nlayout: partitioned\nabout: \"two tables\"\nbefore_rows: yes\nmay_fail: no\n"
		"run: each\n*/\n\nCREATE TABLE a (x int);\nCREATE TABLE b (x int);\n";
	struct migration m;
	struct err why = {0};

	ck_assert_msg(migration_parse(&m, "10_x", "d/10_x.sql", STR(text), &why) == 0, "%s", why.text);
	ck_assert_str_eq(m.name, "10_x");
	ck_assert_str_eq(m.about, "two tables");
	ck_assert_int_eq(m.set, MIGRATION_OPTIMIZED);
	ck_assert_int_eq(m.layout, MIGRATION_PARTITIONED);
	ck_assert_int_eq(m.run, MIGRATION_EACH);
	ck_assert(m.before_rows && !m.may_fail);
	ck_assert_int_eq(m.count, 2);
	ck_assert_int_eq(m.statement[1].line, 12);
	migration_release(&m);
}
END_TEST

START_TEST(bad_headers)
{
	ck_assert_ptr_nonnull(strstr(bad("SELECT 1;"), "d/10_x.sql:1: it is to begin with a comment"));
	ck_assert_ptr_nonnull(strstr(bad("-- a\n/* dytop panel\nset: baseline\n*/ SELECT 1;"), "d/10_x.sql:2:"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: baseline\n"), "is not closed"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: base\nabout: a\n*/ SELECT 1;"), "d/10_x.sql:3: set"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "about: a\n*/ SELECT 1;"), "set is missing"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\n*/ SELECT 1;"), "about is missing"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\nabout: a\nlayuot: any\n*/ SELECT 1;"), "d/10_x.sql:5"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\nabout: a\nlayuot: any\n*/ SELECT 1;"), "layout"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\nabout: a\nmay_fail: perhaps\n*/ SELECT 1;"), "may_fail"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\nabout: a\n*/ -- nothing\n"), "no statement"));
	ck_assert_ptr_nonnull(strstr(bad(HEAD "set: rows\nabout: a\n*/ SELECT 'x"), "d/10_x.sql:5: this string"));
	ck_assert_ptr_nonnull(strstr(bad(""), "begin with a comment"));
	ck_assert_ptr_nonnull(strstr(bad("-- no line break"), "begin with a comment"));
}
END_TEST

START_TEST(which_files_are_migrations)
{
	ck_assert(migration_is("10_tables") && migration_is("01_x"));
	ck_assert(!migration_is("state") && !migration_is("1_x") && !migration_is("10") && !migration_is(""));
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		statements_end_at_semicolons, semicolons_within, what_is_not_closed, what_a_statement_makes, concurrently_goes_in_and_out,
		many_statements, header, bad_headers, which_files_are_migrations,
	};

	return unit_run("migration", cases, ARRAY_LEN(cases));
}
