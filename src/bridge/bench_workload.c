/* SPDX-License-Identifier: PostgreSQL */
/* A workload's header: everything but the parameters. */
#include "bridge/bench_workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_private.h"

const char *bench_variant_name(enum bench_variant v)
{
	return v == BENCH_BASELINE ? "baseline" : "optimized";
}

int bench_parse_error(struct bench_parser *bp, int line, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	return err_set(bp->why, ERR_INVALID, "%s:%d: %s", bp->w->file, line, text);
}

bool bench_is_name(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return text[0] >= 'a' && text[0] <= 'z' && text[len] == '\0' && len <= BENCH_NAME_MAX;
}

int bench_read_name(struct bench_parser *bp, const struct yaml *n, const char **out)
{
	const char *text;
	int rc = yaml_read_text(bp->yaml, n, &text, bp->why);

	if (rc < 0)
		return rc;
	if (!bench_is_name(text))
		return yaml_error(bp->yaml, n, bp->why, "'%s' is no name; use small letters, digits and _, at most %d", text,
		                  BENCH_NAME_MAX);
	*out = arena_strdup(bp->arena, text);
	return 0;
}

int bench_read_number(struct bench_parser *bp, const struct yaml *n, double min, double max, double *out)
{
	const char *text;
	char *end;
	int rc = yaml_read_text(bp->yaml, n, &text, bp->why);
	double value;

	if (rc < 0)
		return rc;
	value = strtod(text, &end);
	if (end == text || *end != '\0' || !(value >= min && value <= max))
		return yaml_error(bp->yaml, n, bp->why, "%s: a number from %g to %g is expected, not '%s'",
		                  n->key ? n->key : "entry", min, max, text);
	*out = value;
	return 0;
}

static int read_text(struct bench_parser *bp, const struct yaml *map, const char *key, const char **out)
{
	const struct yaml *n = yaml_get(map, key);
	const char *text;
	int rc;

	if (!n)
		return 0;
	rc = yaml_read_text(bp->yaml, n, &text, bp->why);
	if (rc == 0)
		*out = arena_strdup(bp->arena, text);
	return rc;
}

static int expect(struct bench_parser *bp, const struct yaml *n, enum yaml_kind kind, int max)
{
	static const char *const kinds[] = {"a text", "a list", "a map"};

	if (n->kind != kind)
		return yaml_error(bp->yaml, n, bp->why, "%s: %s is expected", n->key ? n->key : "entry", kinds[kind]);
	if (kind != YAML_SCALAR && (n->count < 1 || n->count > max))
		return yaml_error(bp->yaml, n, bp->why, "%s: 1 to %d entries are expected, not %d", n->key ? n->key : "entry", max,
		                  n->count);
	return 0;
}

static int parse_tables(struct bench_parser *bp)
{
	const struct yaml *list = yaml_get(bp->root, "tables");
	const char **names = arena_calloc(bp->arena, BENCH_STATEMENTS_MAX + 1, sizeof *names);
	int rc = list ? expect(bp, list, YAML_LIST, BENCH_STATEMENTS_MAX) : 0, count = 0;

	bp->w->tables = names;
	for (const struct yaml *n = list && rc == 0 ? list->child : NULL; n && rc == 0; n = n->next) {
		const char *text;

		rc = yaml_read_text(bp->yaml, n, &text, bp->why);
		if (rc == 0)
			names[count++] = arena_strdup(bp->arena, text);
	}
	return rc;
}

static int parse_domains(struct bench_parser *bp)
{
	static const char *const keys[] = {"limit", NULL};
	const struct yaml *map = yaml_get(bp->root, "domains");
	int rc = map ? expect(bp, map, YAML_MAP, BENCH_DOMAINS_MAX) : 0;

	for (const struct yaml *n = map && rc == 0 ? map->child : NULL; n && rc == 0; n = n->next) {
		struct bench_domain *d = &bp->w->domain[bp->w->domain_count++];
		const struct yaml *limit;

		*d = (struct bench_domain){.name = arena_strdup(bp->arena, n->key), .line = n->line, .limit = 100000};
		if (!bench_is_name(n->key))
			return yaml_error(bp->yaml, n, bp->why, "'%s' is no name; use small letters, digits and _", n->key);
		rc = expect(bp, n, YAML_MAP, 1);
		if (rc == 0)
			rc = yaml_check_keys(bp->yaml, n, keys, bp->why);
		limit = yaml_get(n, "limit");
		if (rc == 0 && limit)
			rc = yaml_read_int(bp->yaml, limit, 1, BENCH_ROWS_MAX, &d->limit, bp->why);
	}
	return rc;
}

