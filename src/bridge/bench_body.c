/* SPDX-License-Identifier: PostgreSQL */
/* The texts behind a workload's header: sections that begin with "-- domain NAME", "-- statement NAME [baseline | optimized]" or
 * "-- after", in a section "-- then" between the statements of one transaction; and :name to $n in them. */
#include <stdio.h>
#include <string.h>

#include "bridge/bench_private.h"
#include "core/nearest.h"

struct section {
	struct bench_domain *domain;       /* a domain's query */
	struct bench_text *text;           /* or a text with steps */
	const struct bench_statement *of;  /* of a statement; NULL: of "after" */
	char name[20];
	const char *begin;
	int line;                          /* of its first line */
};

static struct str take_word(const char **at)
{
	struct str word;

	*at += strspn(*at, " \t");
	word = (struct str){*at, strcspn(*at, " \t\n")};
	*at += word.len;
	return word;
}

/* --- :name to $n -------------------------------------------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool is_word(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9');
}

/* Where a quoted text, a quoted name or a remark that begins at `at` ends; at itself when none does. An E'' text is not
 * known as such: a backslash before its quote would end it early, which the server then tells. */
static const char *skip_quoted(const char *at, const char *end)
{
	const char *close = NULL;

	if (*at == '\'' || *at == '"')
		close = memchr(at + 1, *at, (size_t)(end - at - 1));
	else if (end - at > 1 && at[0] == '-' && at[1] == '-')
		close = memchr(at, '\n', (size_t)(end - at));
	else if (end - at > 1 && at[0] == '/' && at[1] == '*') {
		close = memmem(at + 2, (size_t)(end - at - 2), "*/", 2);
		return close ? close + 2 : end;
	} else
		return at;
	return close ? close + 1 : end;
}

/* The number of :name in the step, which gets it when it is new; negative: an error. */
static int place_of(struct bench_parser *bp, const struct section *sec, struct bench_step *step, struct str name)
{
	int param = sec->of ? bench_param_by_name(sec->of, name) : str_is(name, "run") ? 0 : -1;

	if (param < 0 && !sec->of)
		return bench_parse_error(bp, step->line, "after: :%.*s is not known; it has :run only", (int)name.len, name.at);
	if (param < 0)
		return bench_parse_error(bp, step->line, "statement '%s' has no parameter '%.*s'; declare it in params:", sec->of->name,
		                         (int)name.len, name.at);
	for (int i = 0; i < step->count; i++)
		if (step->param[i] == param)
			return i + 1;
	step->param[step->count++] = param;
	return step->count;
}

static int replace_names(struct bench_parser *bp, const struct section *sec, struct bench_step *step, struct str text)
{
	struct buf out = BUF_INIT(BENCH_BYTES_MAX);
	const char *at = text.at, *end = text.at + text.len, *next;
	int rc = 0;

	while (at < end && rc == 0) {
		if ((next = skip_quoted(at, end)) > at) {
			buf_add(&out, at, (size_t)(next - at));
			at = next;
		} else if (at[0] == ':' && end - at > 1 && is_letter(at[1]) && (at == text.at || at[-1] != ':')) {
			for (next = at + 1; next < end && is_word(*next); next++)
				;
			rc = place_of(bp, sec, step, (struct str){at + 1, (size_t)(next - at - 1)});
			if (rc > 0)
				buf_addf(&out, "$%d", rc);
			rc = rc < 0 ? rc : 0;
			at = next;
		} else {
			buf_addc(&out, *at++);
		}
	}
	step->sql = arena_strndup(bp->arena, buf_text(&out), out.len);
	buf_release(&out);
	return rc;
}

/* --- sections ----------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Without white space around it and a last semicolon. */
static struct str trim(const char *begin, const char *end, int *line)
{
	for (; begin < end && is_blank(*begin); begin++)
		*line += *begin == '\n';
	while (end > begin && (is_blank(end[-1]) || end[-1] == ';'))
		end--;
	return (struct str){begin, (size_t)(end - begin)};
}

static int close_section(struct bench_parser *bp, struct section *sec, const char *end)
{
	struct bench_step *step;
	struct str text;
	int line = sec->line;

	if (!sec->domain && !sec->text)
		return 0;
	text = trim(sec->begin, end, &line);
	if (text.len == 0)
		return bench_parse_error(bp, sec->line - 1, "no statement under this line");
	if (sec->domain) {
		sec->domain->sql = arena_strndup(bp->arena, text.at, text.len);
		return 0;
	}
	if (sec->text->count >= BENCH_STEPS_MAX)
		return bench_parse_error(bp, line, "more than %d statements in one transaction", BENCH_STEPS_MAX);
	step = &sec->text->step[sec->text->count];
	*step = (struct bench_step){.line = line};
	snprintf(step->name, sizeof step->name, "%.16s_%d", sec->name, sec->text->count);
	sec->text->count++;
	return replace_names(bp, sec, step, text);
}

static int open_domain(struct bench_parser *bp, const char *at, int line, struct section *sec)
{
	struct str name = take_word(&at);

	for (int i = 0; i < bp->w->domain_count; i++)
		if (str_is(name, bp->w->domain[i].name))
			sec->domain = &bp->w->domain[i];
	if (!sec->domain)
		return bench_parse_error(bp, line, "unknown domain '%.*s'; declare it in domains:", (int)name.len, name.at);
	return sec->domain->sql ? bench_parse_error(bp, line, "a second query of domain '%s'", sec->domain->name) : 0;
}

