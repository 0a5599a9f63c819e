/* SPDX-License-Identifier: PostgreSQL */
/* Names and functions of expressions. */
#include "model/expr_parser.h"

#include <string.h>

#include "core/buf.h"
#include "core/nearest.h"

enum { NAMES_IN_MESSAGE = 12 };

/* How arguments of a function are written. */
enum call_form { FORM_VALUES, FORM_NAME, FORM_LEVEL, FORM_LEVEL_NAME, FORM_ROWS };

struct function {
	const char *name;
	enum expr_op op;
	enum call_form form;
	int least, most;      /* arguments */
	enum expr_type takes; /* EXPR_ANY: any; EXPR_BOOL: conditions */
	enum expr_type gives; /* EXPR_ANY: what its arguments have in common */
};

static const struct function functions[] = {
	{"d", OP_DELTA, FORM_NAME, 1, 1, EXPR_COUNTER, EXPR_NUMBER},
	{"rate", OP_RATE, FORM_NAME, 1, 1, EXPR_COUNTER, EXPR_NUMBER},
	{"quantile", OP_QUANTILE, FORM_LEVEL, 1, 1, EXPR_ANY, EXPR_NUMBER},
	{"stddev", OP_STDDEV, FORM_VALUES, 0, 0, EXPR_ANY, EXPR_NUMBER},
	{"hquantile", OP_HQUANTILE, FORM_LEVEL_NAME, 2, 2, EXPR_HISTOGRAM, EXPR_NUMBER},
	{"sum", OP_SUM, FORM_ROWS, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"min", OP_MIN, FORM_ROWS, 1, 1, EXPR_ANY, EXPR_ANY},
	{"max", OP_MAX, FORM_ROWS, 1, 1, EXPR_ANY, EXPR_ANY},
	{"avg", OP_AVG, FORM_ROWS, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"count", OP_COUNT, FORM_ROWS, 0, 1, EXPR_BOOL, EXPR_NUMBER},
	{"share", OP_SHARE, FORM_ROWS, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"if", OP_IF, FORM_VALUES, 3, 3, EXPR_ANY, EXPR_ANY},
	{"coalesce", OP_COALESCE, FORM_VALUES, 1, 32, EXPR_ANY, EXPR_ANY},
	{"known", OP_KNOWN, FORM_VALUES, 1, 1, EXPR_ANY, EXPR_BOOL},
	{"bound", OP_BOUND, FORM_VALUES, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"estimate", OP_ESTIMATE, FORM_VALUES, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"abs", OP_ABS, FORM_VALUES, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"sqrt", OP_SQRT, FORM_VALUES, 1, 1, EXPR_NUMBER, EXPR_NUMBER},
	{"least", OP_LEAST, FORM_VALUES, 1, 32, EXPR_ANY, EXPR_ANY},
	{"greatest", OP_GREATEST, FORM_VALUES, 1, 32, EXPR_ANY, EXPR_ANY},
	{"length", OP_LENGTH, FORM_VALUES, 1, 1, EXPR_TEXT, EXPR_NUMBER},
	{"age", OP_AGE, FORM_VALUES, 1, 1, EXPR_TIME, EXPR_NUMBER},
};

/* --- names -------------------------------------------------------------------------------------------------------- */

static int known_names(const struct parser *p, struct buf *list, struct str word, const char **near)
{
	int count = 0, best = -1;

	*near = NULL;
	for (const char *name;
	     p->names != NULL && p->names->name != NULL && (name = p->names->name(p->names->ctx, count)) != NULL;
	     count++) {
		int distance = nearest_distance(word, str_from(name));

		if (count < NAMES_IN_MESSAGE)
			buf_addf(list, "%s%s", count > 0 ? ", " : "", name);
		if (nearest_is_close(word.len, distance) && (best < 0 || distance < best)) {
			best = distance;
			*near = name;
		}
	}
	if (count > NAMES_IN_MESSAGE)
		buf_addf(list, " and %d more", count - NAMES_IN_MESSAGE);
	return count;
}