/* What a statement that reads from the cache must be: the store asks by one id. */
static int check_cached(struct bench_parser *bp, const struct yaml *cache, const struct bench_statement *s)
{
	if (s->writes && !s->cache.drops)
		return yaml_error(bp->yaml, cache, bp->why, "cache: a statement that writes cannot be read from the cache; "
		                  "say drops: yes when its value is to be dropped");
	if (!s->writes && s->cache.drops)
		return yaml_error(bp->yaml, cache, bp->why, "cache: only a statement that writes drops a value");
	if (s->param_count < 1 || (!s->cache.drops && s->param_count != 1))
		return yaml_error(bp->yaml, cache, bp->why, "cache: needs %s parameter, whose value the cached one stands under",
		                  s->cache.drops ? "a" : "exactly one");
	if (s->cache.fill > 0 && (s->param[0].from == BENCH_TEXT || s->param[0].from == BENCH_MADE))
		return yaml_error(bp->yaml, cache, bp->why, "cache: fill needs a parameter of a domain, range or choice");
	for (int i = 0; i < bp->w->count && !s->cache.drops; i++) {
		const struct bench_cache *other = &bp->w->statement[i].cache;

		if (other->kind && !other->drops && strcmp(other->kind, s->cache.kind) == 0 &&
		    (other->codec != s->cache.codec || other->ttl_ms < s->cache.ttl_ms || other->ttl_ms > s->cache.ttl_ms))
			return yaml_error(bp->yaml, cache, bp->why, "cache: '%s' reads kind '%s' too, with another codec or ttl",
			                  bp->w->statement[i].name, s->cache.kind);
	}
	return 0;
}

static int parse_cache(struct bench_parser *bp, const struct yaml *map, struct bench_statement *s)
{
	static const char *const keys[] = {"kind", "codec", "ttl", "fill", "drops", NULL};
	static const char *const codecs[] = {"raw", "zlib", NULL};
	const struct yaml *cache = yaml_get(map, "cache"), *n;
	int rc, codec = CODEC_RAW;

	if (!cache)
		return 0;
	rc = expect(bp, cache, YAML_MAP, (int)ARRAY_LEN(keys) - 1);
	if (rc == 0)
		rc = yaml_check_keys(bp->yaml, cache, keys, bp->why);
	if (rc == 0 && !(n = yaml_get(cache, "kind")))
		return yaml_error(bp->yaml, cache, bp->why, "cache: kind is missing; say as what the store keeps the value (tx, asset)");
	if (rc == 0)
		rc = bench_read_name(bp, n, &s->cache.kind);
	if (rc == 0 && (n = yaml_get(cache, "codec")))
		rc = yaml_read_choice(bp->yaml, n, codecs, &codec, bp->why);
	s->cache.codec = codec == 1 ? CODEC_ZLIB : CODEC_RAW;
	s->cache.line = cache->line;
	s->cache.ttl_ms = 600e3;
	if (rc == 0 && (n = yaml_get(cache, "ttl")))
		rc = yaml_read_duration(bp->yaml, n, &s->cache.ttl_ms, bp->why);
	if (rc == 0 && !(s->cache.ttl_ms >= 1000))
		return yaml_error(bp->yaml, cache, bp->why, "cache: ttl must be 1s or more");
	if (rc == 0 && (n = yaml_get(cache, "fill")))
		rc = yaml_read_int(bp->yaml, n, 0, BENCH_ROWS_MAX, &s->cache.fill, bp->why);
	if (rc == 0 && (n = yaml_get(cache, "drops")))
		rc = yaml_read_bool(bp->yaml, n, &s->cache.drops, bp->why);
	bp->w->caches = true;
	return rc == 0 ? check_cached(bp, cache, s) : rc;
}

