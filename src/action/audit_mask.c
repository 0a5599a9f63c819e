/* SPDX-License-Identifier: PostgreSQL */
/* Literals out of SQL, by the lexical rules of PostgreSQL alone: a text that does not parse may hold a secret too. */
#include <ctype.h>
#include <string.h>

#include "action/audit.h"

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Past a '...' text; `escapes`: a backslash takes the next character with it. */
static const char *skip_quoted(const char *at, char quote, bool escapes)
{
	for (at++; *at; at++) {
		if (escapes && *at == '\\' && at[1])
			at++;
		else if (*at == quote && at[1] == quote)
			at++;
		else if (*at == quote)
			return at + 1;
	}
	return at;
}

/* Past $tag$ ... $tag$; NULL when none begins here. */
static const char *skip_dollar(const char *at)
{
	const char *end = at + 1, *close;
	size_t len;

	if (isdigit((unsigned char)*end))
		return NULL;
	while (*end != '$' && in_word(*end))
		end++;
	if (*end != '$')
		return NULL;
	len = (size_t)(end - at) + 1;
	for (close = end + 1; (close = strchr(close, '$')) != NULL; close++)
		if (strncmp(close, at, len) == 0)
			return close + len;
	return at + strlen(at);
}

static const char *skip_comment(const char *at)
{
	int depth = 0;

	if (at[0] == '-') {
		at += strcspn(at, "\n");
		return at;
	}
	do {
		if (at[0] == '/' && at[1] == '*') {
			depth++;
			at += 2;
		} else if (at[0] == '*' && at[1] == '/') {
			depth--;
			at += 2;
		} else
			at++;
	} while (*at && depth > 0);
	return at;
}

static const char *skip_number(const char *at)
{
	while (in_word(*at) || *at == '.' || ((*at == '+' || *at == '-') && (at[-1] == 'e' || at[-1] == 'E')))
		at++;
	return at;
}

/* A literal's or comment's end, when one begins at `at`; *mask gets what stands for it. `word`: the word that ends here, if any. */
static const char *skip_literal(const char *at, bool after_word, char letter, const char **mask)
{
	*mask = "?";
	if (*at == '\'')
		return skip_quoted(at, '\'', letter == 'e' || letter == 'E');
	if ((at[0] == '-' && at[1] == '-') || (at[0] == '/' && at[1] == '*')) {
		*mask = " ";
		return skip_comment(at);
	}
	if (after_word)
		return NULL;
	if (*at == '$')
		return skip_dollar(at);
	if (isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1])))
		return skip_number(at);
	return NULL;
}

void audit_mask(struct buf *out, const char *sql)
{
	const char *word = sql; /* where the word began that ends here */

	for (const char *at = sql; *at;) {
		const char *mask;
		const char *end = skip_literal(at, at > word, at == word + 1 ? *word : '\0', &mask);

		if (end) {
			buf_adds(out, mask);
			word = at = end;
		} else if (*at == '"') {
			end = skip_quoted(at, '"', false);
			buf_add(out, at, (size_t)(end - at));
			word = at = end;
		} else {
			bool more = in_word(*at);
			buf_addc(out, *at++);
			if (!more)
				word = at;
		}
	}
}
