/* SPDX-License-Identifier: PostgreSQL */
#include "insight/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "unit.h"

static struct parse *read_it(const char *sql)
{
	struct parse *p = NULL;
	struct err why = {0};
	int rc = parse_new(&p, sql, strlen(sql), &why);

	ck_assert_msg(rc == 0, "%s: %s", sql, why.text);
	return p;
}

static int refusal(const char *sql, size_t len, const char *words)
{
	struct parse *p = NULL;
	struct err why = {0};
	int rc = parse_new(&p, sql, len, &why);

	ck_assert_msg(rc < 0, "%.60s is read", sql);
	ck_assert_ptr_null(p);
	ck_assert_msg(strstr(why.text, words) != NULL, "%.60s: %s, not %s", sql, why.text, words);
	return rc;
}

static void deparses(const char *sql, const char *expect)
{
	struct parse *p = read_it(sql);
	struct buf out = BUF_INIT(PARSE_TEXT_MAX);
	struct err why = {0};

	ck_assert_msg(parse_deparse(p, "pg_catalog.\"extract\"", &out, &why) == 0, "%s: %s", sql, why.text);
	ck_assert_str_eq(buf_text(&out), expect);
	buf_release(&out);
	parse_free(p);
}

static void copies(const char *sql, const char *expect)
{
	struct parse *p = read_it(sql);
	struct buf out = BUF_INIT(PARSE_TEXT_MAX);
	int n = parse_group_copies(p, &out);

	if (expect) {
		ck_assert_msg(n > 0, "%s: nothing is copied", sql);
		ck_assert_str_eq(buf_text(&out), expect);
	} else
		ck_assert_msg(n == 0 && out.len == 0, "%s: %s", sql, buf_text(&out));
	buf_release(&out);
	parse_free(p);
}

START_TEST(kinds)
{
	static const struct { const char *sql; enum parse_kind kind; const char *word; bool writes, locks; } rows[] = {
		{"select 1", PARSE_SELECT, "SELECT", false, false},
		{"  /* x; y */ select 1; -- end; of it", PARSE_SELECT, "SELECT", false, false},
		{"values (1), (2)", PARSE_SELECT, "VALUES", false, false},
		{"(select 1) union (select 2)", PARSE_SELECT, "SELECT", false, false},
		{"table t", PARSE_SELECT, "TABLE", false, false},
		{"select * from t for no key update skip locked", PARSE_SELECT, "SELECT", false, true},
		{"select * from (select * from t for share) x", PARSE_SELECT, "SELECT", false, true},
		{"select * into z from t", PARSE_SELECT, "SELECT", true, false},
		{"with gone as (delete from t returning *) select * from gone", PARSE_SELECT, "WITH", true, false},
		{"insert into t values (1)", PARSE_INSERT, "INSERT", true, false},
		{"update t set a = 1", PARSE_UPDATE, "UPDATE", true, false},
		{"delete from t", PARSE_DELETE, "DELETE", true, false},
		{"merge into t using s on t.i = s.i when matched then do nothing", PARSE_MERGE, "MERGE", true, false},
		{"vacuum t", PARSE_UTILITY, "VACUUM", false, false},
		{"create index on t (a)", PARSE_UTILITY, "CREATE INDEX", false, false},
		{"set work_mem = $1", PARSE_UTILITY, "SET", false, false},
		{"explain select 1", PARSE_UTILITY, "EXPLAIN SELECT", false, false},
		{"copy t to stdout", PARSE_UTILITY, "COPY", false, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct parse *p = read_it(rows[i].sql);

		ck_assert_msg(p->kind == rows[i].kind, "%s: kind %d", rows[i].sql, p->kind);
		ck_assert_str_eq(p->word, rows[i].word);
		ck_assert_msg(p->writes == rows[i].writes, "%s: writes %d", rows[i].sql, p->writes);
		ck_assert_msg(p->locks == rows[i].locks, "%s: locks %d", rows[i].sql, p->locks);
		parse_free(p);
	}
}
END_TEST

START_TEST(one_statement_only)
{
	static const char *const several[] = {
		"select 1; delete from t", "select 1;;;drop table t", "begin; select 1", "select 1; select", "select ';'; commit",
		"select $$;$$; commit", "select 1 /* ; */ ; commit", "select E'\\'; x'; commit",
	};

	for (size_t i = 0; i < ARRAY_LEN(several); i++)
		ck_assert_int_eq(refusal(several[i], strlen(several[i]), "more than one statement"), ERR_INVALID);
	refusal("", 0, "no statement");
	refusal(" ; ", 3, "no statement");
	refusal("-- nothing", 10, "no statement");
	refusal("analyze delete from t", 21, "syntax error");
	refusal("select 'open", 12, "unterminated");
	refusal("select /* open", 14, "unterminated");
	refusal("select 1\0; x", 12, "NUL");
	refusal("select '\xff'", 10, "UTF-8 at byte 9");
}
END_TEST

/* Each of these ends libpg_query with a stack overflow at some size, or would take it seconds. */
START_TEST(what_is_hostile)
{
	static const struct { const char *begin, *each, *middle, *close, *end; } rows[] = {
		{"select ", "1+", "1", "", ""}, {"select ", "not ", "true", "", ""}, {"select ", "(", "1", ")", ""},
		{"select ", "array[", "1", "]", ""}, {"select ", "f(", "1", ")", ""}, {"select ", "(select ", "1", ")", ""},
		{"select 1", " union select 1", "", "", ""}, {"select * from a", " cross join b", "", "", ""},
		{"select ", "case when true then ", "1", " end", ""}, {"select ", "- ", "1", "", ""},
		{"select 1", "::int", "", "", ""}, {"select 1", " is not null", "", "", ""},
		{"select a", " collate \"C\"", "", "", ""}, {"select a", " at time zone 'x'", "", "", ""},
		{"select ", "@ ", "1", "", ""}, {"select a", " like a", "", "", ""}, {"select a", " operator(pg_catalog.+) a", "", "", ""},
		{"select ", "(values (", "1", "))", ""}, {"select a", " = a", "", "", ""}, {"select ", "row(", "1", ")", ""},
		{"with ", "a as (with ", "b as (select 1) select 1", ") select 1", ""}, {"select a", " isnull", "", "", ""},
		{"select a", " || 'x'", "", "", ""}, {"select a", " in (1)", "", "", ""}, {"select a", " natural join b", "", "", ""},
	};
	static const int sizes[] = {150, 1000, 6000, 20000};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
			struct buf sql = BUF_INIT(1 << 20);
			struct buf out = BUF_INIT(PARSE_TEXT_MAX);
			struct parse *p = NULL;
			struct err why = {0};

			buf_adds(&sql, rows[i].begin);
			for (int n = 0; n < sizes[s]; n++)
				buf_adds(&sql, rows[i].each);
			buf_adds(&sql, rows[i].middle);
			for (int n = 0; n < sizes[s]; n++)
				buf_adds(&sql, rows[i].close);
			int rc = parse_new(&p, buf_text(&sql), sql.len, &why);
			if (s > 0 && rc == 0)
				ck_abort_msg("%s x %d is read", rows[i].each, sizes[s]);
			if (rc == 0 && parse_deparse(p, "x", &out, &why) < 0)
				ck_assert_int_ne(why.code, 0);
			parse_free(p);
			buf_release(&sql);
			buf_release(&out);
		}
}
END_TEST

