/* SPDX-License-Identifier: PostgreSQL */
/* The compiled form of an expression: for expr_*.c only. */
#ifndef MODEL_EXPR_PRIVATE_H
#define MODEL_EXPR_PRIVATE_H

#include "model/expr.h"
#include "model/pattern.h"

enum {
	EXPR_BYTES_MAX = 8192,
	EXPR_NODES_MAX = 1024,
	EXPR_DEPTH_MAX = 32,
};

/* OP(NAME, the function that evaluates it) */
#define EXPR_OPS(OP) \
	OP(CONST, constant) OP(NAME, name) OP(DELTA, delta) OP(RATE, rate) OP(QUANTILE, quantile) OP(STDDEV, stddev) \
	OP(HQUANTILE, hquantile) OP(OR, or) OP(AND, and) OP(NOT, not) OP(EQ, compare) OP(NE, compare) OP(LT, compare) \
	OP(LE, compare) OP(GT, compare) OP(GE, compare) OP(MATCH, match) OP(NMATCH, match) OP(IN, in) OP(NOT_IN, in) \
	OP(ADD, arithmetic) OP(SUB, arithmetic) OP(MUL, arithmetic) OP(DIV, divide) OP(MOD, modulo) OP(NEG, negate) \
	OP(SUM, aggregate) OP(MIN, aggregate) OP(MAX, aggregate) OP(AVG, aggregate) OP(COUNT, aggregate) \
	OP(SHARE, share) OP(IF, if) OP(COALESCE, coalesce) OP(KNOWN, known) OP(ABS, abs) OP(SQRT, sqrt) \
	OP(ESTIMATE, estimate) OP(BOUND, bound) OP(LEAST, extreme) OP(GREATEST, extreme) OP(LENGTH, length) OP(AGE, age)

enum expr_op {
#define OP(name, eval) OP_##name,
	EXPR_OPS(OP)
#undef OP
	OP_COUNT_
};

/* Children hang on their parent by first and next; 0 is none (node 0 is never used). */
struct expr_node {
	uint8_t op;
	uint8_t slot;         /* aggregates: their number */
	uint16_t first, next;
	uint16_t arg;         /* number of a constant or of a pattern */
	int32_t id;           /* names, counters, histograms */
};

struct expr {
	struct expr_node *node;
	int node_count, root;
	struct cell *constant;
	int constant_count;
	struct pattern **pattern;
	int pattern_count;
	int aggregate_count;
	char *pool;           /* bytes of constants; as large as the text it came from */
	size_t pool_len;
};

/* --- tokens ------------------------------------------------------------------------------------------------------- */

enum token_kind {
	TOKEN_END, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_COMMA, TOKEN_PLUS, TOKEN_MINUS,
	TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT, TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE, TOKEN_MATCH,
	TOKEN_NMATCH, TOKEN_AND, TOKEN_OR, TOKEN_NOT, TOKEN_IN, TOKEN_TRUE, TOKEN_FALSE, TOKEN_UNKNOWN,
};

struct token {
	enum token_kind kind;
	size_t at;            /* offset in the text; the column is one more */
	struct str text;      /* as written; of a TOKEN_TEXT what is between the quotes */
	char quote;           /* TOKEN_TEXT: which quote */
	struct cell number;   /* TOKEN_NUMBER */
};

/* Reads the token that starts at or behind *at and moves *at behind it. */
int expr_token(struct str text, size_t *at, struct token *out, struct err *why) MUSTCHECK;

#endif
