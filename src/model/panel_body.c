/* SPDX-License-Identifier: PostgreSQL */
/* The bodies behind a panel's header: sections that start with "-- since V" or "-- lookup NAME since V". */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "core/nearest.h"
#include "model/panel_private.h"

/* A line that starts a section. */
struct marker {
	int lookup; /* -1: the panel's own */
	int since;
};

static struct str take_word(const char **at)
{
	struct str word;

	*at += strspn(*at, " \t");
	word = (struct str){*at, strcspn(*at, " \t")};
	*at += word.len;
	return word;
}

static int parse_version(struct panel_parser *pp, const char **at, int line, int *out)
{
	struct str word = take_word(at);
	int64_t value = 0;

	for (size_t i = 0; i < word.len && value <= PANEL_VERSION_MAX; i++)
		value = word.at[i] >= '0' && word.at[i] <= '9' ? value * 10 + (word.at[i] - '0') : INT_MAX;
	if (word.len == 0 || value < 1 || value > PANEL_VERSION_MAX)
		return panel_error(pp, line, "a version number is expected, like '-- since 130000'");
	if (take_word(at).len > 0)
		return panel_error(pp, line, "nothing may stand behind the version; put remarks on the next line");
	*out = (int)value;
	return 0;
}

static int parse_lookup_marker(struct panel_parser *pp, const char **at, int line, struct marker *out)
{
	const char *known[PANEL_LOOKUPS_MAX + 1] = {NULL};
	struct str name = take_word(at);
	char text[PANEL_NAME_MAX + 1];

	for (int i = 0; i < pp->p->lookup_count; i++)
		known[i] = pp->p->lookup[i].name;
	out->lookup = panel_lookup_by_name(pp->p, name);
	if (out->lookup < 0) {
		const char *near = nearest_of(name, known);

		snprintf(text, sizeof(text), "%.*s", name.len > PANEL_NAME_MAX ? PANEL_NAME_MAX : (int)name.len,
			 name.at);
		return panel_error(pp, line, "unknown lookup '%s'%s%s%s", text,
				   near != NULL ? "; did you mean '" : "; declare it in lookups:",
				   near != NULL ? near : "", near != NULL ? "'?" : "");
	}
	if (!str_is(take_word(at), "since"))
		return panel_error(pp, line, "since is expected, like '-- lookup texts since 130000'");
	return parse_version(pp, at, line, &out->since);
}

/* 1 when the line is a marker, 0 when it is not, negative when it is one with a mistake. */
static int parse_marker(struct panel_parser *pp, const char *text, int line, struct marker *out)
{
	static const char *const words[] = {"since", "lookup", NULL};
	const char *near;
	struct str word;
	int rc;

	if (strncmp(text, "--", 2) != 0)
		return 0;
	text += 2;
	word = take_word(&text);
	*out = (struct marker){.lookup = -1};
	if (str_is(word, "since")) {
		rc = parse_version(pp, &text, line, &out->since);
		return rc < 0 ? rc : 1;
	}
	if (str_is(word, "lookup")) {
		rc = parse_lookup_marker(pp, &text, line, out);
		return rc < 0 ? rc : 1;
	}
	near = nearest_of(word, words);
	if (near != NULL && nearest_distance(word, str_from(near)) <= 1)
		return panel_error(pp, line, "a remark that looks like '-- %s'; correct it or write it in other words",
				   near);
	return 0;
}

static bool is_blank(const char *line)
{
	return line[strspn(line, " \t")] == '\0';
}

static int open_body(struct panel_parser *pp, const struct marker *m, int line)
{
	struct panel *p = pp->p;

	for (int i = 0; i < p->body_count; i++)
		if (p->body[i].lookup == m->lookup && p->body[i].since == m->since)
			return panel_error(pp, line, "a second body since %d, the first one is on line %d", m->since,
					   p->body[i].line);
	if (p->body_count >= PANEL_BODIES_MAX)
		return panel_error(pp, line, "more than %d bodies", PANEL_BODIES_MAX);
	p->body[p->body_count++] = (struct panel_body){.since = m->since, .lookup = m->lookup, .line = line};
	return 0;
}

/* Keeps len bytes at text as the last body's text: without the white space around it and the last semicolon; of
 * commands only the lines that are commands. */
static int close_body(struct panel_parser *pp, const char *text, size_t len)
{
	struct panel_body *b = pp->p->body_count > 0 ? &pp->p->body[pp->p->body_count - 1] : NULL;
	char *copy, *to;

	if (b == NULL)
		return 0;
	copy = to = arena_alloc(pp->arena, len + 1);
	for (const char *at = text; at < text + len;) {
		const char *end = memchr(at, '\n', (size_t)(text + len - at));
		size_t line_len = end != NULL ? (size_t)(end - at) : (size_t)(text + len - at);
		bool remark = pp->p->source != PANEL_PG && (strncmp(at, "--", 2) == 0 || strspn(at, " \t") >= line_len);

		if (!remark) {
			memcpy(to, at, line_len);
			to += line_len;
			*to++ = '\n';
		}
		at += line_len + 1;
	}
	while (to > copy && strchr(" \t\n;", to[-1]) != NULL)
		to--;
	*to = '\0';
	copy += strspn(copy, " \t\n");
	if (*copy == '\0')
		return panel_error(pp, b->line, "the body is empty");
	b->text = copy;
	return 0;
}