/* What is long but flat is no attack: lists of thousands, and of conditions. */
START_TEST(what_is_long_but_flat)
{
	struct buf sql = BUF_INIT(1 << 20);

	buf_adds(&sql, "select * from t where a in (0");
	for (int i = 0; i < 9000; i++)
		buf_addf(&sql, ", %d", -i);
	buf_adds(&sql, ")");
	for (int i = 0; i < 2000; i++)
		buf_addf(&sql, " %s b = $%d and c > now() - interval '1 day'", i % 2 ? "or" : "and", i % 900 + 1);
	struct parse *p = read_it(buf_text(&sql));
	ck_assert_int_eq(p->params, 900);
	ck_assert_int_le(p->uses, PARSE_USES_MAX);
	parse_free(p);
	buf_clear(&sql);
	buf_adds(&sql, "select '");
	for (int i = 0; i < PARSE_TEXT_MAX; i++)
		buf_addc(&sql, 'x');
	buf_adds(&sql, "'");
	ck_assert_int_eq(refusal(buf_text(&sql), sql.len, "more than 256 kB"), ERR_TOO_BIG);
	buf_release(&sql);
}
END_TEST

START_TEST(literals_where_none_may_stand)
{
	deparses("select a from t where b > now() - interval $1 and c = date $2", "SELECT a FROM t WHERE b > (now() - $1::interval) AND c = $2::date");
	deparses("select extract($1 from ts), extract(year from ts) from t", "SELECT pg_catalog.\"extract\"($1, ts), extract ('year' FROM ts) FROM t");
	deparses("select timestamp $1, json $2", "SELECT $1::timestamp, $2::json");
}
END_TEST

