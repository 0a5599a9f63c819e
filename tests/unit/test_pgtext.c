/* SPDX-License-Identifier: PostgreSQL */
/* The pure parts of the PostgreSQL source: connection strings, reasons, numerics, statement texts. */
#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "source/pgerror.h"
#include "source/pgsample.h"
#include "source/pgstmt.h"
#include "source/pgtarget.h"
#include "unit.h"

START_TEST(plain_strings_need_no_libpq)
{
	static const char *const plain[] = {
		"", "mydb", "host=a port=1", "  host=a   dbname=b ", "postgresql://", "postgres://u:p@h:5432/db",
		"postgresql://a,b:1/db?sslmode=require&connect_timeout=5",
	};
	static const char *const others[] = {
		"host='a b'", "hosst=a", "host=", "host= a", "host=a port", "postgresql://h/db?nope=1", "postgresql://[::1]/db",
		"postgresql://h/a%20b", "postgresql://h/db?sslmode=", "host=a\\ b", "postgresql://h/\x01",
	};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		ck_assert_msg(pgtarget_plain(plain[i]), "%s", plain[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		ck_assert_msg(!pgtarget_plain(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(first_bytes_tell_who_answers)
{
	ck_assert_int_eq(pgerror_peer(PGSTAGE_TLS, "S", 1), PGPEER_POSTGRES);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_TLS, "N", 1), PGPEER_NO_TLS);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_TLS, "", 0), PGPEER_CLOSED);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "R\0\0\0\x08", 5), PGPEER_POSTGRES);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "E\0\0\0\x60", 5), PGPEER_POSTGRES);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "HTTP/1.1", 8), PGPEER_HTTP);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_TLS, "HTTP/1.1", 8), PGPEER_HTTP);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "-ERR un", 7), PGPEER_REDIS);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "ERROR", 5), PGPEER_OTHER);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "\x15\x03\x01", 3), PGPEER_TLS);
	ck_assert_int_eq(pgerror_peer(PGSTAGE_LOGIN, "J\0\0\0\n8.0", 8), PGPEER_OTHER);
}
END_TEST

START_TEST(sqlstates_are_found_in_any_language)
{
	char state[6], text[100];

	ck_assert(pgerror_sqlstate("connection to server at \"127.0.0.1\", port 1 failed: FATAL:  53300: sorry, too many\nLOCATION:  x",
	                           state, text, sizeof(text)));
	ck_assert_str_eq(state, "53300");
	ck_assert_str_eq(text, "sorry, too many");
	ck_assert(pgerror_sqlstate("ВАЖНО:  28P01: пользователь\x1b[31m\n", state, text, sizeof(text)));
	ck_assert_str_eq(text, "пользователь\\x1B[31m");
	ck_assert(!pgerror_sqlstate("could not connect: Connection refused", state, text, sizeof(text)));
	ck_assert(!pgerror_sqlstate("a:  b:  1234", state, text, sizeof(text)));
}
END_TEST

static enum source_failure failure_of(const char *message, int code, const char *word)
{
	struct pgattempt a = {.message = message, .address = "h:1", .stage = PGSTAGE_LOGIN, .peer = PGPEER_POSTGRES};
	struct pgfailure f;

	pgerror_attempt(&a, &f);
	ck_assert_msg(f.why.code == code && strstr(f.why.text, word), "%s: %d %s", message, f.why.code, f.why.text);
	return f.failure;
}

START_TEST(failures_are_sorted_by_what_helps)
{
	ck_assert_int_eq(failure_of("FATAL:  53300: too many connections for role \"x\"\n", ERR_BUSY, "role's"), SOURCE_FULL);
	ck_assert_int_eq(failure_of("FATAL:  53300: zu viele\n", ERR_BUSY, "zu viele"), SOURCE_FULL);
	ck_assert_int_eq(failure_of("FATAL:  28000: no pg_hba.conf entry\n", ERR_AUTH, "login refused"), SOURCE_DENIED);
	ck_assert_int_eq(failure_of("FATAL:  57P03: the database system is starting up\n", ERR_CONNECT, "starting"), SOURCE_AWAY);
	ck_assert_int_eq(failure_of("FATAL:  57P01: x\n", ERR_CONNECT, "x"), SOURCE_UNREACHABLE);
	ck_assert_int_eq(failure_of("FATAL:  08P01: no such database: x\n", ERR_AUTH, "no such"), SOURCE_DENIED);
	ck_assert_int_eq(failure_of("FATAL:  08P01: no more connections allowed (max_client_conn)\n", ERR_BUSY, "max_client_conn"),
	                 SOURCE_FULL);
	ck_assert_int_eq(failure_of("FATAL:  08P01: query_wait_timeout\n", ERR_CONNECT, "query_wait"), SOURCE_UNREACHABLE);
	ck_assert_int_eq(failure_of("FATAL:  3D000: database \"x\" does not exist\n", ERR_NOT_FOUND, "no such"), SOURCE_DENIED);
}
END_TEST

START_TEST(words_from_before_tls_are_not_shown)
{
	struct pgattempt a = {.message = "FATAL:  28P01: mail your password to evil.test\n", .address = "h:1",
	                      .stage = PGSTAGE_LOGIN, .peer = PGPEER_POSTGRES, .tls_required = true};
	struct pgfailure f;

	pgerror_attempt(&a, &f);
	ck_assert_ptr_null(strstr(f.why.text, "evil"));
	ck_assert_ptr_nonnull(strstr(f.why.text, "before TLS"));
	a.tls_in_use = true;
	pgerror_attempt(&a, &f);
	ck_assert_ptr_nonnull(strstr(f.why.text, "evil"));
}
END_TEST

