/* SPDX-License-Identifier: PostgreSQL */
#include "insight/parse.h"

#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <pg_query.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clean.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "insight/parse_private.h"

enum { TREE_MAX = 64 << 20, TREE_DEPTH_MAX = 900 };

#define FUNCTIONS(X) \
	X(pg_query_scan) X(pg_query_free_scan_result) X(pg_query_parse) X(pg_query_free_parse_result) \
	X(pg_query_parse_protobuf) X(pg_query_free_protobuf_parse_result) X(pg_query_deparse_protobuf) \
	X(pg_query_free_deparse_result)

struct library {
#define X(name) __typeof__(&name) name;
	FUNCTIONS(X)
#undef X
};

/* --- the library -------------------------------------------------------------------------------------------------- */

static bool find(void *library, const char *name, void *slot)
{
	void *symbol = dlsym(library, name);

	memcpy(slot, &symbol, sizeof(symbol));
	return symbol != NULL;
}

/* Its structs differ between releases of the library, so only that of PostgreSQL 15 (Debian 12, Ubuntu 24.04) is taken; the
 * plain name is the development package's link, and counts when the header that we were built with is of the same release. */
static int load(struct library *out, struct err *why)
{
	static const char *const names[] = {"libpg_query.so.1504.0", "libpg_query.so.1504", "libpg_query.so.15"};
	void *handle = NULL;
	bool whole = true;

	for (size_t i = 0; !handle && i < ARRAY_LEN(names); i++)
		handle = dlopen(names[i], RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		return err_set(why, ERR_UNSUPPORTED, "libpg_query is not installed (Debian package libpg-query1504.0)");
#define X(name) whole = find(handle, #name, &out->name) && whole;
	FUNCTIONS(X)
#undef X
	dlclose(handle);
	return whole ? 0 : err_set(why, ERR_UNSUPPORTED, "libpg_query lacks functions that dytop needs");
}

int parse_available(struct err *why)
{
	struct library lib;

	return load(&lib, why);
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

static bool varint(const unsigned char **at, const unsigned char *end, uint64_t *out)
{
	uint64_t value = 0;

	for (int shift = 0; *at < end && shift < 64; shift += 7) {
		unsigned char c = *(*at)++;

		value |= (uint64_t)(c & 0x7F) << shift;
		if (!(c & 0x80)) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* ScanToken of libpg_query's protobuf: 1 start, 2 end, 4 token, 5 keyword kind; all numbers. */
static bool read_token(const unsigned char *at, const unsigned char *end, struct parse_token *t)
{
	*t = (struct parse_token){0};
	while (at < end) {
		uint64_t key, value;

		if (!varint(&at, end, &key) || (key & 7) != 0 || !varint(&at, end, &value) || value > INT_MAX)
			return false;
		switch (key >> 3) {
		case 1: t->start = (int)value; break;
		case 2: t->end = (int)value; break;
		case 4: t->code = (int)value; break;
		case 5: t->keyword = value != 0; break;
		default: break;
		}
	}
	return t->start >= 0 && t->end >= t->start;
}

static int read_tokens(struct parse_private *own, const PgQueryProtobuf *packed, struct err *why)
{
	const unsigned char *at = (const unsigned char *)packed->data, *end = at + packed->len;
	int room = 0;

	while (at < end) {
		uint64_t key, len;

		if (!varint(&at, end, &key) || !varint(&at, end, &len))
			return err_set(why, ERR_PROTOCOL, "libpg_query gave tokens that cannot be read");
		if ((key & 7) != 2)
			continue; /* its version */
		struct parse_token t;
		if (len > (uint64_t)(end - at) || !read_token(at, at + len, &t) || (size_t)t.end > own->len)
			return err_set(why, ERR_PROTOCOL, "libpg_query gave tokens that cannot be read");
		at += len;
		if (t.code == PARSE_TOKEN_COMMENT || t.code == PARSE_TOKEN_C_COMMENT)
			continue;
		if (own->tokens == PARSE_TOKENS_MAX)
			return err_set(why, ERR_TOO_BIG, "the statement has more than %d tokens", PARSE_TOKENS_MAX);
		if (own->tokens == room) {
			room = room ? room * 2 : 128;
			own->token = mem_resize(own->token, (size_t)room, sizeof *own->token);
		}
		own->token[own->tokens++] = t;
	}
	return 0;
}

bool parse_token_is(const struct parse *p, const struct parse_token *t, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(t->end - t->start) == len && strncasecmp(p->own->sql + t->start, word, len) == 0;
}

int parse_token_at(const struct parse *p, int64_t start)
{
	int low = 0, high = p->own->tokens - 1;

	while (low <= high) {
		int middle = low + (high - low) / 2, at = p->own->token[middle].start;

		if (at == start)
			return middle;
		if (at < start)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return -1;
}

static bool token_among(const struct parse *p, const struct parse_token *t, const char *const *words)
{
	for (; *words; words++)
		if (parse_token_is(p, t, *words))
			return true;
	return false;
}

/* How deep the tree can become at most. Brackets nest; within one pair operators nest in a row until something ends the row
 * (lists, AND and OR are flat); joins, set operations and CASE nest in each other without brackets. */
static int check_depth(const struct parse *p, struct err *why)
{
	static const char *const ends[] = {"AND", "OR", "FROM", "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "OFFSET", "SET", "VALUES",
		"ON", "USING", "RETURNING", "WHEN", "THEN", "ELSE", "SELECT", NULL};
	static const char *const rows[] = {"NOT", "LIKE", "ILIKE", "SIMILAR", "IS", "ISNULL", "NOTNULL", "BETWEEN", "IN", "COLLATE",
		"AT", "OPERATOR", "DISTINCT", NULL};
	static const char *const nests[] = {"UNION", "EXCEPT", "INTERSECT", "JOIN", "CASE", NULL};
	int row[PARSE_DEPTH_MAX + 1] = {0}, kept[PARSE_DEPTH_MAX + 1] = {0}, level = 0, depth = 0;

	for (int i = 0; i < p->own->tokens; i++) {
		const struct parse_token *t = &p->own->token[i];
		bool word = t->keyword;

		if (t->code == '(' || t->code == '[') {
			level++;
			depth++;
			if (level <= PARSE_DEPTH_MAX)
				row[level] = kept[level] = 0;
		} else if ((t->code == ')' || t->code == ']') && level > 0) {
			depth -= 1 + row[level] + kept[level];
			level--;
		} else if (t->code == ',' || (word && token_among(p, t, ends))) {
			depth -= row[level];
			row[level] = 0;
		} else if (word && token_among(p, t, nests)) {
			kept[level]++;
			depth++;
		} else if (t->code == PARSE_TOKEN_OP || (t->code >= PARSE_TOKEN_TYPECAST && t->code < PARSE_TOKEN_COMMENT) ||
		           (t->code < 128 && t->code > 0 && strchr("+-*/%^<>=", t->code)) || (word && token_among(p, t, rows))) {
			row[level]++;
			depth++;
		}
		if (depth > PARSE_DEPTH_MAX)
			return err_set(why, ERR_TOO_BIG, "the statement is nested more than %d deep", PARSE_DEPTH_MAX);
	}
	return 0;
}

/* The grammar's words about the text: they quote it, and may cut a character of it. position 0: not told. */
static int refuse(int code, const char *message, int position, struct err *why)
{
	struct buf text = BUF_INIT(ERR_TEXT_MAX);

	clean_text(&text, message, strnlen(message, ERR_TEXT_MAX - 80), CLEAN_LINE);
	if (position > 0)
		err_set(why, code, "%s (at character %d)", buf_text(&text), position);
	else
		err_set(why, code, "%s", buf_text(&text));
	buf_release(&text);
	return code;
}

/* --- one statement ------------------------------------------------------------------------------------------------ */

static int check_text(const char *sql, size_t len, struct err *why)
{
	if (len > PARSE_TEXT_MAX)
		return err_set(why, ERR_TOO_BIG, "the statement has more than %d kB", PARSE_TEXT_MAX >> 10);
	if (memchr(sql, '\0', len))
		return err_set(why, ERR_INVALID, "the statement has a NUL byte");
	for (size_t at = 0, n; at < len; at += n)
		if (utf8_decode(sql + at, len - at, &n) == 0xFFFD && n == 1)
			return err_set(why, ERR_INVALID, "the statement is not UTF-8 at byte %zu", at + 1);
	return 0;
}

static int scan(struct parse *p, const struct library *lib, struct err *why)
{
	PgQueryScanResult r = lib->pg_query_scan(p->own->sql);
	int rc = r.error ? refuse(ERR_INVALID, r.error->message, 0, why) : read_tokens(p->own, &r.pbuf, why);

	lib->pg_query_free_scan_result(r);
	for (int i = 0; rc == 0 && i + 1 < p->own->tokens; i++)
		if (p->own->token[i].code == ';' && p->own->token[i + 1].code != ';')
			rc = err_set(why, ERR_INVALID, "more than one statement");
	if (rc == 0 && (p->own->tokens == 0 || p->own->token[0].code == ';'))
		rc = err_set(why, ERR_INVALID, "no statement");
	return rc == 0 ? check_depth(p, why) : rc;
}

static int read_tree(struct parse *p, const struct library *lib, struct err *why)
{
	PgQueryParseResult r = lib->pg_query_parse(p->own->sql);
	int rc;

	if (r.error)
		rc = refuse(ERR_INVALID, r.error->message, r.error->cursorpos, why);
	else
		rc = json_parse_deep(&p->own->tree, r.parse_tree, strlen(r.parse_tree), TREE_MAX, TREE_DEPTH_MAX, why);
	lib->pg_query_free_parse_result(r);
	return rc;
}

int parse_new(struct parse **out, const char *sql, size_t len, struct err *why)
{
	struct library lib;
	int rc = load(&lib, why);

	if (rc == 0)
		rc = check_text(sql, len, why);
	if (rc < 0)
		return rc;
	struct parse *p = mem_alloc(sizeof *p);
	p->own = mem_alloc(sizeof *p->own);
	p->own->sql = mem_strndup(sql, len);
	p->own->len = len;
	rc = scan(p, &lib, why);
	if (rc == 0)
		rc = read_tree(p, &lib, why);
	const char *kind;
	if (rc == 0 && !parse_statement(p, &kind))
		rc = err_set(why, ERR_INVALID, "not one statement");
	if (rc < 0) {
		parse_free(p);
		return rc;
	}
	parse_read_tree(p);
	*out = p;
	return 0;
}

void parse_free(struct parse *p)
{
	if (!p)
		return;
	json_free(p->own->tree);
	free(p->own->token);
	free(p->own->sql);
	free(p->own);
	free(p);
}

/* --- edits -------------------------------------------------------------------------------------------------------- */

/* extract(<parameter> FROM x): the grammar takes only a literal or a word there, so it is called as the function it is. */
static int call_extract(const char *sql, const char *extract_call, struct buf *out, struct err *why)
{
	struct parse *p;
	int rc = parse_new(&p, sql, strlen(sql), why), at = 0;

	if (rc < 0)
		return rc;
	for (int i = 0; i + 3 < p->own->tokens; i++) {
		const struct parse_token *t = &p->own->token[i];

		if (!t->keyword || !parse_token_is(p, t, "extract") || t[1].code != '(' || t[2].code != PARSE_TOKEN_PARAM ||
		    !parse_token_is(p, &t[3], "from"))
			continue;
		buf_add(out, sql + at, (size_t)(t->start - at));
		buf_addf(out, "%s(%.*s,", extract_call, t[2].end - t[2].start, sql + t[2].start);
		at = t[3].end;
	}
	buf_adds(out, sql + at);
	parse_free(p);
	return out->failed ? err_set(why, ERR_TOO_BIG, "the statement becomes too long") : 0;
}

int parse_deparse(const struct parse *p, const char *extract_call, struct buf *out, struct err *why)
{
	struct library lib;
	int rc = load(&lib, why);

	if (rc < 0)
		return rc;
	PgQueryProtobufParseResult tree = lib.pg_query_parse_protobuf(p->own->sql);
	if (tree.error)
		rc = refuse(ERR_INVALID, tree.error->message, 0, why);
	else {
		PgQueryDeparseResult text = lib.pg_query_deparse_protobuf(tree.parse_tree);

		rc = text.error ? refuse(ERR_UNSUPPORTED, text.error->message, 0, why) :
		                  call_extract(text.query, extract_call, out, why);
		lib.pg_query_free_deparse_result(text);
	}
	lib.pg_query_free_protobuf_parse_result(tree);
	return rc;
}

void parse_quote_literal(struct buf *out, const char *text)
{
	bool escapes = strchr(text, '\\') != NULL;

	buf_adds(out, escapes ? "E'" : "'");
	for (const char *c = text; *c; c++) {
		if (*c == '\'' || *c == '\\')
			buf_addc(out, *c);
		buf_addc(out, *c);
	}
	buf_addc(out, '\'');
}

/* --- without the library ------------------------------------------------------------------------------------------ */

/* Past a comment or a quoted text that begins at `at`; `at` itself when none does. */
static size_t skip_quoted(const char *sql, size_t len, size_t at)
{
	char c = sql[at], next = at + 1 < len ? sql[at + 1] : '\0';

	if (c == '-' && next == '-') {
		while (at < len && sql[at] != '\n')
			at++;
		return at;
	}
	if (c == '/' && next == '*') {
		for (int depth = 0; at + 1 < len; at++) {
			if (sql[at] == '/' && sql[at + 1] == '*')
				depth++, at++;
			else if (sql[at] == '*' && sql[at + 1] == '/') {
				at++;
				if (--depth == 0)
					return at + 1;
			}
		}
		return len;
	}
	if (c != '\'' && c != '"')
		return at;
	bool escapes = c == '\'' && at > 0 && (sql[at - 1] == 'E' || sql[at - 1] == 'e');
	for (at++; at < len; at++) {
		if (escapes && sql[at] == '\\')
			at++;
		else if (sql[at] == c)
			return at + 1;
	}
	return len;
}

int parse_count_params(const char *sql, size_t len)
{
	int highest = 0;

	for (size_t i = 0; i < len; ) {
		size_t past = skip_quoted(sql, len, i);

		if (past > i) {
			i = past;
			continue;
		}
		if (sql[i] == '$' && (i == 0 || (!isalnum((unsigned char)sql[i - 1]) && sql[i - 1] != '_'))) {
			int n = 0;

			for (i++; i < len && isdigit((unsigned char)sql[i]) && n <= PARSE_PARAMS_MAX; i++)
				n = n * 10 + (sql[i] - '0');
			highest = n > highest ? n : highest;
		} else
			i++;
	}
	return highest > PARSE_PARAMS_MAX ? PARSE_PARAMS_MAX : highest;
}

void parse_first_word(const char *sql, size_t len, char out[PARSE_NAME_MAX])
{
	size_t i = 0, n = 0;

	while (i < len) {
		size_t past = sql[i] == '-' || sql[i] == '/' ? skip_quoted(sql, len, i) : i;

		if (past == i && !isspace((unsigned char)sql[i]) && sql[i] != '(')
			break;
		i = past > i ? past : i + 1;
	}
	while (i < len && isalpha((unsigned char)sql[i]) && n < PARSE_NAME_MAX - 1)
		out[n++] = (char)toupper((unsigned char)sql[i++]);
	out[n] = '\0';
}
