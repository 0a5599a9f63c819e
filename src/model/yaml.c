/* SPDX-License-Identifier: PostgreSQL */
#include "model/yaml.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

#include "core/buf.h"
#include "core/clean.h"
#include "core/mem.h"
#include "model/yaml_private.h"

enum { YAML_BYTES_MAX = 1 << 20, YAML_NODES_MAX = 65536, YAML_ENTRIES_MAX = 1024 };

/* One parse under way. */
struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the current one; ours to delete */
	bool have_event;
	struct yaml_file *file;
	const char *text;
	size_t len;
	int first_line;
	int nodes;
	struct err *why;
};

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *format, ...) PRINTFLIKE(3, 4);

static int fail_at(struct reader *r, const yaml_mark_t *mark, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	struct yaml at = {.line = (int)mark->line + r->first_line, .column = (int)mark->column + 1};
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return yaml_error(r->file, &at, r->why, "column %d: %s", at.column, text);
}

/* What to do about the mistakes that people make most: values with characters that mean something to YAML. */
static const char *problem_hint(const char *problem)
{
	static const struct {
		const char *part, *hint;
	} hints[] = {
		{"cannot start any token", "; quote a value that starts with a sign"},
		{"did not find expected comment or line break", "; quote a value that starts with > or |"},
		{"did not find expected hexdecimal", "; quote the value"},
		{"mapping values are not allowed", "; quote a value that contains ': '"},
		{"did not find expected alphabetic or numeric character", "; quote a value that starts with * or &"},
		{"did not find expected ',' or '}'", "; close the { } or quote the value"},
		{"did not find expected ',' or ']'", "; close the [ ] or quote the value"},
	};

	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (strstr(problem, hints[i].part) != NULL)
			return hints[i].hint;
	return "";
}

static int parser_failed(struct reader *r)
{
	const char *problem = r->parser.problem != NULL ? r->parser.problem : "not YAML";
	yaml_mark_t mark = r->parser.problem_mark;

	if (r->parser.error == YAML_MEMORY_ERROR)
		return err_set(r->why, ERR_TOO_BIG, "%s: memory is out", r->file->name);
	if (r->parser.error == YAML_READER_ERROR) {
		/* the reader knows only an offset, and reads ahead of the marks */
		size_t end = r->parser.problem_offset < r->len ? r->parser.problem_offset : r->len;

		memset(&mark, 0, sizeof(mark));
		for (size_t i = 0; i < end; i++) {
			mark.column = r->text[i] == '\n' ? 0 : mark.column + 1;
			mark.line += r->text[i] == '\n';
		}
	}
	return fail_at(r, &mark, "%s%s", problem, problem_hint(problem));
}

static int next_event(struct reader *r)
{
	if (r->have_event)
		yaml_event_delete(&r->event);
	r->have_event = false;
	if (!yaml_parser_parse(&r->parser, &r->event))
		return parser_failed(r);
	r->have_event = true;
	return 0;
}

static int check_plain(struct reader *r, const void *anchor, const void *tag)
{
	if (anchor != NULL)
		return fail_at(r, &r->event.start_mark, "anchors (&) are not taken; quote the value if it is a text");
	if (tag != NULL)
		return fail_at(r, &r->event.start_mark, "tags (!) are not taken; quote the value if it is a text");
	return 0;
}

static int read_node(struct reader *r, struct yaml *node, int depth) MUSTCHECK;

static struct yaml *new_node(struct reader *r)
{
	struct yaml *node = arena_alloc(r->file->arena, sizeof(*node));

	node->line = (int)r->event.start_mark.line + r->first_line;
	node->column = (int)r->event.start_mark.column + 1;
	return node;
}

static int read_scalar(struct reader *r, struct yaml *node)
{
	const yaml_event_t *e = &r->event;
	int rc = check_plain(r, e->data.scalar.anchor, e->data.scalar.tag);

	if (rc < 0)
		return rc;
	node->kind = YAML_SCALAR;
	node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = arena_strndup(r->file->arena, (const char *)e->data.scalar.value, e->data.scalar.length);
	if (strlen(node->text) != e->data.scalar.length)
		return fail_at(r, &e->start_mark, "a text contains a NUL character");
	return 0;
}

