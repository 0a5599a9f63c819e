/* SPDX-License-Identifier: PostgreSQL */
/* Names and values that the tests of expressions share. */
#ifndef TESTS_EXPR_SCOPE_H
#define TESTS_EXPR_SCOPE_H

#include "core/str.h"
#include "model/expr.h"
#include "unit.h"

/* Four rows of a panel. Row 2 is where nothing is known, row 3 is odd. */
enum { CALLS, TIME, STATE, QUERY, STARTED, SIZE, FLAG, HIST, NAME_COUNT, SELF = 10000 };

static const char *const names[] = {"calls", "time", "state", "query", "started", "size", "flag", "hist", NULL};

static inline int resolve(void *ctx, struct str name)
{
	(void)ctx;
	for (int i = 0; i < NAME_COUNT; i++)
		if (str_is(name, names[i]))
			return i;
	return -1;
}

static inline enum expr_type type_of(void *ctx, int id)
{
	static const enum expr_type types[] = {EXPR_COUNTER, EXPR_COUNTER, EXPR_TEXT, EXPR_TEXT,
					       EXPR_TIME,    EXPR_NUMBER,  EXPR_BOOL, EXPR_HISTOGRAM};

	(void)ctx;
	return types[id];
}

static inline const char *name_at(void *ctx, int i)
{
	(void)ctx;
	return i <= NAME_COUNT ? names[i] : NULL;
}

static const struct expr_names scope_names = {.resolve = resolve, .type = type_of, .name = name_at};

static inline struct cell marked(struct cell c, enum mark mark)
{
	c.mark = mark;
	return c;
}

static inline struct cell value(void *ctx, int id, int row)
{
	(void)ctx;
	if (row == 2)
		return CELL_NONE;
	switch (id) {
	case CALLS:
		return cell_int(row == 0 ? 10 : row == 1 ? 30 : INT64_MAX);
	case TIME:
		return cell_number(row == 0 ? 2.5 : 7.5);
	case STATE:
		return cell_text(row == 0 ? STR("active") : STR("idle"));
	case QUERY:
		return cell_text(row == 0 ? STR("SELECT * FROM Bridge_Transactions")
					  : STR("UPDATE x SET y = '\xC3\xA4'"));
	case STARTED:
		return cell_int(INT64_C(1000000000) * (row + 1));
	case SIZE:
		return row == 0   ? marked(cell_number(100), MARK_BOUND)
		       : row == 1 ? marked(cell_number(50), MARK_ESTIMATED)
				  : cell_number(1);
	case FLAG:
		return cell_bool(row == 0);
	case SELF:
		return cell_number(row == 0 ? 150 : 50);
	}
	return CELL_NONE;
}

static inline struct cell delta(void *ctx, int id, int row)
{
	(void)ctx;
	if (row == 2)
		return CELL_NONE;
	return id == CALLS ? cell_int(row == 0 ? 4 : 12) : cell_number(row == 0 ? 1.0 : 3.0);
}

static inline struct cell quantile(void *ctx, int row, double q)
{
	(void)ctx;
	return row == 0 ? marked(cell_number(q * 100), MARK_ESTIMATED) : CELL_NONE;
}

static inline struct cell stddev(void *ctx, int row)
{
	(void)ctx;
	return row == 0 ? cell_number(1.25) : CELL_NONE;
}

static inline struct cell hquantile(void *ctx, int id, int row, double q)
{
	(void)ctx;
	return id == HIST && row == 0 ? marked(cell_number(q), MARK_BOUND) : CELL_NONE;
}

static inline struct expr_scope scope_of(int rows)
{
	return (struct expr_scope){.value = value,
				   .delta = delta,
				   .quantile = quantile,
				   .stddev = stddev,
				   .hquantile = hquantile,
				   .rows = rows,
				   .seconds = 2.0,
				   .wall_us = 5000000000};
}

static inline struct expr *parsed(const char *text)
{
	struct expr *e = NULL;
	struct err why;
	int rc = expr_parse(&e, str_from(text), &scope_names, &why);

	ck_assert_msg(rc == 0, "%s: %s", text, rc < 0 ? why.text : "");
	return e;
}

static inline struct cell result(const char *text, int row, int rows)
{
	struct expr_scope scope = scope_of(rows);
	struct expr *e = parsed(text);
	struct cell c = expr_eval(e, &scope, row);

	ck_assert_msg(c.kind != CELL_TEXT, "%s: its text would outlive the expression", text);
	expr_free(e);
	return c;
}

#define NUM(text, row, want)                                                                                           \
	do {                                                                                                           \
		struct cell c_ = result(text, row, 4);                                                                 \
		ck_assert_msg(cell_value(&c_) == (want), "%s gives %.17g", text, cell_value(&c_));                     \
	} while (0)
#define INT(text, want)                                                                                                \
	do {                                                                                                           \
		struct cell c_ = result(text, 0, 4);                                                                   \
		ck_assert_msg(c_.kind == CELL_INT && c_.integer == (want), "%s", text);                                \
	} while (0)

#endif
