/* SPDX-License-Identifier: PostgreSQL */
#include "fuzz.h"

#include <math.h>
#include <string.h>

#include "model/expr.h"

const char *const fuzz_folder = NULL;
const char *const fuzz_seeds[] = {
	"100 * d(b) / (d(b) + d(c))",
	"share(d(a)) > 50 and not e = \"idle\" or f in (1, 2, 3)",
	"if(a > 100ms, quantile(0.95), coalesce(unknown, stddev()))",
	"e ~ \"^(select|update) .*[a-z]+$\" and e !~ drop",
	"hquantile(0.99, h) * 64kB % 7",
	"sum(rate(a)) + avg(b) - min(c) / max(b) + count() + count(f)",
	"age(g) >= 1h30m and length(e) < 90%",
	"-(-9223372036854775808) - -1",
	"least(a, b, c) + greatest(a, 2) - abs(b) + sqrt(c)",
	"> 100ms and < 5 or self = 1",
	"a not in ('x''y', \"z\"\"\")",
	"((((((((((a))))))))))",
	NULL,
};
const char *const fuzz_words[] = {
	"a",         "b",
	"e",         "h",
	"g",         "self",
	"(",         ")",
	",",         " and ",
	" or ",      " not ",
	" in (",     "~ '",
	"'",         "\"",
	"d(",        "rate(",
	"quantile(", "hquantile(0.5, h)",
	"sum(",      "share(",
	"if(",       "coalesce(",
	"known(",    "9223372036854775807",
	"0",         "0.0",
	"1e9",       "-",
	"%",         "/",
	"*",         "+",
	"=",         "!=",
	"<=",        "{1,9}",
	"[^]]",      "\\1",
	"(.*)*",     "unknown",
	"true",      "ms",
	"kB",        "\xE2\x80\xAE",
	"\x1b",      NULL,
};

static int resolve(void *ctx, struct str name)
{
	(void)ctx;
	return name.len == 1 && name.at[0] >= 'a' && name.at[0] <= 'h' ? name.at[0] - 'a' : -1;
}

static enum expr_type type_of(void *ctx, int id)
{
	static const enum expr_type types[] = {EXPR_COUNTER, EXPR_COUNTER, EXPR_COUNTER, EXPR_ANY,
					       EXPR_TEXT,    EXPR_BOOL,    EXPR_TIME,    EXPR_HISTOGRAM};

	(void)ctx;
	return types[id];
}

static const char *name_at(void *ctx, int i)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

	(void)ctx;
	return i < 8 ? names[i] : NULL;
}

/* Values at the edges, and such as do not have the type that was promised. */
static struct cell value(void *ctx, int id, int row)
{
	static const char text[] = "SELECT * FROM t\xFF\xE2\x80\xAE";
	struct cell c;

	(void)ctx;
	switch ((id * 7 + row * 3) % 9) {
	case 0:
		c = cell_int(INT64_MIN);
		break;
	case 1:
		c = cell_int(INT64_MAX);
		break;
	case 2:
		c = cell_number(1e308);
		break;
	case 3:
		c = cell_number(-0.0);
		break;
	case 4:
		c = cell_text((struct str){text, sizeof(text) - 1});
		break;
	case 5:
		c = CELL_NONE;
		break;
	case 6:
		c = cell_bool(true);
		break;
	case 7:
		c = cell_text((struct str){NULL, 0});
		break;
	default:
		c = cell_number(0.5);
	}
	if (c.kind != CELL_UNKNOWN)
		c.mark = (enum mark)((id + row) % 4);
	return c;
}

static struct cell quantile(void *ctx, int row, double q)
{
	FUZZ_REQUIRE(q > 0 && q < 1);
	return value(ctx, 8, row);
}

static struct cell stddev(void *ctx, int row)
{
	return value(ctx, 2, row);
}

static struct cell hquantile(void *ctx, int id, int row, double q)
{
	FUZZ_REQUIRE(q > 0 && q < 1);
	return value(ctx, id, row);
}

static void evaluate(const struct expr *e)
{
	struct expr_cache cache = {0};
	struct expr_scope scope = {.value = value,
				   .delta = value,
				   .quantile = quantile,
				   .stddev = stddev,
				   .hquantile = hquantile,
				   .rows = 5,
				   .seconds = 0.5,
				   .wall_us = INT64_MAX,
				   .cache = &cache};

	for (int row = 0; row < scope.rows; row++) {
		struct cell c = expr_eval(e, &scope, row);

		FUZZ_REQUIRE(c.kind <= CELL_BOOL);
		FUZZ_REQUIRE(c.mark <= MARK_LIFETIME);
		FUZZ_REQUIRE(c.kind != CELL_NUMBER || isfinite(c.number));
		expr_true(e, &scope, row);
	}
	scope = (struct expr_scope){.value = value, .rows = 0, .seconds = NAN};
	expr_eval(e, &scope, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct expr_names names = {.resolve = resolve, .type = type_of, .name = name_at};
	struct str text = {(const char *)data, size};
	struct expr *e = NULL;
	struct err why = {0};

	if (expr_parse(&e, text, &names, &why) < 0)
		fuzz_check_message(why.text);
	else
		evaluate(e);
	expr_free(e);
	e = NULL;
	if (expr_parse_threshold(&e, text, 8, &names, &why) < 0)
		fuzz_check_message(why.text);
	else
		evaluate(e);
	expr_free(e);
	return 0;
}