static int read_list(struct reader *r, struct yaml *node, int depth)
{
	struct yaml **tail = &node->child;
	int rc = check_plain(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);

	node->kind = YAML_LIST;
	while (rc == 0 && (rc = next_event(r)) == 0 && r->event.type != YAML_SEQUENCE_END_EVENT) {
		*tail = new_node(r);
		rc = read_node(r, *tail, depth + 1);
		tail = &(*tail)->next;
		node->count++;
	}
	return rc;
}

/* The current event is a key; reads it and its value into a new entry. */
static int read_entry(struct reader *r, struct yaml *map, struct yaml **out, int depth, bool flow)
{
	const yaml_event_t *e = &r->event;
	struct yaml *entry;
	int rc;

	if (e->type != YAML_SCALAR_EVENT)
		return fail_at(r, &e->start_mark, "a key must be a plain text");
	rc = check_plain(r, e->data.scalar.anchor, e->data.scalar.tag);
	if (rc < 0)
		return rc;
	entry = new_node(r);
	entry->key = arena_strndup(r->file->arena, (const char *)e->data.scalar.value, e->data.scalar.length);
	if (strlen(entry->key) != e->data.scalar.length || entry->key[0] == '\0')
		return fail_at(r, &e->start_mark, "a key must be a plain text");
	if (yaml_get(map, entry->key) != NULL)
		return fail_at(r, &e->start_mark, "'%s' is given twice, first on line %d", entry->key,
			       yaml_get(map, entry->key)->line);
	if (map->count >= YAML_ENTRIES_MAX)
		return fail_at(r, &e->start_mark, "more than %d entries", YAML_ENTRIES_MAX);
	rc = next_event(r);
	if (rc < 0)
		return rc;
	rc = read_node(r, entry, depth + 1);
	if (rc == 0 && flow && entry->kind == YAML_SCALAR && entry->text[0] == '\0' && !entry->quoted)
		/* what a comma inside an unquoted expression leads to: {expr: if(a, b, c)} */
		return yaml_error(r->file, entry, r->why,
				  "column %d: '%s' has no value; quote a text that contains a comma", entry->column,
				  entry->key);
	*out = entry;
	return rc;
}

static int read_map(struct reader *r, struct yaml *node, int depth)
{
	struct yaml **tail = &node->child;
	bool flow = r->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	int rc = check_plain(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag);

	node->kind = YAML_MAP;
	while (rc == 0 && (rc = next_event(r)) == 0 && r->event.type != YAML_MAPPING_END_EVENT) {
		struct yaml *entry = NULL;

		rc = read_entry(r, node, &entry, depth, flow);
		if (rc < 0)
			break;
		*tail = entry;
		tail = &entry->next;
		node->count++;
	}
	return rc;
}

static int read_node(struct reader *r, struct yaml *node, int depth)
{
	if (depth > YAML_DEPTH_MAX)
		return fail_at(r, &r->event.start_mark, "nested deeper than %d", YAML_DEPTH_MAX);
	if (++r->nodes > YAML_NODES_MAX)
		return fail_at(r, &r->event.start_mark, "more than %d values", YAML_NODES_MAX);
	switch (r->event.type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(r, node);
	case YAML_SEQUENCE_START_EVENT:
		return read_list(r, node, depth);
	case YAML_MAPPING_START_EVENT:
		return read_map(r, node, depth);
	case YAML_ALIAS_EVENT:
		return fail_at(r, &r->event.start_mark, "aliases (*) are not taken; quote the value if it is a text");
	default:
		return fail_at(r, &r->event.start_mark, "a value is missing");
	}
}

