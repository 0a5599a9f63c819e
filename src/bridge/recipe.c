/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/recipe.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/yaml.h"

enum {
	DEFAULT_LIMIT = 100000, LIMIT_MAX = 1000000000, VALUE_DEFAULT = 1 << 20, SNAPSHOT_DEFAULT_MS = 60000,
	TTL_MAX_S = 30 * 86400,
};

static const char *const priority_names[] = {"low", "medium", "high", "critical", NULL};

struct parser {
	struct recipe *r;
	struct yaml_file *yaml;
	const struct yaml *root;
	struct err *why;
};

const char *recipe_priority_name(enum recipe_priority p)
{
	return priority_names[p];
}

int recipe_priority_find(struct str name)
{
	for (int i = 0; i < RECIPE_PRIORITIES; i++)
		if (strlen(priority_names[i]) == name.len && strncasecmp(priority_names[i], name.at, name.len) == 0)
			return i;
	return -1;
}

/* --- header ----------------------------------------------------------------------------------------------------------- */

static int read_texts(struct parser *p)
{
	const struct yaml *title = yaml_get(p->root, "title"), *about = yaml_get(p->root, "about");
	const struct yaml *prefix = yaml_get(p->root, "prefix");
	const char *text;
	int code;

	if (!title || !prefix)
		return yaml_error(p->yaml, p->root, p->why, "%s is missing", title ? "prefix" : "title");
	if ((code = yaml_read_text(p->yaml, title, &text, p->why)))
		return code;
	p->r->title = mem_strdup(text);
	if (about && (code = yaml_read_text(p->yaml, about, &text, p->why)))
		return code;
	p->r->about = about ? mem_strdup(text) : NULL;
	if ((code = yaml_read_text(p->yaml, prefix, &text, p->why)))
		return code;
	size_t len = strlen(text);
	if (len == 0 || len >= RECIPE_PREFIX_MAX)
		return yaml_error(p->yaml, prefix, p->why, "prefix: 1 to %d bytes are expected, so that keys do not mix with others",
		                  RECIPE_PREFIX_MAX - 1);
	memcpy(p->r->prefix, text, len + 1);
	return 0;
}

static int read_choices(struct parser *p)
{
	static const char *const codecs[] = {"raw", "zlib", "sealed", NULL}, *const modes[] = {"nx", "set", NULL};
	const struct yaml *codec = yaml_get(p->root, "codec"), *mode = yaml_get(p->root, "mode");
	int choice, code = 0;

	p->r->codec = CODEC_ZLIB;
	if (codec && (code = yaml_read_choice(p->yaml, codec, codecs, &choice, p->why)) == 0)
		p->r->codec = (enum codec_kind)choice;
	if (!code && mode && (code = yaml_read_choice(p->yaml, mode, modes, &choice, p->why)) == 0)
		p->r->mode = (enum recipe_mode)choice;
	return code;
}

static int read_ttl(struct parser *p)
{
	const struct yaml *ttl = yaml_get(p->root, "ttl");
	double ms;
	int code;

	if (!ttl || ttl->kind != YAML_MAP)
		return yaml_error(p->yaml, ttl ? ttl : p->root, p->why,
		                  "ttl: a time for each of low, medium, high, critical is expected: nothing is cached for ever");
	if ((code = yaml_check_keys(p->yaml, ttl, priority_names, p->why)))
		return code;
	for (int i = 0; i < RECIPE_PRIORITIES; i++) {
		const struct yaml *n = yaml_get(ttl, priority_names[i]);
		if (!n)
			return yaml_error(p->yaml, ttl, p->why, "ttl: %s is missing", priority_names[i]);
		if ((code = yaml_read_duration(p->yaml, n, &ms, p->why)))
			return code;
		if (ms < 1000 || ms > TTL_MAX_S * 1000.0)
			return yaml_error(p->yaml, n, p->why, "ttl: %s: 1 s to 30 days are expected", priority_names[i]);
		p->r->ttl_s[i] = ms / 1000;
	}
	return 0;
}

/* "10%" to 0.1. */
static int read_share(struct parser *p, const char *key, double max, double *out)
{
	const struct yaml *n = yaml_get(p->root, key);
	const char *text;
	char *end;
	int code;

	if (!n)
		return 0;
	if ((code = yaml_read_text(p->yaml, n, &text, p->why)))
		return code;
	double value = strtod(text, &end);
	if (end == text || strcmp(end, "%") != 0 || !(value >= 0 && value <= max * 100))
		return yaml_error(p->yaml, n, p->why, "%s: 0%% to %.0f%% is expected", key, max * 100);
	*out = value / 100;
	return 0;
}

static int read_numbers(struct parser *p)
{
	static const struct {
		const char *key;
		int64_t min, max, fallback;
	} rows[] = {
		{"limit", 1, LIMIT_MAX, DEFAULT_LIMIT}, {"value_limit", 1, CODEC_RAW_MAX, VALUE_DEFAULT},
		{"rate", 0, 10000000, RECIPE_RATE_DEFAULT},
	};
	int64_t value[ARRAY_LEN(rows)];
	int code;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct yaml *n = yaml_get(p->root, rows[i].key);
		value[i] = rows[i].fallback;
		if (n && (code = yaml_read_int(p->yaml, n, rows[i].min, rows[i].max, &value[i], p->why)))
			return code;
	}
	p->r->limit = value[0];
	p->r->value_limit = value[1];
	p->r->rate = (double)value[2];
	p->r->snapshot_ms = SNAPSHOT_DEFAULT_MS;
	const struct yaml *snapshot = yaml_get(p->root, "snapshot");
	if (snapshot && (code = yaml_read_duration(p->yaml, snapshot, &p->r->snapshot_ms, p->why)))
		return code;
	if (p->r->snapshot_ms != 0 && (p->r->snapshot_ms < 1000 || p->r->snapshot_ms > 86400e3))
		return yaml_error(p->yaml, snapshot, p->why, "snapshot: 1 s to 24 h, or 0s for one that is never renewed");
	p->r->jitter = 0.1;
	p->r->memory = 0.8;
	code = read_share(p, "jitter", 0.9, &p->r->jitter);
	return code ? code : read_share(p, "memory", 0.95, &p->r->memory);
}