/* What is dropped must be what somebody reads. */
static int check_drops(struct bench_parser *bp)
{
	const struct bench_workload *w = bp->w;

	for (int i = 0; i < w->count; i++) {
		const struct bench_cache *c = &w->statement[i].cache;
		bool read = !c->kind || !c->drops;

		for (int k = 0; k < w->count && !read; k++)
			read = w->statement[k].cache.kind && !w->statement[k].cache.drops &&
			       strcmp(w->statement[k].cache.kind, c->kind) == 0;
		if (!read)
			return bench_parse_error(bp, c->line, "cache: no statement reads kind '%s'; there is nothing to drop", c->kind);
	}
	return 0;
}

static int parse_statement(struct bench_parser *bp, const struct yaml *n)
{
	static const char *const keys[] = {"name", "title", "weight", "writes", "cache", "params", NULL};
	struct bench_statement *s = &bp->w->statement[bp->w->count];
	const struct yaml *at;
	int rc = expect(bp, n, YAML_MAP, (int)ARRAY_LEN(keys) - 1);

	*s = (struct bench_statement){.line = n->line, .weight = 1};
	if (rc == 0)
		rc = yaml_check_keys(bp->yaml, n, keys, bp->why);
	if (rc == 0 && !(at = yaml_get(n, "name")))
		return yaml_error(bp->yaml, n, bp->why, "name is missing");
	if (rc == 0)
		rc = bench_read_name(bp, at, &s->name);
	for (int i = 0; rc == 0 && i < bp->w->count; i++)
		if (strcmp(bp->w->statement[i].name, s->name) == 0)
			return yaml_error(bp->yaml, n, bp->why, "a second statement '%s'; the first one is on line %d", s->name,
			                  bp->w->statement[i].line);
	s->title = s->name;
	if (rc == 0)
		rc = read_text(bp, n, "title", &s->title);
	if (rc == 0 && (at = yaml_get(n, "weight")))
		rc = bench_read_number(bp, at, 0, 1e6, &s->weight);
	if (rc == 0 && (at = yaml_get(n, "writes")))
		rc = yaml_read_bool(bp->yaml, at, &s->writes, bp->why);
	if (rc == 0)
		rc = bench_parse_params(bp, n, s);
	if (rc == 0)
		rc = parse_cache(bp, n, s);
	bp->w->writes |= s->writes;
	bp->w->count++;
	return rc;
}

