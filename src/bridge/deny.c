/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/deny.h"

#include <string.h>

enum { NAME_MAX_BYTES = 128, KEY_MAX_BYTES = 1024 };

static const char *const always[] = {
	"*private_key*", "*privatekey*", "*secret*", "*mnemonic*", "*seed_phrase*", "*passphrase*", "*password*", "*signature*",
};
/* Anywhere in the name of a Redis key. Signatures of a transaction have keys of their own in the application. */
static const char *const keys_always[] = {":sigs:", "private_key", "privatekey", "mnemonic"};
static const char armour[] = "PRIVATE KEY-----";

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

void deny_init(struct deny *d)
{
	*d = (struct deny){.count = ARRAY_LEN(always)};
	for (int i = 0; i < d->count; i++)
		memcpy(d->pattern[i], always[i], strlen(always[i]) + 1);
}

int deny_add(struct deny *d, struct str pattern, struct err *why)
{
	size_t stars = 0;

	for (size_t i = 0; i < pattern.len; i++)
		stars += pattern.at[i] == '*';
	if (pattern.len >= DENY_TEXT_MAX || pattern.len == stars)
		return err_set(why, ERR_INVALID, "a name is expected, 1 to %d letters, * for any", DENY_TEXT_MAX - 1);
	if (d->count == DENY_MAX)
		return err_set(why, ERR_INVALID, "more than %d names", DENY_MAX - (int)ARRAY_LEN(always));
	for (size_t i = 0; i < pattern.len; i++)
		d->pattern[d->count][i] = lower(pattern.at[i]);
	d->pattern[d->count][pattern.len] = '\0';
	d->count++;
	memset(d->memo, 0, sizeof(d->memo));
	return 0;
}

/* The one backtracking point of '*' is the last one: linear for every pattern that people write. */
static bool matches(const char *pattern, struct str text)
{
	const char *star = NULL;
	size_t at = 0, from = 0;

	while (at < text.len) {
		if (*pattern == '*') {
			star = pattern++;
			from = at;
		} else if (*pattern && *pattern == lower(text.at[at])) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star + 1;
			at = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static const char *find_in(const struct deny *d, struct str text)
{
	for (int i = 0; i < d->count; i++)
		if (matches(d->pattern[i], text))
			return d->pattern[i];
	return NULL;
}

static const char *find_name(struct deny *d, struct str name)
{
	unsigned hash = 2166136261u;

	if (name.len == 0 || name.len > DENY_MEMO_NAME)
		return find_in(d, name);
	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.at[i]) * 16777619u;
	struct deny_memo *m = &d->memo[(hash * 0x9e3779b1u >> 16) % DENY_MEMO];
	if (m->len != name.len || memcmp(m->name, name.at, name.len) != 0) {
		m->found = find_in(d, name);
		m->len = (uint8_t)name.len;
		memcpy(m->name, name.at, name.len);
	}
	return m->found;
}

/* --- JSON ------------------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(struct str v, size_t at)
{
	while (at < v.len && is_blank(v.at[at]))
		at++;
	return at;
}

static int hex4(const char *at)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = lower(at[i]);
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* A name as it is meant: "\u0070rivate_key" is private_key. */
static struct str unescape(struct str name, char out[NAME_MAX_BYTES])
{
	size_t len = 0;

	for (size_t i = 0; i < name.len && len < NAME_MAX_BYTES; i++) {
		char c = name.at[i];
		if (c == '\\' && i + 5 < name.len && name.at[i + 1] == 'u') {
			int code = hex4(name.at + i + 2);
			c = code > 0 && code < 128 ? (char)code : '?';
			i += 5;
		} else if (c == '\\' && i + 1 < name.len) {
			c = name.at[++i];
		}
		out[len++] = c;
	}
	return (struct str){out, len};
}

/* The end of the string that begins behind `at` - 1: the place of its closing quote, or v.len. */
static size_t string_end(struct str v, size_t at)
{
	size_t from = at;

	for (;;) {
		const char *quote = at < v.len ? memchr(v.at + at, '"', v.len - at) : NULL;
		size_t slashes = 0;
		if (!quote)
			return v.len;
		at = (size_t)(quote - v.at);
		while (at - slashes > from && v.at[at - slashes - 1] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return at;
		at++;
	}
}

/* What stands behind a colon holds nothing that could be a key or a signature. */
static bool is_nothing(struct str v, size_t at)
{
	at = skip_blanks(v, at);
	if (at >= v.len)
		return true;
	char c = v.at[at];
	if (c == 'n' || c == 't' || c == 'f')
		return true;
	if (c == '"')
		return at + 1 < v.len && v.at[at + 1] == '"';
	if (c == '[' || c == '{') {
		size_t next = skip_blanks(v, at + 1);
		return next >= v.len || v.at[next] == ']' || v.at[next] == '}';
	}
	size_t digits = 0;
	while (at + digits < v.len && strchr("0123456789.-+eE", v.at[at + digits]))
		digits++;
	return digits < 10;
}

static const char *find_member(struct deny *d, struct str v)
{
	char plain[NAME_MAX_BYTES];

	for (size_t at = 0; at < v.len;) {
		const char *quote = memchr(v.at + at, '"', v.len - at);
		if (!quote)
			return NULL;
		size_t from = (size_t)(quote - v.at) + 1, end = string_end(v, from);
		if (end >= v.len)
			return "broken JSON"; /* what cannot be read cannot be judged */
		at = end + 1;
		size_t colon = skip_blanks(v, at);
		if (colon >= v.len || v.at[colon] != ':')
			continue;
		struct str name = {v.at + from, end - from};
		if (memchr(name.at, '\\', name.len))
			name = unescape(name, plain);
		const char *found = find_name(d, name);
		if (found && !is_nothing(v, colon + 1))
			return found;
	}
	return NULL;
}

/* Each pattern anywhere in a text: its stars at both ends are implied. */
static const char *find_anywhere(const struct deny *d, struct str v)
{
	for (int i = 0; i < d->count; i++) {
		char wide[DENY_TEXT_MAX + 3] = "*";
		size_t len = strlen(d->pattern[i]);
		memcpy(wide + 1, d->pattern[i], len);
		memcpy(wide + 1 + len, "*", 2);
		if (matches(wide, v))
			return d->pattern[i];
	}
	return NULL;
}

const char *deny_finds(struct deny *d, struct str key, struct str value)
{
	char low[KEY_MAX_BYTES];
	struct str name = {low, key.len < KEY_MAX_BYTES ? key.len : KEY_MAX_BYTES};

	for (size_t i = 0; i < name.len; i++)
		low[i] = lower(key.at[i]);
	for (size_t i = 0; i < ARRAY_LEN(keys_always); i++)
		if (memmem(low, name.len, keys_always[i], strlen(keys_always[i])))
			return keys_always[i];
	for (int i = ARRAY_LEN(always); i < d->count; i++)
		if (matches(d->pattern[i], name))
			return d->pattern[i];
	if (value.len >= sizeof(armour) - 1 && memmem(value.at, value.len, armour, sizeof(armour) - 1))
		return "a PEM private key";
	size_t at = skip_blanks(value, 0);
	if (at < value.len && (value.at[at] == '{' || value.at[at] == '['))
		return find_member(d, value);
	return find_anywhere(d, value);
}
