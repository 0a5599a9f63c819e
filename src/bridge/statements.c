/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/statements.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "core/mem.h"

struct cursor {
	const char *at, *end;
	const char *name;
	int line;
};

static bool starts(const struct cursor *c, const char *with)
{
	size_t len = strlen(with);
	return (size_t)(c->end - c->at) >= len && memcmp(c->at, with, len) == 0;
}

static void step(struct cursor *c, size_t count)
{
	for (; count > 0 && c->at < c->end; count--)
		c->line += *c->at++ == '\n';
}

static bool word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static int unclosed(const struct cursor *c, int line, const char *what, struct err *why)
{
	return err_set(why, ERR_INVALID, "%s:%d: this %s is not closed", c->name, line, what);
}

static int skip_comment(struct cursor *c, struct err *why)
{
	int depth = 0, line = c->line;

	if (starts(c, "--")) {
		while (c->at < c->end && *c->at != '\n')
			step(c, 1);
		return 0;
	}
	do {
		if (starts(c, "/*"))
			depth++, step(c, 2);
		else if (starts(c, "*/"))
			depth--, step(c, 2);
		else
			step(c, 1);
	} while (depth > 0 && c->at < c->end);
	return depth > 0 ? unclosed(c, line, "comment", why) : 0;
}

/* A string or a quoted name; a doubled quote within is one that ends and begins again. */
static int skip_quoted(struct cursor *c, bool escapes, struct err *why)
{
	char quote = *c->at;
	int line = c->line;

	for (step(c, 1); c->at < c->end; step(c, 1)) {
		if (escapes && *c->at == '\\')
			step(c, 1);
		else if (*c->at == quote) {
			step(c, 1);
			return 0;
		}
	}
	return unclosed(c, line, quote == '"' ? "quoted name" : "string", why);
}

/* $tag$ ... $tag$; a lone $ or a parameter is stepped over. */
static int skip_dollar(struct cursor *c, struct err *why)
{
	const char *p = c->at + 1;
	char tag[66];
	int line = c->line;

	while (p < c->end && *p != '$' && word_byte(*p))
		p++;
	size_t len = (size_t)(p - c->at) + 1;
	if (p == c->end || *p != '$' || isdigit((unsigned char)c->at[1]) || len >= sizeof tag) {
		step(c, 1);
		return 0;
	}
	memcpy(tag, c->at, len);
	tag[len] = '\0';
	for (step(c, len); c->at < c->end; step(c, 1))
		if (starts(c, tag)) {
			step(c, len);
			return 0;
		}
	return unclosed(c, line, "dollar quote", why);
}

static bool comment_here(const struct cursor *c)
{
	return starts(c, "--") || starts(c, "/*");
}

/* To the semicolon that ends the statement, or the end of the text. */
static int skip_statement(struct cursor *c, struct err *why)
{
	const char *begin = c->at;
	int rc = 0;

	while (rc == 0 && c->at < c->end && *c->at != ';') {
		bool in_word = c->at > begin && word_byte(c->at[-1]);
		bool escapes = in_word && (c->at[-1] == 'e' || c->at[-1] == 'E') && (c->at - begin < 2 || !word_byte(c->at[-2]));
		if (comment_here(c))
			rc = skip_comment(c, why);
		else if (*c->at == '\'' || *c->at == '"')
			rc = skip_quoted(c, escapes && *c->at == '\'', why);
		else if (*c->at == '$' && !in_word)
			rc = skip_dollar(c, why);
		else
			step(c, 1);
	}
	return rc;
}

/* Blanks, comments and lone semicolons before a statement. */
static int skip_between(struct cursor *c, struct err *why)
{
	int rc = 0;

	while (rc == 0 && c->at < c->end) {
		if (comment_here(c))
			rc = skip_comment(c, why);
		else if (isspace((unsigned char)*c->at) || *c->at == ';')
			step(c, 1);
		else
			break;
	}
	return rc;
}

