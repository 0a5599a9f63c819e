/* SPDX-License-Identifier: PostgreSQL */
/* A typed CREATE INDEX: that it is one statement is the grammar's to say; the rest is where its words are. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "action/maintain_private.h"
#include "core/mem.h"
#include "insight/parse.h"

static const char *skip_blanks(const char *at)
{
	while (*at && isspace((unsigned char)*at))
		at++;
	return at;
}

/* One word or quoted name; its end. */
static const char *end_of_word(const char *at)
{
	if (strncasecmp(at, "U&\"", 3) == 0)
		at += 2;
	if (*at != '"') {
		while (isalnum((unsigned char)*at) || *at == '_' || *at == '$' || (unsigned char)*at >= 0x80)
			at++;
		return at;
	}
	for (at++; *at; at++) {
		if (*at == '"' && at[1] != '"')
			return at + 1;
		at += *at == '"';
	}
	return at;
}

static bool take(const char **at, const char *word)
{
	const char *end = end_of_word(*at);

	if ((size_t)(end - *at) != strlen(word) || strncasecmp(*at, word, strlen(word)) != 0)
		return false;
	*at = skip_blanks(end);
	return true;
}

static int not_one(struct err *why)
{
	return err_set(why, ERR_INVALID, "one CREATE [UNIQUE] INDEX [NAME] ON TABLE ... is expected, without remarks before the table");
}

static int find_words(const char *sql, const char **after_index, const char **table, const char **table_end, bool *concurrent,
                      struct err *why)
{
	const char *at = skip_blanks(sql);

	if (!take(&at, "CREATE"))
		return not_one(why);
	take(&at, "UNIQUE");
	const char *index = at;
	if (!take(&at, "INDEX"))
		return not_one(why);
	*after_index = index + strlen("INDEX");
	*concurrent = take(&at, "CONCURRENTLY");
	if (strncasecmp(at, "IF", 2) == 0 && end_of_word(at) == at + 2)
		return err_set(why, ERR_INVALID, "IF NOT EXISTS would call an index that is there, whatever it is, a success: leave it out");
	if (!take(&at, "ON")) {
		at = skip_blanks(end_of_word(at));
		if (!take(&at, "ON"))
			return not_one(why);
	}
	take(&at, "ONLY");
	*table = at;
	for (*table_end = end_of_word(at); *skip_blanks(*table_end) == '.';)
		*table_end = end_of_word(skip_blanks(skip_blanks(*table_end) + 1));
	return *table_end == *table ? not_one(why) : 0;
}

int maintain_definition(const char *sql, char **concurrent, char **table, size_t *table_at, struct err *why)
{
	const char *after = NULL, *from = NULL, *to = NULL;
	struct buf out = BUF_INIT(PARSE_TEXT_MAX);
	struct parse *p = NULL;
	size_t len = strlen(sql);
	bool already = false;
	int rc;

	while (len > 0 && strchr(" \t\r\n;", sql[len - 1]))
		len--;
	rc = parse_new(&p, sql, len, why);
	if (rc < 0)
		return rc;
	rc = find_words(sql, &after, &from, &to, &already, why); /* what begins like that is nothing else */
	parse_free(p);
	if (rc < 0)
		return rc;
	buf_add(&out, sql, (size_t)(after - sql));
	if (!already)
		buf_adds(&out, " CONCURRENTLY");
	buf_add(&out, after, len - (size_t)(after - sql));
	*concurrent = buf_take(&out);
	*table_at = (size_t)(from - sql) + (already ? 0 : strlen(" CONCURRENTLY"));
	*table = mem_strndup(from, (size_t)(to - from));
	buf_release(&out);
	return 0;
}