static int parse_header(struct bench_parser *bp)
{
	static const char *const keys[] = {"title", "about", "schema", "tables", "domains", "statements", NULL};
	static const char *const schemas[] = {"any", "bridge", NULL};
	const struct yaml *list = yaml_get(bp->root, "statements"), *schema = yaml_get(bp->root, "schema");
	double weight = 0;
	int rc = yaml_check_keys(bp->yaml, bp->root, keys, bp->why), choice = 0;

	bp->w->about = "";
	if (rc == 0)
		rc = read_text(bp, bp->root, "title", &bp->w->title);
	if (rc == 0 && !bp->w->title)
		return bench_parse_error(bp, 1, "title is missing");
	if (rc == 0)
		rc = read_text(bp, bp->root, "about", &bp->w->about);
	if (rc == 0 && schema)
		rc = yaml_read_choice(bp->yaml, schema, schemas, &choice, bp->why);
	bp->w->bridge = choice == 1;
	if (rc == 0)
		rc = parse_tables(bp);
	if (rc == 0)
		rc = parse_domains(bp);
	if (rc == 0 && !list)
		return bench_parse_error(bp, 1, "statements is missing");
	if (rc == 0)
		rc = expect(bp, list, YAML_LIST, BENCH_STATEMENTS_MAX);
	for (const struct yaml *n = rc == 0 ? list->child : NULL; n && rc == 0; n = n->next)
		rc = parse_statement(bp, n);
	if (rc == 0)
		rc = check_drops(bp);
	for (int i = 0; i < bp->w->count; i++)
		weight += bp->w->statement[i].weight;
	if (rc == 0 && !(weight > 0))
		return yaml_error(bp->yaml, list, bp->why, "all weights are 0; nothing would run");
	return rc;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* Cuts a copy into the header (starts on line 2) and what stands behind it. */
static int split(struct bench_parser *bp, struct str text, char **header, char **rest, int *rest_line)
{
	static const char opening[] = "/* dytop bench\n";
	const size_t len = sizeof opening - 1;
	char *copy, *end;

	if (text.len > BENCH_BYTES_MAX)
		return err_set(bp->why, ERR_TOO_BIG, "%s: over %d kB; a workload is no place for data", bp->w->file,
		               BENCH_BYTES_MAX >> 10);
	if (text.len > 0 && memchr(text.at, '\0', text.len))
		return bench_parse_error(bp, 1, "a NUL byte; this is no text file");
	copy = arena_strndup(bp->arena, text.at, text.len);
	if (strncmp(copy, opening, len) != 0)
		return bench_parse_error(bp, 1, "no workload; its first line must be '/* dytop bench'");
	*header = copy + len;
	end = strstr(*header, "*/");
	if (!end)
		return bench_parse_error(bp, 1, "the header has no end; put */ on a line of its own behind it");
	*end = '\0';
	*rest = end + 2 + strspn(end + 2, " \t");
	*rest_line = 2;
	for (const char *c = *header; *c; c++)
		*rest_line += *c == '\n';
	if (**rest != '\n' && **rest != '\0')
		return bench_parse_error(bp, *rest_line, "text behind the header's */; put it on the next line");
	if (**rest == '\n') {
		*rest += 1;
		*rest_line += 1;
	}
	return 0;
}

/* One key has one value, whoever reads it. */
static int check_same_text(struct bench_parser *bp, int at)
{
	const struct bench_statement *s = &bp->w->statement[at], *other = bp->w->statement;

	for (; other < s; other++) {
		if (!other->cache.kind || other->cache.drops || strcmp(other->cache.kind, s->cache.kind) != 0)
			continue;
		for (int v = 0; v < BENCH_VARIANTS; v++) {
			if (strcmp(bench_statement_text(other, (enum bench_variant)v)->step[0].sql,
			           bench_statement_text(s, (enum bench_variant)v)->step[0].sql) != 0)
				return bench_parse_error(bp, s->line, "'%s' and '%s' read kind '%s' by different statements", other->name,
				                         s->name, s->cache.kind);
		}
	}
	return 0;
}

/* The store sends one statement with the id as $1. */
static int check_texts(struct bench_parser *bp)
{
	for (int i = 0; i < bp->w->count; i++) {
		const struct bench_statement *s = &bp->w->statement[i];

		for (int v = 0; v < BENCH_VARIANTS && s->cache.kind && !s->cache.drops; v++) {
			const struct bench_text *text = bench_statement_text(s, (enum bench_variant)v);

			if (text->count != 1 || text->step[0].count != 1)
				return bench_parse_error(bp, s->line, "'%s' is read from the cache: it is one statement that uses its "
				                         "parameter", s->name);
		}
		if (s->cache.kind && !s->cache.drops && check_same_text(bp, i) < 0)
			return ERR_INVALID;
	}
	return 0;
}

static int parse(struct bench_parser *bp, struct str text)
{
	char *header = NULL, *rest = NULL;
	int line = 0, rc = split(bp, text, &header, &rest, &line);

	if (rc == 0)
		rc = yaml_parse(&bp->yaml, bp->w->file, 2, header, strlen(header), bp->why);
	if (rc < 0)
		return rc;
	bp->root = yaml_root(bp->yaml);
	rc = parse_header(bp);
	yaml_file_free(bp->yaml);
	if (rc == 0)
		rc = bench_parse_bodies(bp, rest, line);
	return rc < 0 ? rc : check_texts(bp);
}

int bench_workload_parse(struct bench_workload **out, const char *name, const char *file, struct str text, struct err *why)
{
	struct arena *arena = arena_new();
	struct bench_parser bp = {.w = arena_alloc(arena, sizeof *bp.w), .arena = arena, .why = why};
	int rc;

	bp.w->memory = arena;
	bp.w->name = arena_strdup(arena, name);
	bp.w->file = arena_strdup(arena, file);
	rc = parse(&bp, text);
	if (rc < 0)
		bench_workload_free(bp.w);
	else
		*out = bp.w;
	return rc;
}

void bench_workload_free(struct bench_workload *w)
{
	if (!w)
		return;
	for (int i = 0; i < w->count; i++)
		for (int k = 0; k < w->statement[i].param_count; k++)
			bench_alias_release(&w->statement[i].param[k].weights);
	arena_free(w->memory);
}

const struct bench_text *bench_statement_text(const struct bench_statement *s, enum bench_variant v)
{
	return s->text[v].count > 0 ? &s->text[v] : &s->common;
}
