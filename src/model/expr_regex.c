/* SPDX-License-Identifier: PostgreSQL */
/* Patterns of ~ and !~. They come from a person or a file and meet texts from a server: both sides are bounded. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/expr_private.h"

enum { REPEAT_PRODUCT_MAX = 1000, REPEAT_UNBOUNDED = 2 };

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Plain ASCII without special characters: then "any case" needs no locale either. */
static bool is_literal(struct str pattern)
{
	for (size_t i = 0; i < pattern.len; i++)
		if ((unsigned char)pattern.at[i] >= 0x80 || strchr("\\^$.[]|()*+?{}", pattern.at[i]) != NULL)
			return false;
	return pattern.len > 0;
}

/* How often a {m,n} that starts at i can repeat; 1 when it is no repetition. */
static unsigned long repeat_at(const char *pattern, size_t i)
{
	const char *at = pattern + i + 1;
	char *end;
	unsigned long least, most;

	if (*at < '0' || *at > '9')
		return *at == ',' ? strtoul(at + 1, NULL, 10) : 1;
	least = strtoul(at, &end, 10);
	if (*end != ',')
		return least;
	most = strtoul(end + 1, &end, 10);
	return most > least ? most : least + REPEAT_UNBOUNDED;
}

/* The engine expands x{100}{100} into 10,000 copies before the first match, and searches back-references by trying. */
static int check_cost(const char *pattern, struct err *why)
{
	unsigned long product = 1;
	size_t class = 0; /* where the first character of the [class] stands that we are in; 0 outside */

	for (size_t i = 0; pattern[i] != '\0'; i++) {
		char c = pattern[i];

		if (class > 0) {
			if (c == ']' && i > class) /* as the first one it stands for itself */
				class = 0;
		} else if (c == '\\') {
			if (pattern[i + 1] >= '1' && pattern[i + 1] <= '9')
				return err_set(why, ERR_INVALID, "back-references are not taken in patterns");
			i += pattern[i + 1] != '\0';
		} else if (c == '[') {
			class = i + 1 + (pattern[i + 1] == '^');
		} else if (c == '{') {
			unsigned long repeat = repeat_at(pattern, i);

			product *= repeat > REPEAT_PRODUCT_MAX ? REPEAT_PRODUCT_MAX + 1 : repeat > 0 ? repeat : 1;
			if (product > REPEAT_PRODUCT_MAX)
				return err_set(why, ERR_INVALID, "the pattern repeats more than %d times in all",
					       REPEAT_PRODUCT_MAX);
		}
	}
	return 0;
}

int expr_regex_compile(struct expr_regex *out, struct str pattern, char *pool, struct err *why)
{
	char text[EXPR_PATTERN_MAX + 1];
	char reason[128];
	int rc;

	if (pattern.len == 0)
		return err_set(why, ERR_INVALID, "the pattern is empty");
	if (pattern.len > EXPR_PATTERN_MAX)
		return err_set(why, ERR_INVALID, "the pattern is over %d bytes", EXPR_PATTERN_MAX);
	memset(out, 0, sizeof(*out));
	if (is_literal(pattern)) {
		for (size_t i = 0; i < pattern.len; i++)
			pool[i] = lower(pattern.at[i]);
		out->literal = true;
		out->needle = (struct str){pool, pattern.len};
		return 0;
	}
	memcpy(text, pattern.at, pattern.len);
	text[pattern.len] = '\0';
	if (strlen(text) != pattern.len)
		return err_set(why, ERR_INVALID, "the pattern contains a NUL byte");
	rc = check_cost(text, why);
	if (rc < 0)
		return rc;
	rc = regcomp(&out->compiled, text, REG_EXTENDED | REG_ICASE | REG_NOSUB);
	if (rc == 0)
		return 0;
	regerror(rc, &out->compiled, reason, sizeof(reason));
	return err_set(why, ERR_INVALID, "the pattern is no regular expression: %s", reason);
}

void expr_regex_release(struct expr_regex *regex)
{
	if (!regex->literal)
		regfree(&regex->compiled);
}

static bool find_literal(struct str needle, struct str text)
{
	char first = needle.at[0], upper = first >= 'a' && first <= 'z' ? (char)(first - 'a' + 'A') : first;

	for (size_t i = 0; i + needle.len <= text.len; i++) {
		size_t k = 1;

		if (text.at[i] != first && text.at[i] != upper)
			continue;
		while (k < needle.len && lower(text.at[i + k]) == needle.at[k])
			k++;
		if (k == needle.len)
			return true;
	}
	return false;
}

bool expr_regex_match(const struct expr_regex *regex, struct str text)
{
	char bytes[EXPR_MATCH_MAX + 1];

	if (text.len > EXPR_MATCH_MAX)
		text.len = EXPR_MATCH_MAX;
	if (regex->literal)
		return find_literal(regex->needle, text);
	/* the engine wants a NUL at the end; a copy costs little beside the match */
	if (text.len > 0)
		memcpy(bytes, text.at, text.len);
	bytes[text.len] = '\0';
	return regexec(&regex->compiled, bytes, 0, NULL, 0) == 0;
}