START_TEST(copies_of_grouping)
{
	copies("select date_trunc($1, c), count(*) from t group by date_trunc('day', c)",
	       "select date_trunc('day', c), count(*) from t group by date_trunc('day', c)");
	copies("select date_trunc($1, c) + $2, count(*) from t group by date_trunc($3, c) having date_trunc($4, c) > $5",
	       "select date_trunc($3, c) + $2, count(*) from t group by date_trunc($3, c) having date_trunc($3, c) > $5");
	copies("select c / $1, $2 from t group by c / -5, x order by c / $3", "select c / -5, $2 from t group by c / -5, x order by c / -5");
	copies("select distinct lower(c) || $1 from t order by lower(c) || 'é'", "select distinct lower(c) || 'é' from t order by lower(c) || 'é'");
	copies("select * from (select (m ->> $1) k, sum(a) from t group by m ->> 'type') s",
	       "select * from (select (m ->> 'type') k, sum(a) from t group by m ->> 'type') s");
	copies("select a::date, extract($1 from b) from t group by grouping sets ((a::date, extract('dow' from b)), ())",
	       "select a::date, extract('dow' from b) from t group by grouping sets ((a::date, extract('dow' from b)), ())");
	copies("select a + $1 from t group by a", NULL);
	copies("select a + $1 from t group by a - 1", NULL);
	copies("select $1, count(*) from t group by 1", NULL);
	copies("select date_trunc($1, c, $2) from t group by date_trunc('day', c)", NULL);
}
END_TEST

static void values_are(const char *normalised, const char *actual, int found, const char *const *expect)
{
	struct parse *n = read_it(normalised), *a = read_it(actual);
	char *value[10] = {0};

	ck_assert_msg(parse_literals(n, a, value, 9) == found, "%s: not %d values", actual, found);
	for (int i = 1; i <= 9; i++) {
		const char *want = found > 0 && i <= found ? expect[i - 1] : NULL;

		ck_assert_msg((want == NULL) == (value[i] == NULL), "%s: $%d", actual, i);
		if (want)
			ck_assert_str_eq(value[i], want);
		free(value[i]);
	}
	parse_free(n);
	parse_free(a);
}

START_TEST(literals_of_the_same_statement)
{
	values_are("select * from t where a = $1 and b > now() - interval $2 and c in ($3, $4) limit $5",
	           "select * from t where a = 'it''s' and b > now() - interval '1 day' and c in (-5, 1.5e3) limit 10", 5,
	           (const char *const[]){"it's", "1 day", "-5", "1.5e3", "10"});
	values_are("select $1::text, $2", "select E'a\\\\b'::text, true", 2, (const char *const[]){"a\\b", "true"});
	values_are("select * from t where a = $1", "select * from t where a = $1", 0, NULL);
	values_are("select * from t where a = $1", "select * from u where a = 1", 0, NULL);
	values_are("select * from t where a = $1", "select * from t where a = 1 or true", 0, NULL);
	values_are("select * from t where a = $1", "delete from t where a = 1", 0, NULL);
}
END_TEST

START_TEST(predicates)
{
	struct parse *p = read_it("select count(*), $9 from app.tx t join sig s on s.tx = t.id where t.status = $1 and t.at between $2 and $3 "
		"and $4 < s.n and t.chain in ($5, $6) and t.kind = any ($7) group by t.status order by t.at desc limit $8");

	ck_assert_int_eq(p->tables, 2);
	ck_assert_str_eq(p->table[0].schema, "app");
	ck_assert_str_eq(p->table[0].name, "tx");
	ck_assert_str_eq(p->table[1].alias, "s");
	ck_assert_int_eq(p->params, 9);
	static const struct { const char *column; enum parse_use_kind kind; int table; } expect[] = {
		{NULL, PARSE_EQ, 0}, {"status", PARSE_EQ, 0}, {"at", PARSE_RANGE, 0}, {"at", PARSE_RANGE, 0}, {"n", PARSE_RANGE, 1},
		{"chain", PARSE_EQ, 0}, {"chain", PARSE_EQ, 0}, {"kind", PARSE_EQ, 0},
	};
	for (int n = 1; n <= 7; n++) {
		ck_assert_msg(p->param[n].kind == PARSE_PARAM_COMPARED, "$%d is %d", n, p->param[n].kind);
		const struct parse_use *use = &p->use[p->param[n].use];
		ck_assert_str_eq(use->column, expect[n].column);
		ck_assert_int_eq(use->kind, expect[n].kind);
		ck_assert_int_eq(use->table, expect[n].table);
	}
	ck_assert_int_eq(p->param[8].kind, PARSE_PARAM_LIMIT);
	ck_assert_int_eq(p->param[9].kind, PARSE_PARAM_OUTPUT);
	int joins = 0, sorts = 0, groups = 0;
	for (int i = 0; i < p->uses; i++) {
		joins += p->use[i].kind == PARSE_JOIN;
		sorts += p->use[i].kind == PARSE_SORT && strcmp(p->use[i].op, "DESC") == 0;
		groups += p->use[i].kind == PARSE_GROUP;
	}
	ck_assert_int_eq(joins, 2);
	ck_assert_int_eq(sorts, 1);
	ck_assert_int_eq(groups, 1);
	parse_free(p);
	p = read_it("with w as (select * from a) insert into b (x, y) select $1, y from w where z = 'lit'");
	ck_assert_int_eq(p->tables, 3);
	ck_assert(p->table[p->tables - 1].cte || p->table[1].cte || p->table[0].cte);
	parse_free(p);
	p = read_it("insert into b (x, y) values ($1, $2), ($3, $4) on conflict (x) do update set y = excluded.y + $5");
	ck_assert_str_eq(p->use[p->param[4].use].column, "y");
	ck_assert_int_eq(p->param[4].kind, PARSE_PARAM_STORED);
	ck_assert(p->table[p->use[p->param[4].use].table].target);
	parse_free(p);
}
END_TEST

