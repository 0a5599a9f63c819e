/* SPDX-License-Identifier: PostgreSQL */
/* Which index is worth a try, and where none is named. */
#include "insight/plan_advice.h"

#include <stdio.h>

#include "plans.h"
#include "unit.h"

static const struct {
	const char *sql, *alias, *filter, *index; /* index: NULL none */
} cases[] = {
	{"SELECT * FROM t WHERE status = $1", "t", "(status = $1)", "CREATE INDEX ON t (status)"},
	{"SELECT * FROM t WHERE status = $1 AND at > $2", "t", "((status = $1) AND (at > $2))", "CREATE INDEX ON t (status, at)"},
	{"SELECT * FROM t WHERE at BETWEEN $1 AND $2", "t", "((at >= $1) AND (at <= $2))", "CREATE INDEX ON t (at)"},
	{"SELECT * FROM t WHERE status = $1 ORDER BY at DESC LIMIT $2", "t", "(status = $1)", "CREATE INDEX ON t (status, at)"},
	{"SELECT * FROM t WHERE status = $1 ORDER BY at DESC, id LIMIT $2", "t", "(status = $1)",
	 "CREATE INDEX ON t (status, at DESC, id)"},
	{"SELECT * FROM s.t x JOIN u ON u.id = x.id WHERE x.status IN ($1, $2) AND u.k = 3", "x",
	 "(status = ANY ('{a,b}'::text[]))", "CREATE INDEX ON s.t (status)"},
	{"SELECT * FROM t WHERE email = 'x'", "t", "((email)::text = 'x'::text)", "CREATE INDEX ON t (email)"},
	{"SELECT * FROM t WHERE \"Odd Col\" = 1", "t", "(\"Odd Col\" = 1)", "CREATE INDEX ON t (\"Odd Col\")"},
	/* nothing that a plain index answers */
	{"SELECT * FROM t WHERE status = $1 OR at > $2", "t", "((status = $1) OR (at > $2))", NULL},
	{"SELECT * FROM t WHERE lower(status) = $1", "t", "(lower(status) = $1)", NULL},
	{"SELECT * FROM t WHERE status <> $1", "t", "(status <> $1)", NULL},
	{"SELECT * FROM t WHERE NOT (status = $1)", "t", "(status <> $1)", NULL},
	{"SELECT * FROM t WHERE status LIKE $1", "t", "(status ~~ $1)", NULL},
	{"SELECT * FROM t ORDER BY at", "t", "(active)", NULL},
	/* a view: the statement does not know the table */
	{"SELECT * FROM v WHERE status = $1", "t", "(status = $1)", NULL},
	/* the same name twice, in two queries */
	{"SELECT * FROM t WHERE status = $1 AND id IN (SELECT id FROM t WHERE status = $2)", "t", "(status = $1)", NULL},
	/* another table's column of a similar name */
	{"SELECT * FROM t, u WHERE u.stat = $1 AND t.status > 3", "t", "(status > 3)", "CREATE INDEX ON t (status)"},
};

START_TEST(candidates)
{
	struct err why = {0};

	if (parse_available(&why) < 0) {
		fprintf(stderr, "not tested: %s\n", why.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);
		struct parse *s = NULL;
		struct plan *p;
		char json[1024];
		bool found;

		snprintf(json, sizeof(json), "{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Relation Name\": \"t\", \"Alias\": \"%s\", \"Total Cost\": 18334, "
		         "\"Plan Rows\": 5, \"Filter\": \"%s\"}}", cases[i].alias,
		         strstr(cases[i].filter, "Odd") ? "(\\\"Odd Col\\\" = 1)" : cases[i].filter);
		p = plans_parse(json);
		ck_assert_msg(parse_new(&s, cases[i].sql, strlen(cases[i].sql), &why) == 0, "%s: %s", cases[i].sql, why.text);
		found = plan_candidate(&out, p, s);
		ck_assert_msg(found == (cases[i].index != NULL), "%s: %s", cases[i].sql, found ? buf_text(&out) : "none");
		if (found)
			ck_assert_str_eq(buf_text(&out), cases[i].index);
		else
			ck_assert_int_eq(out.len, 0);
		parse_free(s);
		plan_free(p);
		buf_release(&out);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {candidates};

	return unit_run("plan_advice", tests, ARRAY_LEN(tests));
}