static int read_document(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	int rc;

	if (e->data.document_start.version_directive != NULL ||
	    e->data.document_start.tag_directives.start != e->data.document_start.tag_directives.end)
		return fail_at(r, &e->start_mark, "directives (%%) are not taken; quote a value that starts with %%");
	rc = next_event(r);
	if (rc < 0)
		return rc;
	if (e->type != YAML_MAPPING_START_EVENT && e->type != YAML_ALIAS_EVENT)
		return fail_at(r, &e->start_mark, "'key: value' lines are expected here");
	r->file->root->line = (int)e->start_mark.line + r->first_line;
	rc = read_node(r, r->file->root, 1);
	if (rc < 0)
		return rc;
	rc = next_event(r); /* the document's end */
	return rc < 0 ? rc : next_event(r);
}

static int read_stream(struct reader *r)
{
	int rc = next_event(r); /* the stream's start */

	if (rc == 0)
		rc = next_event(r);
	if (rc == 0 && r->event.type == YAML_DOCUMENT_START_EVENT)
		rc = read_document(r);
	if (rc == 0 && r->event.type != YAML_STREAM_END_EVENT)
		rc = fail_at(r, &r->event.start_mark, "a second document; one is expected");
	return rc;
}

static int check_bytes(struct yaml_file *file, int first_line, const char *text, size_t len, struct err *why)
{
	const char *nul = len > 0 ? memchr(text, '\0', len) : NULL;
	struct yaml at = {.line = first_line};

	if (len > YAML_BYTES_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: over %d bytes; no such file needs that much", file->name,
			       YAML_BYTES_MAX);
	if (nul == NULL)
		return 0;
	for (const char *c = text; c < nul; c++)
		at.line += *c == '\n';
	return yaml_error(file, &at, why, "a NUL byte; this is not a text file");
}

static int read_text(struct yaml_file *file, int first_line, const char *text, size_t len, struct err *why)
{
	struct reader r = {.file = file, .text = text, .len = len, .first_line = first_line, .why = why};
	int rc;

	if (!yaml_parser_initialize(&r.parser))
		return err_set(why, ERR_TOO_BIG, "%s: memory is out", file->name);
	/* else a UTF-16 mark would be honoured, and lines counted here would be wrong */
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	rc = read_stream(&r);
	if (r.have_event)
		yaml_event_delete(&r.event);
	yaml_parser_delete(&r.parser);
	return rc;
}

struct yaml_file *yaml_file_new(const char *name)
{
	struct arena *arena = arena_new();
	struct yaml_file *file = arena_alloc(arena, sizeof(*file));

	file->arena = arena;
	file->name = arena_strdup(arena, name);
	file->root = arena_alloc(arena, sizeof(*file->root));
	return file;
}

int yaml_parse(struct yaml_file **out, const char *name, int first_line, const char *text, size_t len, struct err *why)
{
	struct yaml_file *file = yaml_file_new(name);
	int rc;

	file->root->kind = YAML_MAP;
	file->root->line = first_line;
	file->root->column = 1;
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	rc = check_bytes(file, first_line, text, len, why);
	if (rc == 0)
		rc = read_text(file, first_line, len > 0 ? text : "", len, why);
	if (rc < 0) {
		yaml_file_free(file);
		return rc;
	}
	*out = file;
	return 0;
}

void yaml_file_free(struct yaml_file *file)
{
	if (file != NULL)
		arena_free(file->arena);
}

const struct yaml *yaml_root(const struct yaml_file *file)
{
	return file->root;
}

const char *yaml_name(const struct yaml_file *file)
{
	return file->name;
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (map == NULL || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml *n = map->child; n != NULL; n = n->next)
		if (strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

int yaml_error(const struct yaml_file *file, const struct yaml *at, struct err *why, const char *format, ...)
{
	char text[ERR_TEXT_MAX];
	struct buf clean = BUF_INIT((size_t)ERR_TEXT_MAX * 10);
	va_list args;
	int rc;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	clean_text(&clean, text, strlen(text), CLEAN_LINE);
	rc = err_set(why, ERR_INVALID, "%s:%d: %s", file->name, at->line, buf_text(&clean));
	buf_release(&clean);
	return rc;
}
