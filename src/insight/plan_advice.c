/* SPDX-License-Identifier: PostgreSQL */
#include "insight/plan_advice.h"

#include <string.h>

#include "core/clean.h"
#include "insight/plan_private.h"

enum { COLUMNS_MAX = 4 };

struct candidate {
	const struct plan *p;
	const struct parse *s;
	const struct plan_node *n;
	const char *filter;
	int table;               /* of the statement */
	const struct parse_use *column[COLUMNS_MAX];
	int count;
	bool descending[COLUMNS_MAX];
};

/* The costliest scan that reads a whole table for a few rows, -1. */
static int scan_of(const struct plan *p)
{
	int at = -1;

	for (int i = 0; i < p->hint_count; i++) {
		if (p->hint[i].kind == PLAN_HINT_CAST)
			return -1;
		if (p->hint[i].kind == PLAN_HINT_SEQ_FILTER && (at < 0 || plan_share(p, p->hint[i].node) > plan_share(p, at)))
			at = p->hint[i].node;
	}
	return at;
}

static const char *alias_of(const struct parse_table *t)
{
	return t->alias[0] ? t->alias : t->name;
}

/* The scan's table in the statement; -1: it is not there under that name (a view, a partition). */
static int table_of(const struct parse *s, const struct plan_node *n)
{
	int at = -1;

	for (int i = 0; i < s->tables; i++) {
		const struct parse_table *t = &s->table[i];

		if (t->cte || !n->relation || strcmp(t->name, n->relation) != 0 || !n->alias || strcmp(alias_of(t), n->alias) != 0)
			continue;
		if (at >= 0)
			return -1; /* twice by the same name, in two queries: which one is not told */
		at = i;
	}
	return at;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

/* The operator behind a column in the filter that the server printed: "status = ", or "(status)::text = ". */
static bool is_compared(const char *behind, bool equal)
{
	if (strncmp(behind, ")::", 3) == 0) {
		behind = strpbrk(behind, "=<>~!");
		if (!behind)
			return false;
		behind--;
	}
	if (equal)
		return strncmp(behind, " = ", 3) == 0;
	return behind[0] == ' ' && (behind[1] == '<' || behind[1] == '>') && (behind[2] == ' ' || strncmp(behind + 2, "= ", 2) == 0);
}

/* Whether the filter compares that column so. */
static bool stands_in(const char *filter, const char *column, bool equal)
{
	size_t len = strlen(column);

	for (const char *at = len ? strstr(filter, column) : NULL; at; at = strstr(at + 1, column))
		if ((at == filter || !is_letter(at[-1])) && !is_letter(at[len]) && is_compared(at + len + (at[len] == '"'), equal))
			return true;
	return false;
}

static bool is_of(const struct candidate *c, const struct parse_use *use)
{
	return use->table == c->table || (use->table < 0 && c->s->tables == 1);
}

static bool has(const struct candidate *c, const char *column)
{
	for (int i = 0; i < c->count; i++)
		if (strcmp(c->column[i]->column, column) == 0)
			return true;
	return false;
}

static void take(struct candidate *c, const struct parse_use *use)
{
	if (c->count == COLUMNS_MAX || has(c, use->column))
		return;
	c->descending[c->count] = use->kind == PARSE_SORT && strcmp(use->op, "DESC") == 0;
	c->column[c->count++] = use;
}

/* What a b-tree answers by going along it. */
static bool is_range(const struct parse_use *use)
{
	static const char *const op[] = {"<", "<=", ">", ">=", "BETWEEN"};

	for (size_t i = 0; i < ARRAY_LEN(op); i++)
		if (use->kind == PARSE_RANGE && strcmp(use->op, op[i]) == 0)
			return true;
	return false;
}

/* ORDER BY helps when all of it is of this table. */
static void take_order(struct candidate *c)
{
	for (int i = 0; i < c->s->uses; i++)
		if (c->s->use[i].kind == PARSE_SORT && !is_of(c, &c->s->use[i]))
			return;
	for (int i = 0; i < c->s->uses; i++)
		if (c->s->use[i].kind == PARSE_SORT)
			take(c, &c->s->use[i]);
}

static void choose(struct candidate *c)
{
	int equal;

	for (int i = 0; i < c->s->uses; i++)
		if (c->s->use[i].kind == PARSE_EQ && is_of(c, &c->s->use[i]) && stands_in(c->filter, c->s->use[i].column, true))
			take(c, &c->s->use[i]);
	equal = c->count;
	for (int i = 0; i < c->s->uses && c->count == equal; i++)
		if (is_range(&c->s->use[i]) && is_of(c, &c->s->use[i]) && stands_in(c->filter, c->s->use[i].column, false))
			take(c, &c->s->use[i]);
	if (c->count == equal && equal > 0)
		take_order(c);
}

/* An index is read from both ends: directions matter only where they differ. */
static bool mixed(const struct candidate *c)
{
	for (int i = 1; i < c->count; i++)
		if (c->column[i]->kind == PARSE_SORT && c->column[i - 1]->kind == PARSE_SORT && c->descending[i] != c->descending[i - 1])
			return true;
	return false;
}

static void write_index(struct buf *out, const struct candidate *c)
{
	const char *schema = c->n->schema ? c->n->schema : c->s->table[c->table].schema;
	bool directions = mixed(c);

	buf_addf(out, "%s INDEX ON ", "CREATE"); /* advice for a person, who may type it: nothing here is sent */
	if (schema && schema[0]) {
		plan_add_identifier(out, schema);
		buf_addc(out, '.');
	}
	plan_add_identifier(out, c->n->relation);
	for (int i = 0; i < c->count; i++) {
		buf_adds(out, i ? ", " : " (");
		plan_add_identifier(out, c->column[i]->column);
		buf_adds(out, directions && c->descending[i] ? " DESC" : "");
	}
	buf_addc(out, ')');
}

bool plan_candidate(struct buf *out, const struct plan *p, const struct parse *statement)
{
	struct candidate c = {.p = p, .s = statement};
	struct buf text = BUF_INIT(2048);
	int at = scan_of(p);
	bool plain;

	if (at < 0)
		return false;
	c.n = &p->node[at];
	c.filter = plan_note(c.n, "Filter");
	c.table = table_of(statement, c.n);
	if (!c.filter || c.table < 0 || strstr(c.filter, " OR ")) /* one index answers no OR */
		return false;
	choose(&c);
	if (c.count == 0)
		return false;
	write_index(&text, &c);
	plain = !text.failed && clean_is_clean(buf_text(&text), text.len); /* a name that must be escaped to be shown cannot be typed */
	if (plain)
		buf_addstr(out, buf_str(&text));
	buf_release(&text);
	return plain;
}

bool plan_candidate_of(struct buf *out, const char *json, size_t len, const char *statement)
{
	struct plan *p = NULL;
	struct parse *s = NULL;
	struct err why;
	bool found = false;

	if (!statement || plan_parse(&p, json, len, &why) < 0)
		return false;
	if (scan_of(p) >= 0 && parse_new(&s, statement, strlen(statement), &why) == 0) /* else the library need not be loaded */
		found = plan_candidate(out, p, s);
	parse_free(s);
	plan_free(p);
	return found;
}