START_TEST(without_the_library)
{
	static const char sql[] = "select '$9', \"$8\", $1 /* $7 /* $6 */ */ -- $5\n, a$4, E'\\'$3', $2";
	char word[PARSE_NAME_MAX];
	struct buf out = BUF_INIT(100);

	ck_assert_int_eq(parse_count_params(sql, strlen(sql)), 2);
	ck_assert_int_eq(parse_count_params("$99999999999", 12), PARSE_PARAMS_MAX);
	parse_first_word(" /* x */ -- y\n (Vacuum full", 26, word);
	ck_assert_str_eq(word, "VACUUM");
	parse_quote_literal(&out, "it's \\");
	ck_assert_str_eq(buf_text(&out), "E'it''s \\\\'");
	buf_release(&out);
}
END_TEST

START_TEST(finds_the_query_that_is_held)
{
	static const struct {
		const char *text, *held; /* NULL: none */
	} cases[] = {
		{"CREATE TABLE x (a, b) WITH (fillfactor = 70) AS SELECT c AS d FROM t WITH NO DATA;", "SELECT c AS d FROM t"},
		{"create temp table x as (select 1) with data", "(select 1)"},
		{"CREATE MATERIALIZED VIEW v AS WITH w AS (SELECT 1) SELECT * FROM w", "WITH w AS (SELECT 1) SELECT * FROM w"},
		{"DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM t FOR UPDATE", "SELECT * FROM t FOR UPDATE"},
		{"COPY (SELECT a, (1) FROM t) TO STDOUT WITH (FORMAT csv)", "SELECT a, (1) FROM t"},
		{"COPY (DELETE FROM t RETURNING *) TO STDOUT", "DELETE FROM t RETURNING *"},
		{"COPY t TO STDOUT", NULL},
		{"PREPARE p (int, text) AS SELECT $1, $2", "SELECT $1, $2"},
		{"EXPLAIN (ANALYZE, BUFFERS) SELECT 1", "SELECT 1"},
		{"EXPLAIN (SELECT 1)", "(SELECT 1)"},
		{"explain analyze verbose update t set a = 1", "update t set a = 1"},
		{"EXPLAIN CREATE TABLE x AS SELECT 1", "CREATE TABLE x AS SELECT 1"},
		{"CREATE TABLE \"AS\" AS SELECT 1 AS \"DATA\"", "SELECT 1 AS \"DATA\""},
		{"CREATE TABLE x AS EXECUTE p", "EXECUTE p"},
		{"CREATE TABLE x (a int)", NULL},
		{"EXECUTE p (1)", NULL},
		{"REFRESH MATERIALIZED VIEW v WITH DATA", NULL},
		{"SELECT 1 AS a", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parse *p;
		struct err why = {0};
		size_t start = 0, len = 0;

		ck_assert_msg(parse_new(&p, cases[i].text, strlen(cases[i].text), &why) == 0, "%s: %s", cases[i].text, why.text);
		bool held = parse_held(p, &start, &len);
		ck_assert_msg(held == (cases[i].held != NULL), "%s", cases[i].text);
		if (held)
			ck_assert_msg(len == strlen(cases[i].held) && memcmp(cases[i].text + start, cases[i].held, len) == 0, "%s: %.*s",
				      cases[i].text, (int)len, cases[i].text + start);
		parse_free(p);
	}
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		kinds,
		one_statement_only,
		what_is_hostile,
		what_is_long_but_flat,
		literals_where_none_may_stand,
		copies_of_grouping,
		finds_the_query_that_is_held,
		literals_of_the_same_statement,
		predicates,
		without_the_library,
	};

	return unit_run("parse", cases, ARRAY_LEN(cases));
}
