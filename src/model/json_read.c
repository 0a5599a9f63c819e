/* SPDX-License-Identifier: PostgreSQL */
#include "model/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

#define EXACT_MAX 9007199254740992.0 /* 2^53 */

/* struct json is never defined: a node is cJSON's own, seen through another name. */
static const cJSON *node(const struct json *n)
{
	return (const cJSON *)n;
}

static const struct json *wrap(const cJSON *n)
{
	return (const struct json *)n;
}

static int fail_at(const char *text, size_t at, struct err *why, const char *problem)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column = text[i] == '\n' ? 1 : column + 1;
		line += text[i] == '\n';
	}
	return err_set(why, ERR_INVALID, "line %zu, column %zu: %s", line, column, problem);
}

/* What cJSON would let pass or would need our stack for. *open: something is not closed at the end. */
static int check_shape(const char *text, size_t len, int max_depth, bool *open, struct err *why)
{
	bool in_text = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\0')
			return fail_at(text, i, why, "a NUL byte");
		if (in_text) {
			if (c == '"')
				in_text = false;
			else if (c == '\\' && len - i > 5 && memcmp(text + i + 1, "u0000", 5) == 0)
				return fail_at(text, i, why, "a NUL character");
			else if (c == '\\')
				i++; /* a NUL behind it is caught by the parser: \ NUL is no escape */
			continue;
		}
		in_text = c == '"';
		if ((c == '{' || c == '[') && ++depth > max_depth)
			return fail_at(text, i, why, "nested too deep");
		if (c == '}' || c == ']')
			depth--;
	}
	*open = in_text || depth > 0;
	return 0;
}

int json_parse(struct json **out, const char *text, size_t len, size_t max_bytes, struct err *why)
{
	return json_parse_deep(out, text, len, max_bytes, JSON_DEPTH_MAX, why);
}

int json_parse_deep(struct json **out, const char *text, size_t len, size_t max_bytes, int max_depth, struct err *why)
{
	const char *end = NULL;
	cJSON *root;
	bool open = false;
	size_t at;
	int rc;

	if (len > max_bytes)
		return err_set(why, ERR_TOO_BIG, "over %zu bytes", max_bytes);
	rc = check_shape(text, len, max_depth, &open, why);
	if (rc < 0)
		return rc;
	if (len == 0)
		return fail_at("", 0, why, "the text is empty");
	root = cJSON_ParseWithLengthOpts(text, len, &end, 0);
	at = end != NULL && end >= text && end <= text + len ? (size_t)(end - text) : 0;
	if (root == NULL && open && at + 1 >= len) /* cJSON points at the last byte then */
		return fail_at(text, len, why, "the text ends too early");
	if (root == NULL)
		return fail_at(text, at, why, "not JSON");
	while (at < len && strchr(" \t\r\n", text[at]) != NULL)
		at++;
	if (at < len) {
		cJSON_Delete(root);
		return fail_at(text, at, why, "something stands behind the end");
	}
	*out = (struct json *)root;
	return 0;
}

void json_free(struct json *root)
{
	cJSON_Delete((cJSON *)root);
}

enum json_kind json_kind(const struct json *n)
{
	const cJSON *c = node(n);

	if (cJSON_IsBool(c))
		return JSON_BOOL;
	if (cJSON_IsNumber(c))
		return JSON_NUMBER;
	if (cJSON_IsString(c))
		return JSON_TEXT;
	if (cJSON_IsArray(c))
		return JSON_LIST;
	return cJSON_IsObject(c) ? JSON_MAP : JSON_NULL;
}

const struct json *json_get(const struct json *map, const char *key)
{
	return cJSON_IsObject(node(map)) ? wrap(cJSON_GetObjectItemCaseSensitive(node(map), key)) : NULL;
}

const struct json *json_child(const struct json *n)
{
	return n != NULL ? wrap(node(n)->child) : NULL;
}

const struct json *json_next(const struct json *n)
{
	return n != NULL ? wrap(node(n)->next) : NULL;
}

const char *json_key(const struct json *n)
{
	return n != NULL ? node(n)->string : NULL;
}

int json_count(const struct json *n)
{
	int count = 0;

	for (const struct json *c = json_child(n); c != NULL; c = json_next(c))
		count++;
	return count;
}

const char *json_text(const struct json *n)
{
	return cJSON_IsString(node(n)) ? node(n)->valuestring : NULL;
}

double json_number(const struct json *n)
{
	return cJSON_IsNumber(node(n)) ? node(n)->valuedouble : NAN;
}

static bool int_of_text(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t limit = (uint64_t)INT64_MAX + negative, value = 0;

	text += negative;
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (digit > 9 || value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

bool json_int(const struct json *n, int64_t *out)
{
	const char *text = json_text(n);
	double value = json_number(n);

	if (text != NULL)
		return int_of_text(text, out);
	if (!(fabs(value) <= EXACT_MAX) || value != floor(value))
		return false;
	*out = (int64_t)value;
	return true;
}

bool json_is_true(const struct json *n)
{
	return cJSON_IsTrue(node(n));
}