static int read_deny(struct parser *p)
{
	const struct yaml *list = yaml_get(p->root, "deny");
	struct err why;
	const char *text;
	int code;

	deny_init(&p->r->deny);
	if (!list)
		return 0;
	if (list->kind != YAML_LIST)
		return yaml_error(p->yaml, list, p->why, "deny: a list of names is expected");
	for (const struct yaml *n = list->child; n; n = n->next) {
		if ((code = yaml_read_text(p->yaml, n, &text, p->why)))
			return code;
		if (deny_add(&p->r->deny, str_from(text), &why))
			return yaml_error(p->yaml, n, p->why, "deny: %s", why.text);
	}
	return 0;
}

static int read_header(struct parser *p)
{
	static const char *const known[] = {"title", "about", "prefix", "codec", "mode", "ttl", "jitter", "limit", "value_limit",
	                                    "memory", "rate", "snapshot", "deny", NULL};
	int (*const parts[])(struct parser *) = {read_texts, read_choices, read_ttl, read_numbers, read_deny};
	int code = yaml_check_keys(p->yaml, p->root, known, p->why);

	for (size_t i = 0; i < ARRAY_LEN(parts) && !code; i++)
		code = parts[i](p);
	return code;
}

/* --- the file --------------------------------------------------------------------------------------------------------- */

static int line_of(const char *text, const char *at)
{
	int line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static int fail_at(const char *path, int line, struct err *why, const char *what)
{
	return err_set(why, ERR_INVALID, "%s:%d: %s", path, line, what);
}

/* Without blanks at both ends and without a semicolon behind it; NULL when nothing is left. */
static char *trimmed(const char *from, const char *end)
{
	while (from < end && strchr(" \t\r\n", *from))
		from++;
	while (end > from && strchr(" \t\r\n;", end[-1]))
		end--;
	return from < end ? mem_strndup(from, (size_t)(end - from)) : NULL;
}

/* Whether the text has $1. One inside a literal counts too: then the server says so. */
static bool has_parameter(const char *text)
{
	for (const char *at = text; (at = strstr(at, "$1")); at += 2)
		if (at[2] < '0' || at[2] > '9')
			return true;
	return false;
}

static int split_queries(struct recipe *r, const char *path, const char *text, const char *body, struct err *why)
{
	static const char mark[] = "\n-- estimate";
	const char *estimate = strstr(body, mark);
	const char *end = estimate ? estimate : body + strlen(body);

	r->query = trimmed(body, end);
	if (!r->query)
		return fail_at(path, line_of(text, body), why, "there is no query behind the header");
	if (estimate) {
		const char *from = strchr(estimate + 1, '\n');
		r->estimate = from ? trimmed(from, from + strlen(from)) : NULL;
		if (!r->estimate)
			return fail_at(path, line_of(text, estimate + 1), why, "there is no query behind '-- estimate'");
	}
	r->query_limit = has_parameter(r->query);
	r->estimate_limit = r->estimate && has_parameter(r->estimate);
	return 0;
}

/* text has a NUL behind it and none within. */
static int parse_text(struct recipe *r, const char *path, char *text, struct err *why)
{
	static const char opening[] = "/* dytop warm";
	struct parser p = {.r = r, .why = why};
	char *begin = text;

	/* the licence line may stand before it */
	while (strncmp(begin, "--", 2) == 0 && strchr(begin, '\n'))
		begin = strchr(begin, '\n') + 1;
	char *line_end = strchr(begin, '\n');
	size_t len = sizeof(opening) - 1;
	if (strncmp(begin, opening, len) != 0 || !line_end || strspn(begin + len, " \t\r") < (size_t)(line_end - begin) - len)
		return fail_at(path, line_of(text, begin), why, "no recipe; its first line must be '/* dytop warm'");
	char *end = strstr(line_end, "*/");
	if (!end)
		return fail_at(path, line_of(text, begin), why, "the header has no end; put */ on a line of its own behind it");
	int code = yaml_parse(&p.yaml, path, line_of(text, line_end + 1), line_end + 1, (size_t)(end - line_end - 1), why);
	if (code)
		return code;
	p.root = yaml_root(p.yaml);
	code = read_header(&p);
	yaml_file_free(p.yaml);
	return code ? code : split_queries(r, path, text, end + 2, why);
}

int recipe_parse(struct recipe **out, const char *name, const char *path, struct str text, struct err *why)
{
	struct recipe *r;
	char *copy;
	int code;

	if (text.len > RECIPE_TEXT_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: over %d kB; a recipe is no place for data", path, RECIPE_TEXT_MAX >> 10);
	if (text.len && memchr(text.at, '\0', text.len))
		return err_set(why, ERR_INVALID, "%s: a NUL byte; this is no text file", path);
	copy = mem_strndup(text.at ? text.at : "", text.len);
	r = mem_alloc(sizeof(*r));
	r->name = mem_strdup(name);
	code = parse_text(r, path, copy, why);
	free(copy);
	if (code)
		recipe_free(r);
	else
		*out = r;
	return code;
}

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	free(r->name);
	free(r->title);
	free(r->about);
	free(r->query);
	free(r->estimate);
	free(r);
}
