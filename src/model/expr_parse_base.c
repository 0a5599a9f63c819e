/* SPDX-License-Identifier: PostgreSQL */
/* Tokens, nodes and types: what the levels of the parser share. */
#include "model/expr_parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"

int expr_fail(struct parser *p, size_t at, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	struct buf clean = BUF_INIT((size_t)ERR_TEXT_MAX * 10);
	va_list args;
	int rc;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clean_text(&clean, text, strlen(text), CLEAN_LINE); /* a number and its unit may have a line end between them */
	rc = err_set(p->why, ERR_INVALID, "column %zu: %s", at + 1, buf_text(&clean));
	buf_release(&clean);
	return rc;
}

int expr_next(struct parser *p)
{
	return expr_token(p->text, &p->at, &p->token, p->why);
}

const char *expr_shown(const struct token *t, char out[40])
{
	if (t->kind == TOKEN_END)
		snprintf(out, 40, "the end");
	else if (t->kind == TOKEN_TEXT)
		snprintf(out, 40, "a text");
	else
		snprintf(out, 40, "'%.*s'", t->text.len > 32 ? 32 : (int)t->text.len, t->text.at);
	return out;
}

int expr_expect(struct parser *p, enum token_kind kind, const char *sign)
{
	char found[40];

	if (p->token.kind != kind)
		return expr_fail(p, p->token.at, "%s is expected, not %s", sign, expr_shown(&p->token, found));
	return expr_next(p);
}

/* --- nodes -------------------------------------------------------------------------------------------------------- */

int expr_add_node(struct parser *p, enum expr_op op, enum expr_type type)
{
	struct expr *e = p->e;

	if (e->node_count >= EXPR_NODES_MAX)
		return expr_fail(p, p->token.at, "more than %d parts", EXPR_NODES_MAX);
	if (e->node_count == p->room) {
		p->room = p->room == 0 ? 16 : p->room * 2;
		e->node = mem_resize(e->node, (size_t)p->room, sizeof(*e->node));
		p->type = mem_resize(p->type, (size_t)p->room, sizeof(*p->type));
	}
	e->node[e->node_count] = (struct expr_node){.op = (uint8_t)op};
	p->type[e->node_count] = (uint8_t)type;
	return e->node_count++;
}

int expr_add_constant(struct parser *p, struct cell value, enum expr_type type)
{
	struct expr *e = p->e;
	int n = expr_add_node(p, OP_CONST, type);

	if (n < 0)
		return n;
	e->constant = mem_resize(e->constant, (size_t)e->constant_count + 1, sizeof(*e->constant));
	e->constant[e->constant_count] = value;
	e->node[n].arg = (uint16_t)e->constant_count++;
	return n;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

bool expr_is_text(enum expr_type type)
{
	return type == EXPR_TEXT || type == EXPR_HISTOGRAM;
}

bool expr_is_numeric(enum expr_type type)
{
	return type != EXPR_ANY && !expr_is_text(type);
}

enum expr_type expr_value_type(enum expr_type type)
{
	return type == EXPR_COUNTER ? EXPR_NUMBER : type == EXPR_HISTOGRAM ? EXPR_TEXT : type;
}

int expr_want_number(struct parser *p, int n, size_t at, const char *sign)
{
	if (n >= 0 && expr_is_text(p->type[n]))
		return expr_fail(p, at, "%s wants a number, this is a text", sign);
	return n;
}

int expr_want_condition(struct parser *p, int n, size_t at, const char *sign)
{
	if (n >= 0 && expr_is_text(p->type[n]))
		return expr_fail(p, at, "%s wants a condition, this is a text; compare it, or write known(...)", sign);
	return n;
}
