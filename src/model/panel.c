/* SPDX-License-Identifier: PostgreSQL */
#include "model/panel.h"

#include <string.h>

#include "core/mem.h"
#include "model/panel_private.h"
#include "model/yaml_pack.h"

static int fail_line(const char *file, int line, struct err *why, const char *problem)
{
	return err_set(why, ERR_INVALID, "%s:%d: %s", file, line, problem);
}

/* A copy in the arena with LF line ends, without a byte order mark. */
static int plain_text(struct arena *arena, const char *file, struct str text, char **out, struct err *why)
{
	const char *nul = text.len > 0 ? memchr(text.at, '\0', text.len) : NULL;
	size_t len = 0;
	int line = 1;

	if (text.len > PANEL_BYTES_MAX)
		return err_set(why, ERR_TOO_BIG, "%s: over %d kB; a panel file is no place for data", file,
			       PANEL_BYTES_MAX >> 10);
	for (const char *c = text.at; nul != NULL && c < nul; c++)
		line += *c == '\n';
	if (nul != NULL)
		return fail_line(file, line, why, "a NUL byte; this is no text file");
	if (text.len >= 3 && memcmp(text.at, "\xEF\xBB\xBF", 3) == 0)
		text = (struct str){text.at + 3, text.len - 3};
	*out = arena_alloc(arena, text.len + 1);
	if (text.len > 0 && !memchr(text.at, '\r', text.len)) {
		memcpy(*out, text.at, text.len);
		return 0;
	}
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
			(*out)[len++] = text.at[i];
	return 0;
}

/* Cuts the text into the header (NUL-terminated, starts on line 2) and what stands behind it. */
static int split(const char *file, char *text, char **header, char **rest, int *rest_line, struct err *why)
{
	static const char opening[] = "/* dytop panel";
	char *line_end = strchr(text, '\n'), *end;
	size_t len = sizeof(opening) - 1;

	if (strncmp(text, opening, len) != 0 || line_end == NULL ||
	    strspn(text + len, " \t") < (size_t)(line_end - text) - len)
		return fail_line(file, 1, why, "no panel; its first line must be '/* dytop panel'");
	*header = line_end + 1;
	end = strstr(*header, "*/");
	if (end == NULL)
		return fail_line(file, 1, why, "the header has no end; put */ on a line of its own behind it");
	*rest_line = 2;
	for (const char *c = *header; (c = memchr(c, '\n', (size_t)(end - c))); c++)
		*rest_line += 1;
	line_end = end + 2 + strspn(end + 2, " \t");
	if (*line_end != '\n' && *line_end != '\0')
		return fail_line(file, *rest_line, why, "text behind the header's */; put it on the next line");
	*end = '\0';
	*rest = *line_end == '\n' ? line_end + 1 : line_end;
	*rest_line += 1;
	return 0;
}

static int parse_parts(struct panel_parser *pp, char *rest, int rest_line)
{
	int rc = panel_parse_top(pp);

	if (rc == 0)
		rc = panel_parse_fields(pp);
	if (rc == 0)
		rc = panel_parse_columns(pp);
	if (rc == 0)
		rc = panel_parse_figures(pp);
	if (rc == 0)
		rc = panel_parse_links(pp);
	if (rc == 0)
		rc = panel_parse_bodies(pp, rest, rest_line);
	return rc;
}

int panel_header(struct yaml_file **out, const char *file, const char *text, size_t len, struct err *why)
{
	struct arena *scratch = arena_new();
	char *copy = NULL, *header = NULL, *rest = NULL;
	int rest_line, rc = plain_text(scratch, file, (struct str){text, len}, &copy, why);

	if (rc == 0)
		rc = split(file, copy, &header, &rest, &rest_line, why);
	if (rc == 0)
		rc = yaml_parse(out, file, 2, header, strlen(header), why);
	arena_free(scratch);
	return rc;
}

static int parse(struct panel *p, struct str text, struct str packed, struct err *why)
{
	struct panel_parser pp = {.p = p, .arena = p->memory, .why = why};
	struct arena *scratch = arena_new();
	char *copy = NULL, *header = NULL, *rest = NULL;
	int rest_line = 0, rc;

	rc = plain_text(scratch, p->file, text, &copy, why);
	if (rc == 0)
		rc = split(p->file, copy, &header, &rest, &rest_line, why);
	if (rc == 0)
		rc = packed.len ? yaml_unpack(&pp.yaml, p->file, packed, why)
		                : yaml_parse(&pp.yaml, p->file, 2, header, strlen(header), why);
	if (rc == 0) {
		pp.root = yaml_root(pp.yaml);
		rc = parse_parts(&pp, rest, rest_line);
		yaml_file_free(pp.yaml);
	}
	arena_free(scratch);
	return rc;
}

int panel_parse_packed(struct panel **out, const char *name, const char *file, struct str text, struct str packed,
                       struct err *why)
{
	struct arena *arena;
	struct panel *p;
	int rc;

	if (!panel_is_name(name))
		return err_set(why, ERR_INVALID,
			       "%s: the file's name cannot be a panel's; use small letters, digits and _", file);
	arena = arena_new();
	p = arena_alloc(arena, sizeof(*p));
	p->memory = arena;
	p->name = arena_strdup(arena, name);
	p->file = arena_strdup(arena, file);
	rc = parse(p, text, packed, why);
	if (rc < 0) {
		panel_free(p);
		return rc;
	}
	*out = p;
	return 0;
}

int panel_parse(struct panel **out, const char *name, const char *file, const char *text, size_t len, struct err *why)
{
	return panel_parse_packed(out, name, file, (struct str){text, len}, (struct str){0}, why);
}

void panel_free(struct panel *p)
{
	if (p == NULL)
		return;
	for (int i = 0; i < p->column_count; i++) {
		expr_free(p->column[i].expr);
		expr_free(p->column[i].warn);
		expr_free(p->column[i].crit);
	}
	for (int i = 0; i < p->figure_count; i++) {
		expr_free(p->figure[i].expr);
		expr_free(p->figure[i].warn);
		expr_free(p->figure[i].crit);
	}
	expr_free(p->hide);
	expr_free(p->trend);
	arena_free(p->memory);
}

const struct panel_body *panel_body_for(const struct panel *p, int lookup, int version, int below)
{
	const struct panel_body *best = NULL;

	for (int i = 0; i < p->body_count; i++) {
		const struct panel_body *b = &p->body[i];

		if (b->lookup == lookup && b->since <= version && (below <= 0 || b->since < below) &&
		    (best == NULL || b->since > best->since))
			best = b;
	}
	return best;
}

int panel_field_by_name(const struct panel *p, struct str name)
{
	for (int i = 0; i < p->field_count; i++)
		if (str_is(name, p->field[i].name))
			return i;
	return -1;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_word(struct str a, const char *b)
{
	size_t i = 0;

	while (i < a.len && b[i] != '\0' && lower(a.at[i]) == lower(b[i]))
		i++;
	return i == a.len && b[i] == '\0';
}

int panel_column_by_name(const struct panel *p, struct str name)
{
	for (int i = 0; i < p->column_count; i++)
		if (same_word(name, p->column[i].name))
			return i;
	for (int i = 0; i < p->column_count; i++)
		if (same_word(name, p->column[i].title))
			return i;
	return -1;
}

int panel_lookup_by_name(const struct panel *p, struct str name)
{
	for (int i = 0; i < p->lookup_count; i++)
		if (str_is(name, p->lookup[i].name))
			return i;
	return -1;
}
