/* SPDX-License-Identifier: PostgreSQL */
/* Two copies of one expression: literals copied back into GROUP BY's twins, and read out of a text that still has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "insight/parse_private.h"

enum { COPIES_MAX = 200 };

struct slice {
	int start, end;
};

struct copy { /* bytes of the text that another piece of it replaces */
	struct slice at, with;
};

struct copies {
	const struct parse *p;
	struct copy copy[COPIES_MAX];
	int count;
};

/* The bytes of a constant or parameter: one token, with a sign before it. */
static bool slice_of(const struct parse *p, const struct json *node, struct slice *out)
{
	int t = parse_token_at(p, parse_location(node)), last = t;

	if (t < 0)
		return false;
	if ((p->own->token[t].code == '-' || p->own->token[t].code == '+') && t + 1 < p->own->tokens)
		last = t + 1;
	*out = (struct slice){p->own->token[t].start, p->own->token[last].end};
	return true;
}

static bool add_copy(struct copies *c, const struct json *param, const struct json *model)
{
	struct slice at, with;

	if (!slice_of(c->p, param, &at) || !slice_of(c->p, model, &with))
		return false;
	for (int i = 0; i < c->count; i++)
		if (c->copy[i].at.start == at.start)
			return true;
	if (c->count == COPIES_MAX)
		return false;
	c->copy[c->count++] = (struct copy){at, with};
	return true;
}

/* From here on the first entry that says what the node is: not where it stands, nor whether extract(a FROM b) or a call of it. */
static const struct json *telling(const struct json *entry)
{
	while (entry && json_key(entry) && (strcmp(json_key(entry), "location") == 0 || strcmp(json_key(entry), "funcformat") == 0))
		entry = json_next(entry);
	return entry;
}

/* Whether `node` is `model` but for parameters where the model has a constant or another parameter; these are noted. */
static bool matches(struct copies *c, const struct json *node, const struct json *model)
{
	const struct json *param = json_get(node, "ParamRef"), *constant = json_get(model, "A_Const");
	const struct json *other = json_get(model, "ParamRef");
	int64_t mine, theirs;

	if (param && constant)
		return add_copy(c, param, constant);
	if (param && other)
		return json_int(json_get(param, "number"), &mine) && json_int(json_get(other, "number"), &theirs) &&
		       (mine == theirs || add_copy(c, param, other));
	if (json_kind(node) != json_kind(model))
		return false;
	struct slice a, b;
	const struct json *own_constant = json_get(node, "A_Const");
	if (own_constant && constant)
		return slice_of(c->p, own_constant, &a) && slice_of(c->p, constant, &b) && a.end - a.start == b.end - b.start &&
		       memcmp(c->p->own->sql + a.start, c->p->own->sql + b.start, (size_t)(a.end - a.start)) == 0;
	if (json_kind(node) == JSON_TEXT)
		return strcmp(json_text(node), json_text(model)) == 0;
	if (json_kind(node) == JSON_NUMBER)
		return json_int(node, &mine) && json_int(model, &theirs) && mine == theirs;
	if (json_kind(node) == JSON_BOOL)
		return json_is_true(node) == json_is_true(model);
	const struct json *m = telling(json_child(model)), *n = telling(json_child(node));
	for (; m && n; m = telling(json_next(m)), n = telling(json_next(n))) {
		if (json_key(m) && (!json_key(n) || strcmp(json_key(m), json_key(n)) != 0))
			return false;
		if (!matches(c, n, m))
			return false;
	}
	return !m && !n;
}

/* Looks for twins of the model below node. */
static void find_twins(struct copies *c, const struct json *node, const struct json *model)
{
	int before = c->count;

	if (node != model && json_kind(node) == JSON_MAP && json_count(node) == 1) {
		if (matches(c, node, model))
			return;
		c->count = before;
	}
	for (const struct json *e = json_child(node); e; e = json_next(e))
		find_twins(c, e, model);
}

static bool has_operands(const struct json *node)
{
	return json_kind(node) == JSON_MAP && !json_get(node, "ParamRef") && !json_get(node, "A_Const") && !json_get(node, "ColumnRef");
}

static void twins_of(struct copies *c, const struct json *select, const struct json *model)
{
	static const char *const places[] = {"targetList", "havingClause", "sortClause", "distinctClause"};

	if (!has_operands(model))
		return;
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		find_twins(c, json_get(select, places[i]), model);
}

