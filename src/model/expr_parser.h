/* SPDX-License-Identifier: PostgreSQL */
/* One parse of an expression under way: for expr_parse*.c only. Functions that return a node give its number (> 0) or a
 * negative enum err_code. */
#ifndef MODEL_EXPR_PARSER_H
#define MODEL_EXPR_PARSER_H

#include "model/expr_private.h"

struct parser {
	struct str text;
	size_t at;
	struct token token;       /* the current one */
	const struct expr_names *names;
	int self;                 /* id of `self`, -1: there is none */
	struct err *why;
	struct expr *e;
	int room;                 /* of e->node and type */
	uint8_t *type;            /* enum expr_type per node */
	int depth;
	bool in_aggregate;
};

/* Sets "column N: ..." and returns ERR_INVALID. */
int expr_fail(struct parser *p, size_t at, const char *format, ...) PRINTFLIKE(3, 4);
/* Goes on to the next token. */
int expr_next(struct parser *p) MUSTCHECK;
/* Goes on when the token is `kind`, else says that `sign` is expected. */
int expr_expect(struct parser *p, enum token_kind kind, const char *sign) MUSTCHECK;
/* A token for a message. */
const char *expr_shown(const struct token *t, char out[40]);

int expr_add_node(struct parser *p, enum expr_op op, enum expr_type type) MUSTCHECK;
int expr_add_constant(struct parser *p, struct cell value, enum expr_type type) MUSTCHECK;

/* A counter or a histogram is one only under its own name: in a formula it is a number or a text. */
enum expr_type expr_value_type(enum expr_type type);
bool expr_is_text(enum expr_type type);
bool expr_is_numeric(enum expr_type type);
/* Pass n on when it is (or may be) a number, a condition; else fail. */
int expr_want_number(struct parser *p, int n, size_t at, const char *sign) MUSTCHECK;
int expr_want_condition(struct parser *p, int n, size_t at, const char *sign) MUSTCHECK;

/* expr_parse.c: a whole condition or value, any operator. */
int expr_parse_or(struct parser *p) MUSTCHECK;
/* expr_call.c: the name t was read, the token is the opening parenthesis. */
int expr_parse_call(struct parser *p, const struct token *t) MUSTCHECK;
/* expr_call.c: a name. compared: it stands behind a comparison, where people forget quotes. */
int expr_parse_name(struct parser *p, const struct token *t, bool compared) MUSTCHECK;

#endif