static int open_statement(struct bench_parser *bp, const char *at, int line, struct section *sec)
{
	const char *known[BENCH_STATEMENTS_MAX + 1] = {NULL}, *near;
	struct str name = take_word(&at), variant = take_word(&at);
	struct bench_statement *s = NULL;

	for (int i = 0; i < bp->w->count; i++) {
		known[i] = bp->w->statement[i].name;
		if (str_is(name, known[i]))
			s = &bp->w->statement[i];
	}
	if (!s) {
		near = nearest_of(name, known);
		return bench_parse_error(bp, line, "unknown statement '%.*s'%s%s%s", (int)name.len, name.at,
		                         near ? "; did you mean '" : "; declare it in statements:", near ? near : "", near ? "'?" : "");
	}
	sec->of = s;
	sec->text = &s->common;
	for (int v = 0; v < BENCH_VARIANTS; v++)
		if (str_is(variant, bench_variant_name((enum bench_variant)v)))
			sec->text = &s->text[v];
	if (variant.len > 0 && sec->text == &s->common)
		return bench_parse_error(bp, line, "'%.*s': baseline or optimized is expected behind the name", (int)variant.len,
		                         variant.at);
	if (sec->text->count > 0)
		return bench_parse_error(bp, line, "a second text of statement '%s'", s->name);
	/* Prepared statements live as long as a connection, which may serve both variants. */
	snprintf(sec->name, sizeof sec->name, "%c%d", sec->text == &s->common ? 'c' : variant.at[0], (int)(s - bp->w->statement));
	return 0;
}

/* 1: the line begins a section, 0: it does not, negative: it looks like one and is none. */
static int is_section(struct bench_parser *bp, const char *at, int line)
{
	static const char *const words[] = {"statement", "domain", "then", "after", NULL};
	const char *near;
	struct str word;

	if (strncmp(at, "-- ", 3) != 0)
		return 0;
	at += 3;
	word = take_word(&at);
	near = nearest_of(word, words);
	if (!near || nearest_distance(word, str_from(near)) > 1)
		return 0;
	if (!str_is(word, near))
		return bench_parse_error(bp, line, "a remark that looks like '-- %s'; correct it or write it in other words", near);
	return 1;
}

static int open_section(struct bench_parser *bp, const char *at, int line, struct section *sec)
{
	struct section next = {.line = line + 1};
	struct str word;
	int rc = 0;

	at += 3;
	word = take_word(&at);
	if (str_is(word, "then")) {
		if (!sec->text)
			return bench_parse_error(bp, line, "'-- then' stands between the statements of one transaction");
		next = *sec;
		next.line = line + 1;
	} else if (str_is(word, "domain")) {
		rc = open_domain(bp, at, line, &next);
	} else if (str_is(word, "statement")) {
		rc = open_statement(bp, at, line, &next);
	} else {
		next.text = &bp->w->after;
		snprintf(next.name, sizeof next.name, "after");
		if (next.text->count > 0)
			return bench_parse_error(bp, line, "a second '-- after'");
	}
	*sec = next;
	return rc;
}

static bool uses(const struct bench_text *text, int param)
{
	for (int i = 0; i < text->count; i++)
		for (int k = 0; k < text->step[i].count; k++)
			if (text->step[i].param[k] == param)
				return true;
	return false;
}

static int check_params(struct bench_parser *bp, const struct bench_statement *s)
{
	for (int i = 0; i < s->param_count; i++)
		if (!uses(&s->common, i) && !uses(&s->text[0], i) && !uses(&s->text[1], i))
			return bench_parse_error(bp, s->param[i].line, "parameter '%s' of statement '%s' is not used", s->param[i].name,
			                         s->name);
	return 0;
}

static int check_texts(struct bench_parser *bp)
{
	for (int i = 0; i < bp->w->domain_count; i++)
		if (!bp->w->domain[i].sql)
			return bench_parse_error(bp, bp->w->domain[i].line, "domain '%s' has no query; add '-- domain %s' and the query",
			                         bp->w->domain[i].name, bp->w->domain[i].name);
	for (int i = 0; i < bp->w->count; i++) {
		const struct bench_statement *s = &bp->w->statement[i];

		for (int v = 0; v < BENCH_VARIANTS; v++)
			if (bench_statement_text(s, (enum bench_variant)v)->count == 0)
				return bench_parse_error(bp, s->line, "statement '%s' has no text for %s; add '-- statement %s' and the text",
				                         s->name, bench_variant_name((enum bench_variant)v), s->name);
		if (check_params(bp, s) < 0)
			return bp->why->code;
	}
	return 0;
}

int bench_parse_bodies(struct bench_parser *bp, char *text, int first_line)
{
	struct section sec = {0};
	const char *at = text, *end;
	int line = first_line, rc = 0;

	for (; *at && rc >= 0; at = end, line++) {
		end = strchr(at, '\n');
		end = end ? end + 1 : at + strlen(at);
		rc = is_section(bp, at, line);
		if (rc == 0 && !sec.domain && !sec.text && !is_blank(*at) && strncmp(at, "--", 2) != 0)
			return bench_parse_error(bp, line, "text outside of a section; begin one with '-- statement NAME'");
		if (rc <= 0)
			continue;
		rc = close_section(bp, &sec, at);
		if (rc == 0)
			rc = open_section(bp, at, line, &sec);
		sec.begin = end;
	}
	if (rc >= 0)
		rc = close_section(bp, &sec, at);
	return rc < 0 ? rc : check_texts(bp);
}