/* --- what it makes ------------------------------------------------------------------------------------------------ */

/* The next plain word, "" where something else stands. */
static struct str next_word(struct str *rest)
{
	size_t i = 0, begin;

	while (i < rest->len && isspace((unsigned char)rest->at[i]))
		i++;
	begin = i;
	while (i < rest->len && word_byte(rest->at[i]))
		i++;
	struct str word = {rest->at + begin, i - begin};
	*rest = (struct str){rest->at + i, rest->len - i};
	return word;
}

static bool word_is(struct str word, const char *text)
{
	return word.len == strlen(text) && strncasecmp(word.at, text, word.len) == 0;
}

static void look_at(struct statement *s)
{
	struct str rest = s->text, word = next_word(&rest);

	if (!word_is(word, "create"))
		return;
	word = next_word(&rest);
	if (word_is(word, "unique"))
		word = next_word(&rest);
	if (word_is(word, "materialized")) {
		s->kind = STATEMENT_VIEW;
		next_word(&rest); /* view */
	} else if (word_is(word, "table"))
		s->kind = STATEMENT_TABLE;
	else if (word_is(word, "index"))
		s->kind = STATEMENT_INDEX;
	else
		return;
	word = next_word(&rest);
	if (s->kind == STATEMENT_INDEX && word_is(word, "concurrently")) {
		s->concurrently = word;
		word = next_word(&rest);
	}
	if (word_is(word, "if")) {
		next_word(&rest); /* not */
		next_word(&rest); /* exists */
		word = next_word(&rest);
	}
	if (word.len < sizeof s->object)
		snprintf(s->object, sizeof s->object, "%.*s", (int)word.len, word.at);
}

static void name_it(struct statement *s)
{
	size_t n = 0;
	bool blank = false;

	for (size_t i = 0; i < s->text.len && n < sizeof s->words - 4; i++) {
		unsigned char c = (unsigned char)s->text.at[i];
		if (isspace(c) || c < 0x20 || c >= 0x7F) {
			blank = n > 0;
			continue;
		}
		if (blank)
			s->words[n++] = ' ';
		blank = false;
		s->words[n++] = (char)c;
	}
	if (n >= sizeof s->words - 4)
		n = sizeof s->words - 4, memcpy(s->words + n, "...", 3), n += 3;
	s->words[n] = '\0';
}

int statements_cut(struct statement **out, int *count, const char *name, int first_line, struct str text, struct err *why)
{
	struct cursor c = {text.at, text.at + text.len, name, first_line};
	struct statement *list = NULL;
	int n = 0, rc;

	while ((rc = skip_between(&c, why)) == 0 && c.at < c.end) {
		struct statement s = {.text = {c.at, 0}, .line = c.line, .kind = STATEMENT_OTHER};
		rc = skip_statement(&c, why);
		if (rc < 0)
			break;
		s.text.len = (size_t)(c.at - s.text.at);
		while (s.text.len > 0 && isspace((unsigned char)s.text.at[s.text.len - 1]))
			s.text.len--;
		look_at(&s);
		name_it(&s);
		if (n == STATEMENTS_MAX) {
			rc = err_set(why, ERR_TOO_BIG, "%s: over %d statements", name, STATEMENTS_MAX);
			break;
		}
		list = mem_resize(list, (size_t)n + 1, sizeof *list);
		list[n++] = s;
	}
	if (rc < 0) {
		free(list);
		return rc;
	}
	*out = list;
	*count = n;
	return 0;
}

void statement_add(struct buf *out, const struct statement *s, bool concurrently)
{
	if (concurrently || s->concurrently.len == 0) {
		buf_addstr(out, s->text);
		return;
	}
	size_t before = (size_t)(s->concurrently.at - s->text.at), behind = before + s->concurrently.len;
	while (behind < s->text.len && isspace((unsigned char)s->text.at[behind]))
		behind++;
	buf_add(out, s->text.at, before);
	buf_add(out, s->text.at + behind, s->text.len - behind);
}
