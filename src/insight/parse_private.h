/* SPDX-License-Identifier: PostgreSQL */
/* Between the files of insight/parse only. */
#ifndef INSIGHT_PARSE_PRIVATE_H
#define INSIGHT_PARSE_PRIVATE_H

#include "insight/parse.h"
#include "model/json.h"

enum { PARSE_TOKEN_IDENT = 258, PARSE_TOKEN_PARAM = 267, PARSE_TOKEN_TYPECAST = 268, PARSE_TOKEN_OP = 265,
       PARSE_TOKEN_COMMENT = 275, PARSE_TOKEN_C_COMMENT = 276 };

struct parse_token {
	int start, end; /* bytes */
	int code;       /* of the grammar: a character, or one of the above */
	bool keyword;
};

struct parse_private {
	char *sql;
	size_t len;
	struct parse_token *token; /* without comments */
	int tokens;
	struct json *tree;
};

/* parse_tree.c: fills kind, writes, params, tables, uses from the tree. */
void parse_read_tree(struct parse *p);
/* The one statement: its node, and its kind by name ("SelectStmt"). NULL when there is none. */
const struct json *parse_statement(const struct parse *p, const char **kind);
/* Whether the token is that word, any case. */
bool parse_token_is(const struct parse *p, const struct parse_token *t, const char *word);
/* The token that begins at a byte; -1 none. */
int parse_token_at(const struct parse *p, int64_t start);
/* "location" of a node; the grammar leaves 0 out. */
int64_t parse_location(const struct json *node);

#endif
