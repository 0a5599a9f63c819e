/* SPDX-License-Identifier: PostgreSQL */
#include "source/redis_info.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool info_line(struct str *rest, struct str *line)
{
	if (rest->len == 0)
		return false;
	const char *end = memchr(rest->at, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->at) : rest->len;
	*line = (struct str){rest->at, len};
	size_t used = len + (end != NULL);
	rest->at += used;
	rest->len -= used;
	if (line->len && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

bool info_next(struct str *rest, struct str *name, struct str *value)
{
	struct str line;

	while (info_line(rest, &line)) {
		const char *colon = line.len && line.at[0] != '#' ? memchr(line.at, ':', line.len) : NULL;
		if (!colon || colon == line.at)
			continue;
		*name = (struct str){line.at, (size_t)(colon - line.at)};
		*value = (struct str){colon + 1, line.len - name->len - 1};
		return true;
	}
	return false;
}

bool info_get(struct str info, const char *wanted, struct str *value)
{
	struct str name, found;

	while (info_next(&info, &name, &found))
		if (str_is(name, wanted)) {
			*value = found;
			return true;
		}
	return false;
}

bool info_pair(struct str *rest, char separator, struct str *name, struct str *value)
{
	while (rest->len) {
		const char *end = memchr(rest->at, separator, rest->len);
		struct str piece = {rest->at, end ? (size_t)(end - rest->at) : rest->len};
		size_t used = piece.len + (end != NULL);
		rest->at += used;
		rest->len -= used;
		const char *equals = piece.len ? memchr(piece.at, '=', piece.len) : NULL;
		if (!equals || equals == piece.at)
			continue;
		*name = (struct str){piece.at, (size_t)(equals - piece.at)};
		*value = (struct str){equals + 1, piece.len - name->len - 1};
		return true;
	}
	return false;
}

bool info_int(struct str text, int64_t *value)
{
	bool negative = text.len && text.at[0] == '-';
	uint64_t sum = 0, limit = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX;

	if (text.len == negative || text.len > 20)
		return false;
	for (size_t i = negative; i < text.len; i++) {
		unsigned digit = (unsigned)(unsigned char)text.at[i] - '0';
		if (digit > 9 || sum > (limit - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
	return true;
}

bool info_number(struct str text, double *value)
{
	char copy[64];
	char *end;

	if (text.len && text.at[text.len - 1] == '%')
		text.len--;
	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	/* strtod() takes more than a server should say (hex, "inf", leading blanks) and takes the locale's point. */
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789+-.eE", text.at[i], 15))
			return false;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	double number = strtod(copy, &end);
	if (*end || !isfinite(number))
		return false;
	*value = number;
	return true;
}