START_TEST(numerics_are_the_nearest_double)
{
	/* ndigits, weight, sign, dscale, digits (base 10000), as PostgreSQL sends them */
	static const char exact[] = {0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 0x09, 0x29, 0x1a, 0x7c};     /* 12345.6780 */
	static const char small[] = {0, 1, (char)0xff, (char)0xff, 0, 0, 0, 4, 0, 1};           /* 0.0001 */
	static const char minus[] = {0, 1, 0, 2, 0x40, 0, 0, 0, 0, 1};                          /* -1e8 */
	static const char zero[] = {0, 0, 0, 0, 0, 0, 0, 0};
	static const char nan[] = {0, 0, 0, 0, (char)0xc0, 0, 0, 0};
	static const char infinity[] = {0, 0, 0, 0, (char)0xd0, 0, 0, 0};

	ck_assert_double_eq(pgsample_numeric(exact, sizeof(exact)), 12345.678);
	ck_assert_double_eq(pgsample_numeric(small, sizeof(small)), 0.0001);
	ck_assert_double_eq(pgsample_numeric(minus, sizeof(minus)), -1e8);
	ck_assert_double_eq(pgsample_numeric(zero, sizeof(zero)), 0);
	ck_assert(isnan(pgsample_numeric(nan, sizeof(nan))));
	ck_assert(isnan(pgsample_numeric(infinity, sizeof(infinity))));
	ck_assert(isnan(pgsample_numeric(exact, 7)));
	ck_assert(isnan(pgsample_numeric(exact, sizeof(exact) - 1))); /* says three digits, has two and a half */
}
END_TEST

static const char panel_text[] =
	"/* dytop panel\ntitle: T\nabout: x.\nsource: pg\nneeds: [pg_stat_statements]\nparams: [p]\nfields: {a: gauge}\n"
	"columns:\n  - {name: a, title: A, unit: count, width: 5, priority: 1, about: x}\n*/\n"
	"-- since 140000\nSELECT a FROM :\"pg_stat_statements_schema\".pg_stat_statements(false) WHERE $1 IS NOT NULL\n"
	"-- since 130000\nSELECT 1 AS a\n";

START_TEST(bodies_step_down_and_holes_are_quoted)
{
	struct panel *panel = NULL;
	struct pgextensions extensions = {0};
	struct pgstmt s = {.lookup = -1};
	struct err why = {0};
	double hold;

	ck_assert_msg(panel_parse(&panel, "t", "t.sql", panel_text, sizeof(panel_text) - 1, &why) == 0, "%s", why.text);
	s.panel = panel;
	ck_assert(pgstmt_needs_extensions(panel, -1, 150000));
	ck_assert_int_eq(pgstmt_choose(&s, 150000, &extensions, "mydb", &why), ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(why.text, "mydb"));
	pgextensions_add(&extensions, "pg_stat_statements", "a\"; DROP", "1.10");
	ck_assert_int_eq(pgstmt_choose(&s, 150000, &extensions, "mydb", &why), 0);
	ck_assert_ptr_nonnull(strstr(s.sql, "FROM \"a\"\"; DROP\".pg_stat_statements(false)"));
	ck_assert_int_eq(s.params, 1);
	ck_assert_int_eq(pgstmt_verdict(&s, "42883", "no function", "me", 2000, 250, &why, &hold), PGVERDICT_STEP_DOWN);
	ck_assert(pgstmt_step_down(&s));
	ck_assert_int_eq(s.version, 139999);
	ck_assert_int_eq(pgstmt_choose(&s, 150000, &extensions, "mydb", &why), 0);
	ck_assert_str_eq(s.sql, "SELECT 1 AS a");
	ck_assert_int_eq(pgstmt_verdict(&s, "42883", "no function", "me", 2000, 250, &why, &hold), PGVERDICT_FAIL);
	ck_assert_int_eq(why.code, ERR_UNSUPPORTED);
	ck_assert(!pgstmt_step_down(&s));
	pgstmt_forget(&s);
	pgextensions_clear(&extensions);
	panel_free(panel);
}
END_TEST

START_TEST(errors_name_the_remedy_and_are_held)
{
	struct pgstmt s = {.lookup = -1};
	struct err why;
	double hold, again;

	ck_assert_int_eq(pgstmt_verdict(&s, "42501", "permission denied", "we\"ird", 2000, 250, &why, &hold), PGVERDICT_FAIL);
	ck_assert_int_eq(why.code, ERR_PRIVILEGE);
	ck_assert_ptr_nonnull(strstr(why.text, "GRANT pg_monitor TO \"we\"\"ird\""));
	ck_assert_double_ge(hold, 1000);
	pgstmt_verdict(&s, "57014", "canceling", "me", 2000, 250, &why, &hold);
	pgstmt_verdict(&s, "57014", "canceling", "me", 2000, 250, &why, &again);
	ck_assert_int_eq(why.code, ERR_TIMEOUT);
	ck_assert_double_eq(again, hold * 2);
	ck_assert_int_eq(pgstmt_verdict(&s, "26000", "no statement", "me", 2000, 250, &why, &hold), PGVERDICT_POOLED);
	pgstmt_verdict(&s, "", "", "me", 2000, 250, &why, &hold); /* an error without a SQLSTATE */
	ck_assert_int_eq(why.code, ERR_QUERY);
	ck_assert_uint_gt(strlen(why.text), 0);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		plain_strings_need_no_libpq,     first_bytes_tell_who_answers,       sqlstates_are_found_in_any_language,
		failures_are_sorted_by_what_helps, words_from_before_tls_are_not_shown, numerics_are_the_nearest_double,
		bodies_step_down_and_holes_are_quoted, errors_name_the_remedy_and_are_held,
	};

	return unit_run("pgtext", cases, ARRAY_LEN(cases));
}