static int fail_name(struct parser *p, const struct token *t, bool compared)
{
	struct buf list = BUF_INIT(ERR_TEXT_MAX);
	const char *near;
	int len = t->text.len > 64 ? 64 : (int)t->text.len;
	int count = known_names(p, &list, t->text, &near);
	int rc;

	if (near != NULL)
		rc = expr_fail(p, t->at, "unknown name '%.*s'; did you mean '%s'?", len, t->text.at, near);
	else
		rc = expr_fail(p, t->at, "unknown name '%.*s'%s%s%s", len, t->text.at,
			       compared ? "; a text needs quotes" : "", count > 0 ? "; known: " : "", buf_text(&list));
	buf_release(&list);
	return rc;
}

static int resolve(struct parser *p, const struct token *t, enum expr_type *type)
{
	int id;

	*type = EXPR_ANY;
	if (p->self >= 0 && str_is(t->text, "self"))
		return p->self;
	id = p->names != NULL ? p->names->resolve(p->names->ctx, t->text) : -1;
	if (id >= 0 && p->names->type != NULL)
		*type = p->names->type(p->names->ctx, id);
	return id;
}

int expr_parse_name(struct parser *p, const struct token *t, bool compared)
{
	enum expr_type type;
	int id = resolve(p, t, &type), n;

	if (id < 0)
		return fail_name(p, t, compared);
	n = expr_add_node(p, OP_NAME, expr_value_type(type));
	if (n >= 0)
		p->e->node[n].id = id;
	return n;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

static const struct function *find_function(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (str_is(name, functions[i].name))
			return &functions[i];
	return NULL;
}

static int fail_function(struct parser *p, const struct token *t)
{
	const char *known[ARRAY_LEN(functions) + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		known[i] = functions[i].name;
	near = nearest_of(t->text, known);
	return expr_fail(p, t->at, "unknown function '%.*s'%s%s%s", t->text.len > 64 ? 64 : (int)t->text.len,
			 t->text.at, near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
			 near != NULL ? "'?" : "");
}

/* The name in d(f), rate(f), hquantile(q, f). */
static int parse_name_argument(struct parser *p, const struct function *f, int n)
{
	struct token t = p->token;
	enum expr_type type;
	int id;

	if (t.kind != TOKEN_WORD)
		return expr_fail(p, t.at, "%s() wants a name here", f->name);
	id = resolve(p, &t, &type);
	if (id < 0)
		return fail_name(p, &t, false);
	if (id == p->self || (type != EXPR_ANY && type != f->takes))
		return expr_fail(p, t.at, "%s() wants a %s, '%.*s' is none", f->name,
				 f->takes == EXPR_COUNTER ? "counter" : "histogram",
				 t.text.len > 64 ? 64 : (int)t.text.len, t.text.at);
	p->e->node[n].id = id;
	return expr_next(p);
}

/* The level of quantile(0.95). */
static int parse_level_argument(struct parser *p, const struct function *f, int n)
{
	double q = p->token.kind == TOKEN_NUMBER ? cell_value(&p->token.number) : -1;
	int c;

	if (!(q > 0 && q < 1))
		return expr_fail(p, p->token.at, "%s() wants a number between 0 and 1 here", f->name);
	c = expr_add_constant(p, p->token.number, EXPR_NUMBER);
	if (c < 0)
		return c;
	p->e->node[n].arg = p->e->node[c].arg;
	return expr_next(p);
}

static int check_argument(struct parser *p, const struct function *f, int a, size_t at)
{
	enum expr_type type = p->type[a];

	if (f->takes == EXPR_NUMBER && expr_is_text(type))
		return expr_fail(p, at, "%s() wants a number, this is a text", f->name);
	if (f->takes == EXPR_TEXT && expr_is_numeric(type))
		return expr_fail(p, at, "%s() wants a text, this is a number", f->name);
	if (f->takes == EXPR_TIME && type != EXPR_ANY && type != EXPR_TIME)
		return expr_fail(p, at, "%s() wants a time", f->name);
	if ((f->takes == EXPR_BOOL || f->op == OP_IF) && expr_is_text(type))
		return expr_want_condition(p, a, at, f->name);
	return 0;
}

/* Parses one argument and hangs it behind *tail; *common is what the arguments have in common so far. */
static int parse_argument(struct parser *p, const struct function *f, int n, int *tail, enum expr_type *common)
{
	size_t at = p->token.at;
	int a = expr_parse_or(p), rc;
	bool condition = f->op == OP_IF && *tail == 0;

	if (a < 0)
		return a;
	rc = f->op != OP_IF || condition ? check_argument(p, f, a, at) : 0;
	if (rc < 0)
		return rc;
	if (!condition && p->type[a] != EXPR_ANY && *common != EXPR_ANY &&
	    expr_is_text(*common) != expr_is_text(p->type[a]))
		return expr_fail(p, at, "%s() gets texts and numbers; one kind is expected", f->name);
	if (!condition)
		*common = *common == EXPR_ANY || *common == p->type[a] ? p->type[a]
			  : p->type[a] == EXPR_ANY                     ? *common
								       : EXPR_NUMBER;
	if (*tail == 0)
		p->e->node[n].first = (uint16_t)a;
	else
		p->e->node[*tail].next = (uint16_t)a;
	*tail = a;
	return 0;
}

static int parse_arguments(struct parser *p, const struct function *f, int n, size_t at)
{
	enum expr_type common = EXPR_ANY;
	int count = 0, tail = 0, rc = 0;

	while (p->token.kind != TOKEN_CLOSE) {
		if (count > 0)
			rc = expr_expect(p, TOKEN_COMMA, "a comma or )");
		if (rc == 0 && count == f->most)
			return expr_fail(p, p->token.at, "%s() takes no more arguments", f->name);
		if (rc == 0)
			rc = parse_argument(p, f, n, &tail, &common);
		if (rc < 0)
			return rc;
		count++;
	}
	if (count < f->least)
		return expr_fail(p, at, "%s() wants %s%d argument%s", f->name, f->most > f->least ? "at least " : "",
				 f->least, f->least == 1 ? "" : "s");
	p->type[n] = (uint8_t)(f->gives == EXPR_ANY ? common : f->gives);
	return 0;
}

static int parse_rows_arguments(struct parser *p, const struct function *f, int n, size_t at)
{
	int rc;

	if (p->in_aggregate)
		return expr_fail(p, at, "%s() inside another figure over all rows", f->name);
	if (p->e->aggregate_count == EXPR_AGGREGATES_MAX)
		return expr_fail(p, at, "more than %d figures over all rows", EXPR_AGGREGATES_MAX);
	p->e->node[n].slot = (uint8_t)p->e->aggregate_count++;
	p->in_aggregate = true;
	rc = parse_arguments(p, f, n, at);
	p->in_aggregate = false;
	return rc;
}

/* The name is read, the token is the opening parenthesis. */
int expr_parse_call(struct parser *p, const struct token *name)
{
	const struct function *f = find_function(name->text);
	int n, rc;

	if (f == NULL)
		return fail_function(p, name);
	n = expr_add_node(p, f->op, f->gives);
	rc = n < 0 ? n : expr_next(p);
	if (rc < 0)
		return rc;
	switch (f->form) {
	case FORM_NAME:
		rc = parse_name_argument(p, f, n);
		break;
	case FORM_LEVEL:
		rc = parse_level_argument(p, f, n);
		break;
	case FORM_LEVEL_NAME:
		rc = parse_level_argument(p, f, n);
		if (rc == 0)
			rc = expr_expect(p, TOKEN_COMMA, "a comma");
		if (rc == 0)
			rc = parse_name_argument(p, f, n);
		break;
	case FORM_ROWS:
		rc = parse_rows_arguments(p, f, n, name->at);
		break;
	case FORM_VALUES:
		rc = parse_arguments(p, f, n, name->at);
		break;
	}
	if (rc == 0)
		rc = expr_expect(p, TOKEN_CLOSE, ")");
	return rc < 0 ? rc : n;
}
