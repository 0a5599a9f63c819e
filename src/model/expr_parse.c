/* SPDX-License-Identifier: PostgreSQL */
/*
 * Recursive descent, one function per level of precedence:
 *   or < and < not < comparison < + - < * / % < unary - < name, number, text, call, ( )
 */
#include "model/expr_parser.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

static int add_binary(struct parser *p, enum expr_op op, enum expr_type type, int a, int b)
{
	int n = expr_add_node(p, op, type);

	if (n < 0)
		return n;
	p->e->node[n].first = (uint16_t)a;
	p->e->node[a].next = (uint16_t)b;
	return n;
}

static char *take_pool(struct parser *p, size_t len)
{
	char *at = p->e->pool + p->e->pool_len;

	p->e->pool_len += len;
	return at;
}

/* What stands between the quotes, with doubled quotes made single. */
static struct str unquoted(struct parser *p, const struct token *t)
{
	char *to = take_pool(p, t->text.len);
	size_t len = 0;

	for (size_t i = 0; i < t->text.len; i++) {
		to[len++] = t->text.at[i];
		if (t->text.at[i] == t->quote)
			i++;
	}
	return (struct str){to, len};
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

static int parse_parenthesis(struct parser *p)
{
	int n, rc = expr_next(p);

	if (rc < 0)
		return rc;
	n = expr_parse_or(p);
	if (n < 0)
		return n;
	rc = expr_expect(p, TOKEN_CLOSE, ")");
	return rc < 0 ? rc : n;
}

static int parse_primary(struct parser *p, bool compared)
{
	struct token t = p->token;
	char found[40];
	int rc;

	if (t.kind == TOKEN_OPEN)
		return parse_parenthesis(p);
	if (t.kind != TOKEN_NUMBER && t.kind != TOKEN_TEXT && t.kind != TOKEN_WORD && t.kind != TOKEN_TRUE &&
	    t.kind != TOKEN_FALSE && t.kind != TOKEN_UNKNOWN)
		return expr_fail(p, t.at, "a value is expected, not %s", expr_shown(&t, found));
	rc = expr_next(p);
	if (rc < 0)
		return rc;
	switch (t.kind) {
	case TOKEN_NUMBER:
		return expr_add_constant(p, t.number, EXPR_NUMBER);
	case TOKEN_TEXT:
		return expr_add_constant(p, cell_text(unquoted(p, &t)), EXPR_TEXT);
	case TOKEN_WORD:
		return p->token.kind == TOKEN_OPEN ? expr_parse_call(p, &t) : expr_parse_name(p, &t, compared);
	case TOKEN_UNKNOWN:
		return expr_add_constant(p, CELL_NONE, EXPR_ANY);
	default:
		return expr_add_constant(p, cell_bool(t.kind == TOKEN_TRUE), EXPR_BOOL);
	}
}

/* Literals become negative at once, so that -1 costs nothing in each row. */
static int negate(struct parser *p, int n)
{
	struct expr_node *node = &p->e->node[n];

	if (node->op == OP_CONST && p->type[n] == EXPR_NUMBER) {
		struct cell *c = &p->e->constant[node->arg];

		*c = c->kind == CELL_INT ? cell_int(-c->integer) : cell_number(-c->number);
		return n;
	}
	return add_binary(p, OP_NEG, EXPR_NUMBER, n, 0);
}

static int parse_unary(struct parser *p, bool compared)
{
	size_t at = p->token.at;
	int n, rc;

	if (p->token.kind != TOKEN_MINUS && p->token.kind != TOKEN_PLUS)
		return parse_primary(p, compared);
	if (++p->depth > EXPR_DEPTH_MAX)
		return expr_fail(p, at, "nested deeper than %d", EXPR_DEPTH_MAX);
	n = p->token.kind == TOKEN_MINUS;
	rc = expr_next(p);
	if (rc < 0)
		return rc;
	rc = expr_want_number(p, parse_unary(p, compared), at, "a sign");
	p->depth--;
	return rc < 0 || n == 0 ? rc : negate(p, rc);
}

static int parse_product(struct parser *p, bool compared)
{
	int a = parse_unary(p, compared);

	while (a >= 0) {
		enum token_kind kind = p->token.kind;
		size_t at = p->token.at;
		const char *sign = kind == TOKEN_STAR ? "*" : kind == TOKEN_SLASH ? "/" : "%";
		int b, rc;

		if (kind != TOKEN_STAR && kind != TOKEN_SLASH && kind != TOKEN_PERCENT)
			break;
		rc = expr_want_number(p, a, at, sign);
		if (rc >= 0)
			rc = expr_next(p);
		b = rc < 0 ? rc : expr_want_number(p, parse_unary(p, false), at, sign);
		if (b < 0)
			return b;
		a = add_binary(p,
			       kind == TOKEN_STAR    ? OP_MUL
			       : kind == TOKEN_SLASH ? OP_DIV
						     : OP_MOD,
			       EXPR_NUMBER, a, b);
	}
	return a;
}

static int parse_sum(struct parser *p, bool compared)
{
	int a = parse_product(p, compared);

	while (a >= 0 && (p->token.kind == TOKEN_PLUS || p->token.kind == TOKEN_MINUS)) {
		bool minus = p->token.kind == TOKEN_MINUS;
		size_t at = p->token.at;
		int b, rc = expr_want_number(p, a, at, minus ? "-" : "+");

		if (rc >= 0)
			rc = expr_next(p);
		b = rc < 0 ? rc : expr_want_number(p, parse_product(p, false), at, minus ? "-" : "+");
		if (b < 0)
			return b;
		a = add_binary(p, minus ? OP_SUB : OP_ADD, EXPR_NUMBER, a, b);
	}
	return a;
}

/* The pattern behind ~ and !~; the token is the operator. */
static int parse_match(struct parser *p, int left, size_t at)
{
	struct expr *e = p->e;
	enum expr_op op = p->token.kind == TOKEN_MATCH ? OP_MATCH : OP_NMATCH;
	struct pattern *pattern = NULL;
	struct token t;
	int n, rc;

	if (expr_is_numeric(p->type[left]))
		return expr_fail(p, at, "~ wants a text before it, this is a number");
	rc = expr_next(p);
	if (rc < 0)
		return rc;
	t = p->token;
	if (t.kind != TOKEN_TEXT && t.kind != TOKEN_WORD)
		return expr_fail(p, t.at, "~ wants a pattern behind it: one word or a text in quotes");
	if (t.kind == TOKEN_TEXT)
		t.text = unquoted(p, &t);
	rc = pattern_new(&pattern, t.text, p->why);
	if (rc < 0)
		return err_prefix(p->why, "column %zu", t.at + 1);
	e->pattern = mem_resize(e->pattern, (size_t)e->pattern_count + 1, sizeof(*e->pattern));
	e->pattern[e->pattern_count++] = pattern;
	rc = expr_next(p);
	n = rc < 0 ? rc : add_binary(p, op, EXPR_BOOL, left, 0);
	if (n >= 0)
		e->node[n].arg = (uint16_t)(e->pattern_count - 1);
	return n;
}

static int check_compared(struct parser *p, int a, int b, size_t at)
{
	enum expr_type x = p->type[a], y = p->type[b];

	if ((expr_is_text(x) && expr_is_numeric(y)) || (expr_is_numeric(x) && expr_is_text(y)))
		return expr_fail(p, at, "a text is compared with a number");
	return 0;
}

/* [not] in (a, b); the token is the opening parenthesis's place. */
static int parse_in(struct parser *p, int left, enum expr_op op)
{
	int n = add_binary(p, op, EXPR_BOOL, left, 0), tail = left, rc;

	rc = n < 0 ? n : expr_expect(p, TOKEN_OPEN, "(");
	while (rc == 0) {
		size_t at = p->token.at;
		int b = parse_sum(p, true);

		rc = b < 0 ? b : check_compared(p, left, b, at);
		if (rc < 0)
			break;
		p->e->node[tail].next = (uint16_t)b;
		tail = b;
		if (p->token.kind != TOKEN_COMMA)
			break;
		rc = expr_next(p);
	}
	if (rc == 0)
		rc = expr_expect(p, TOKEN_CLOSE, "a comma or )");
	return rc < 0 ? rc : n;
}

static bool is_comparison(enum token_kind kind)
{
	return (kind >= TOKEN_EQ && kind <= TOKEN_NMATCH) || kind == TOKEN_IN;
}

static int parse_relation(struct parser *p, int left)
{
	enum token_kind kind = p->token.kind;
	size_t at = p->token.at;
	int b, n, rc;

	if (kind == TOKEN_MATCH || kind == TOKEN_NMATCH)
		return parse_match(p, left, at);
	rc = expr_next(p);
	if (rc < 0)
		return rc;
	if (kind == TOKEN_IN)
		return parse_in(p, left, OP_IN);
	b = parse_sum(p, true);
	rc = b < 0 ? b : check_compared(p, left, b, at);
	if (rc < 0)
		return rc;
	n = add_binary(p, (enum expr_op)(OP_EQ + (kind - TOKEN_EQ)), EXPR_BOOL, left, b);
	if (n >= 0 && is_comparison(p->token.kind))
		return expr_fail(p, p->token.at, "comparisons do not chain; write a < b and b < c");
	return n;
}

static int parse_comparison(struct parser *p)
{
	int left, rc;

	if (p->self >= 0 && is_comparison(p->token.kind)) { /* "> 100ms" */
		left = expr_add_node(p, OP_NAME, EXPR_ANY);
		if (left >= 0)
			p->e->node[left].id = p->self;
	} else {
		left = parse_sum(p, false);
	}
	if (left < 0)
		return left;
	if (is_comparison(p->token.kind))
		return parse_relation(p, left);
	if (p->token.kind != TOKEN_NOT)
		return left;
	rc = expr_next(p); /* "x not in (...)" */
	if (rc == 0)
		rc = expr_expect(p, TOKEN_IN, "in");
	return rc < 0 ? rc : parse_in(p, left, OP_NOT_IN);
}

static int parse_not(struct parser *p)
{
	size_t at = p->token.at;
	int n, rc;

	if (p->token.kind != TOKEN_NOT)
		return parse_comparison(p);
	if (++p->depth > EXPR_DEPTH_MAX)
		return expr_fail(p, at, "nested deeper than %d", EXPR_DEPTH_MAX);
	rc = expr_next(p);
	n = rc < 0 ? rc : expr_want_condition(p, parse_not(p), at, "not");
	p->depth--;
	return n < 0 ? n : add_binary(p, OP_NOT, EXPR_BOOL, n, 0);
}

/* part {word part}: what `and` and `or` have in common. */
static int parse_chain(struct parser *p, enum token_kind kind, int (*part)(struct parser *p))
{
	const char *word = kind == TOKEN_AND ? "and" : "or";
	int a = part(p);

	while (a >= 0 && p->token.kind == kind) {
		size_t at = p->token.at;
		int b, rc = expr_want_condition(p, a, at, word);

		if (rc >= 0)
			rc = expr_next(p);
		b = rc < 0 ? rc : expr_want_condition(p, part(p), at, word);
		a = b < 0 ? b : add_binary(p, kind == TOKEN_AND ? OP_AND : OP_OR, EXPR_BOOL, a, b);
	}
	return a;
}

static int parse_and(struct parser *p)
{
	return parse_chain(p, TOKEN_AND, parse_not);
}

int expr_parse_or(struct parser *p)
{
	int n;

	if (++p->depth > EXPR_DEPTH_MAX)
		return expr_fail(p, p->token.at, "nested deeper than %d", EXPR_DEPTH_MAX);
	n = parse_chain(p, TOKEN_OR, parse_and);
	p->depth--;
	return n;
}

/* --- whole texts -------------------------------------------------------------------------------------------------- */

static int parse_whole(struct parser *p)
{
	char found[40];
	int root, rc;

	if (p->text.len > EXPR_BYTES_MAX)
		return err_set(p->why, ERR_INVALID, "an expression of over %d bytes", EXPR_BYTES_MAX);
	rc = expr_add_node(p, OP_CONST, EXPR_ANY); /* node 0 is "none" */
	if (rc >= 0)
		rc = expr_next(p);
	if (rc < 0)
		return rc;
	if (p->token.kind == TOKEN_END)
		return expr_fail(p, 0, "the expression is empty");
	root = expr_parse_or(p);
	if (root < 0)
		return root;
	if (p->token.kind != TOKEN_END)
		return expr_fail(p, p->token.at, "an operator is expected, not %s", expr_shown(&p->token, found));
	if (p->self >= 0 && p->type[root] != EXPR_BOOL && p->type[root] != EXPR_ANY)
		return expr_fail(p, 0, "no condition; write it like \"> 100ms\"");
	return root;
}

static int parse(struct expr **out, struct str text, int self, const struct expr_names *names, struct err *why)
{
	struct parser p = {.text = text, .names = names, .self = self, .why = why};
	int root;

	p.e = mem_alloc(sizeof(*p.e));
	p.e->pool = mem_alloc(text.len > EXPR_BYTES_MAX ? 1 : text.len + 1);
	root = parse_whole(&p);
	free(p.type);
	if (root < 0) {
		expr_free(p.e);
		return root;
	}
	p.e->root = root;
	*out = p.e;
	return 0;
}

int expr_parse(struct expr **out, struct str text, const struct expr_names *names, struct err *why)
{
	return parse(out, text, -1, names, why);
}

int expr_parse_threshold(struct expr **out, struct str text, int self, const struct expr_names *names, struct err *why)
{
	return parse(out, text, self, names, why);
}

void expr_free(struct expr *e)
{
	if (e == NULL)
		return;
	for (int i = 0; i < e->pattern_count; i++)
		pattern_free(e->pattern[i]);
	free(e->pattern);
	free(e->constant);
	free(e->node);
	free(e->pool);
	free(e);
}
