/* SPDX-License-Identifier: PostgreSQL */
/* The query inside of a statement that is none itself, as the bytes that it has there. */
#include <string.h>

#include "insight/parse_private.h"

static const struct parse_token *token(const struct parse *p, int i)
{
	return i >= 0 && i < p->own->tokens ? &p->own->token[i] : NULL;
}

static bool is_word(const struct parse *p, int i, const char *word)
{
	const struct parse_token *t = token(p, i);

	return t && t->keyword && parse_token_is(p, t, word);
}

static bool is_char(const struct parse *p, int i, char c)
{
	const struct parse_token *t = token(p, i);

	return t && t->code == c;
}

/* The token behind the bracket that closes the one at i. */
static int behind_brackets(const struct parse *p, int i)
{
	int level = 0;

	for (; i < p->own->tokens; i++) {
		level += is_char(p, i, '(') - is_char(p, i, ')');
		if (level == 0)
			return i + 1;
	}
	return i;
}

/* The token behind the first such word outside of brackets; -1 none. */
static int behind_word(const struct parse *p, const char *word)
{
	for (int i = 1; i < p->own->tokens; i = is_char(p, i, '(') ? behind_brackets(p, i) : i + 1)
		if (is_word(p, i, word))
			return i + 1;
	return -1;
}

static bool begins_query(const struct parse *p, int i)
{
	static const char *const words[] = {"SELECT", "WITH", "VALUES", "TABLE", "INSERT", "UPDATE", "DELETE", "MERGE"};

	while (is_char(p, i, '('))
		i++;
	for (size_t k = 0; k < ARRAY_LEN(words); k++)
		if (is_word(p, i, words[k]))
			return true;
	return false;
}

static int behind_explain(const struct parse *p)
{
	int i = 1;

	if (is_char(p, i, '(') && !begins_query(p, i))
		i = behind_brackets(p, i);
	while (is_word(p, i, "ANALYZE") || is_word(p, i, "ANALYSE") || is_word(p, i, "VERBOSE"))
		i++;
	return i;
}

/* Without a semicolon, and without WITH [NO] DATA of a table or view that is made. */
static int last_token(const struct parse *p, bool made)
{
	int last = p->own->tokens - 1;

	while (last > 0 && is_char(p, last, ';'))
		last--;
	if (!made || !is_word(p, last, "DATA"))
		return last;
	if (is_word(p, last - 1, "WITH"))
		return last - 2;
	return is_word(p, last - 1, "NO") && is_word(p, last - 2, "WITH") ? last - 3 : last;
}

bool parse_held(const struct parse *p, size_t *start, size_t *len)
{
	const char *kind = NULL;
	const struct json *node = parse_statement(p, &kind);
	bool made = kind && strcmp(kind, "CreateTableAsStmt") == 0;
	int from = -1, last = last_token(p, made);

	if (!node || !kind)
		return false;
	if (made || strcmp(kind, "PrepareStmt") == 0)
		from = behind_word(p, "AS");
	else if (strcmp(kind, "DeclareCursorStmt") == 0)
		from = behind_word(p, "FOR");
	else if (strcmp(kind, "ExplainStmt") == 0)
		from = behind_explain(p);
	else if (strcmp(kind, "CopyStmt") == 0 && json_get(node, "query")) {
		from = 2; /* inside of its brackets: DELETE ... RETURNING stands in none by itself */
		last = behind_brackets(p, 1) - 2;
	}
	if (from < 1 || from > last || last >= p->own->tokens)
		return false;
	*start = (size_t)token(p, from)->start;
	*len = (size_t)token(p, last)->end - *start;
	return true;
}