static void group_items(struct copies *c, const struct json *select, const struct json *list)
{
	for (const struct json *g = json_child(list); g; g = json_next(g)) {
		if (json_get(g, "GroupingSet"))
			group_items(c, select, json_get(json_get(g, "GroupingSet"), "content"));
		else if (json_get(g, "RowExpr"))
			group_items(c, select, json_get(json_get(g, "RowExpr"), "args"));
		else
			twins_of(c, select, g);
	}
}

static void find_selects(struct copies *c, const struct json *node)
{
	for (const struct json *e = json_child(node); e; e = json_next(e)) {
		if (json_get(e, "targetList")) {
			group_items(c, e, json_get(e, "groupClause"));
			const struct json *sorts = json_get(e, "distinctClause") ? json_get(e, "sortClause") : NULL;

			for (const struct json *s = json_child(sorts); s; s = json_next(s))
				twins_of(c, e, json_get(json_get(s, "SortBy"), "node"));
		}
		find_selects(c, e);
	}
}

static int by_place(const void *a, const void *b)
{
	return ((const struct copy *)a)->at.start - ((const struct copy *)b)->at.start;
}

int parse_group_copies(const struct parse *p, struct buf *out)
{
	struct copies c = {.p = p};
	int at = 0;

	find_selects(&c, p->own->tree);
	if (c.count == 0)
		return 0;
	qsort(c.copy, (size_t)c.count, sizeof c.copy[0], by_place);
	for (int i = 0; i < c.count; i++) {
		const struct copy *copy = &c.copy[i];

		buf_add(out, p->own->sql + at, (size_t)(copy->at.start - at));
		buf_add(out, p->own->sql + copy->with.start, (size_t)(copy->with.end - copy->with.start));
		at = copy->at.end;
	}
	buf_adds(out, p->own->sql + at);
	return c.count;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

struct values {
	const struct parse *actual;
	char **value;
	int count, found;
	bool differs; /* the two are not one statement */
};

/* Strings as the tree has them; numbers as they are written, for the tree leaves a negative one out. */
static char *constant_text(const struct parse *p, const struct json *constant)
{
	const struct json *text = json_get(constant, "sval");
	struct slice s;

	if (json_is_true(json_get(constant, "isnull")) || json_get(constant, "bsval"))
		return NULL;
	if (text)
		return mem_strdup(json_text(json_get(text, "sval")) ? json_text(json_get(text, "sval")) : "");
	if (!slice_of(p, constant, &s))
		return NULL;
	return mem_strndup(p->own->sql + s.start, (size_t)(s.end - s.start));
}

static void take_value(struct values *v, const struct json *param, const struct json *other)
{
	int64_t n;
	const struct json *inner;

	while ((inner = json_get(json_get(other, "TypeCast"), "arg")) != NULL)
		other = inner;
	const struct json *constant = json_get(other, "A_Const");
	if (!constant || !json_int(json_get(param, "number"), &n) || n < 1 || n > v->count || v->value[n])
		return;
	v->value[n] = constant_text(v->actual, constant);
	v->found += v->value[n] != NULL;
}

static void pair(struct values *v, const struct json *normalised, const struct json *actual)
{
	const struct json *param = json_get(normalised, "ParamRef");

	if (param) {
		take_value(v, param, actual);
		return;
	}
	if (json_kind(normalised) != json_kind(actual)) {
		v->differs = true;
		return;
	}
	if (json_kind(normalised) == JSON_TEXT)
		v->differs |= strcmp(json_text(normalised), json_text(actual)) != 0;
	bool map = json_kind(normalised) == JSON_MAP;
	const struct json *b = json_child(actual);
	for (const struct json *a = json_child(normalised); a && !v->differs; a = json_next(a)) {
		const char *key = json_key(a);

		if (!key || !strstr(key, "ocation"))
			pair(v, a, map ? json_get(actual, key) : b);
		b = b ? json_next(b) : NULL;
	}
}

int parse_literals(const struct parse *normalised, const struct parse *actual, char **value, int count)
{
	struct values v = {.actual = actual, .value = value, .count = count};

	for (int n = 0; n <= count; n++)
		value[n] = NULL;
	if (normalised->kind != actual->kind)
		return 0;
	pair(&v, json_get(normalised->own->tree, "stmts"), json_get(actual->own->tree, "stmts"));
	for (int n = 1; v.differs && n <= count; n++) {
		free(value[n]);
		value[n] = NULL;
	}
	return v.differs ? 0 : v.found;
}