static int split_bodies(struct panel_parser *pp, char *text, int line)
{
	char *start = text, *next;
	int rc = 0;

	for (char *at = text; *at != '\0' && rc >= 0; at = next, line++) {
		size_t len = strcspn(at, "\n");
		struct marker m;

		next = at + len + (at[len] == '\n');
		at[len] = '\0';
		rc = parse_marker(pp, at, line, &m);
		if (rc == 0 && pp->p->body_count == 0 && !is_blank(at) && strncmp(at, "--", 2) != 0)
			return panel_error(pp, line, "text before the first body; start it with a line '-- since %s'",
					   pp->p->source == PANEL_PG ? "130000" : "60000");
		if (next > at + len)
			at[len] = '\n';
		if (rc != 1)
			continue;
		rc = close_body(pp, start, (size_t)(at - start));
		if (rc == 0)
			rc = open_body(pp, &m, line);
		start = next;
	}
	return rc < 0 ? rc : close_body(pp, start, strlen(start));
}

/* --- fields and bodies agree -------------------------------------------------------------------------------------- */

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The text without its remarks, so that a field that was only commented out does not count. */
static char *without_remarks(struct panel_parser *pp, const char *text)
{
	char *copy = arena_strdup(pp->arena, text);

	for (char *c = copy; *c != '\0';) {
		if (*c == '\'' || *c == '"') {
			char *end = strchr(c + 1, *c);

			c = end != NULL ? end + 1 : c + strlen(c);
		} else if (strncmp(c, "--", 2) == 0) {
			while (*c != '\0' && *c != '\n')
				*c++ = ' ';
		} else if (strncmp(c, "/*", 2) == 0) {
			while (*c != '\0' && strncmp(c, "*/", 2) != 0)
				*c++ = ' ';
		} else {
			c++;
		}
	}
	return copy;
}

static bool mentions(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		if ((at == text || !is_word(at[-1])) && !is_word(at[len]))
			return true;
	return false;
}

/* First version that this body no longer serves: the next higher `since` of the same query. */
static int body_until(const struct panel *p, const struct panel_body *b)
{
	int until = INT_MAX;

	for (int i = 0; i < p->body_count; i++)
		if (p->body[i].lookup == b->lookup && p->body[i].since > b->since && p->body[i].since < until)
			until = p->body[i].since;
	return until;
}

static int check_field(struct panel_parser *pp, const struct panel_body *b, const char *text,
		       const struct panel_field *f)
{
	int until = body_until(pp->p, b), edge = 0;

	if (f->from > b->since && f->from < until)
		edge = f->from;
	else if (f->until > b->since && f->until < until)
		edge = f->until;
	if (edge > 0)
		return panel_error(pp, f->line,
				   "%s changes at %d, but the body since %d on line %d goes on past it; "
				   "add '-- since %d' or correct the field",
				   f->name, edge, b->since, b->line, edge);
	if (f->from >= until || (f->until > 0 && f->until <= b->since) || mentions(text, f->name))
		return 0;
	return panel_error(pp, b->line,
			   "the body since %d does not return %s (line %d); add it, or say from which "
			   "version the field is there",
			   b->since, f->name, f->line);
}

/* Only queries name their columns: the fields of commands come from the replies. */
static int check_body(struct panel_parser *pp, const struct panel_body *b)
{
	const char *text = without_remarks(pp, b->text);
	const struct panel *p = pp->p;
	int rc = 0;

	for (int i = 0; i < p->field_count && rc == 0; i++)
		if (p->field[i].lookup == b->lookup)
			rc = check_field(pp, b, text, &p->field[i]);
	for (int i = 0; b->lookup >= 0 && i < p->lookup[b->lookup].by_count && rc == 0; i++) {
		const char *name = p->field[p->lookup[b->lookup].by[i]].name;

		if (!mentions(text, name))
			rc = panel_error(pp, b->line, "the lookup does not return %s, by which its rows are found",
					 name);
	}
	return rc;
}

static int check_presence(struct panel_parser *pp, int end_line)
{
	const struct panel *p = pp->p;
	int own = 0;

	for (int i = 0; i < p->body_count; i++)
		own += p->body[i].lookup < 0;
	if (p->source == PANEL_SELF && p->body_count > 0)
		return panel_error(pp, p->body[0].line, "a self panel has no body: its rows come from dytop");
	if (p->source != PANEL_SELF && own == 0)
		return panel_error(pp, end_line, "no body; add a line '-- since %s' and the query behind the header",
				   p->source == PANEL_PG ? "130000" : "60000");
	for (int k = 0; k < p->lookup_count; k++) {
		int count = 0;

		for (int i = 0; i < p->body_count; i++)
			count += p->body[i].lookup == k;
		if (count == 0)
			return panel_error(pp, p->lookup[k].line,
					   "%s: the lookup has no body; add '-- lookup NAME since VERSION'",
					   p->lookup[k].name);
	}
	return 0;
}

int panel_parse_bodies(struct panel_parser *pp, char *text, int first_line)
{
	struct panel *p = pp->p;
	int rc;

	p->body = arena_calloc(pp->arena, PANEL_BODIES_MAX, sizeof(*p->body));
	rc = split_bodies(pp, text, first_line);
	if (rc == 0)
		rc = check_presence(pp, first_line);
	for (int i = 0; i < p->body_count && rc == 0 && p->source == PANEL_PG; i++)
		rc = check_body(pp, &p->body[i]);
	return rc;
}
