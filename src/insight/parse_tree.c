/* SPDX-License-Identifier: PostgreSQL */
/* What the tree says: kind, tables, columns in predicates, what each parameter stands for. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "insight/parse_private.h"

int64_t parse_location(const struct json *node)
{
	int64_t at;

	return json_int(json_get(node, "location"), &at) ? at : 0;
}

const struct json *parse_statement(const struct parse *p, const char **kind)
{
	const struct json *list = json_get(p->own->tree, "stmts");
	const struct json *node = json_child(json_get(json_child(list), "stmt"));

	if (json_count(list) != 1 || !node)
		return NULL;
	*kind = json_key(node);
	return node;
}

/* --- where in the statement --------------------------------------------------------------------------------------- */

enum place { PLACE_OTHER, PLACE_FILTER, PLACE_OUTPUT, PLACE_LIMIT, PLACE_OFFSET, PLACE_SET };

struct walk {
	struct parse *p;
	char set_column[PARSE_NAME_MAX]; /* of the ResTarget around, in PLACE_SET */
};

static void copy_name(char out[PARSE_NAME_MAX], const char *name)
{
	snprintf(out, PARSE_NAME_MAX, "%s", name ? name : "");
}

static enum place place_of(const char *key, enum place now)
{
	if (strcmp(key, "whereClause") == 0 || strcmp(key, "quals") == 0 || strcmp(key, "joinCondition") == 0 ||
	    strcmp(key, "havingClause") == 0)
		return PLACE_FILTER;
	if (strcmp(key, "limitCount") == 0)
		return PLACE_LIMIT;
	if (strcmp(key, "limitOffset") == 0)
		return PLACE_OFFSET;
	if (strcmp(key, "returningList") == 0)
		return PLACE_OUTPUT;
	if (strcmp(key, "groupClause") == 0 || strcmp(key, "sortClause") == 0 || strcmp(key, "fromClause") == 0 ||
	    strcmp(key, "withClause") == 0 || strcmp(key, "subselect") == 0 || strcmp(key, "windowClause") == 0)
		return PLACE_OTHER;
	return now;
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static void add_table(struct parse *p, const struct json *range, bool target)
{
	const char *name = json_text(json_get(range, "relname"));

	if (!name || p->tables == PARSE_TABLES_MAX)
		return;
	struct parse_table *t = &p->table[p->tables++];
	const char *alias = json_text(json_get(json_get(range, "alias"), "aliasname"));
	copy_name(t->schema, json_text(json_get(range, "schemaname")));
	copy_name(t->name, name);
	copy_name(t->alias, alias ? alias : name);
	t->target = target;
}

static void find_tables(struct parse *p, const struct json *node)
{
	for (const struct json *e = json_child(node); e; e = json_next(e)) {
		const char *key = json_key(e);

		if (key && strcmp(key, "RangeVar") == 0)
			add_table(p, e, false);
		else if (key && strcmp(key, "relation") == 0 && json_get(e, "relname"))
			add_table(p, e, true);
		else
			find_tables(p, e);
	}
}

static void mark_ctes(struct parse *p, const struct json *node)
{
	for (const struct json *e = json_child(node); e; e = json_next(e)) {
		const char *name = json_key(e) && strcmp(json_key(e), "CommonTableExpr") == 0 ? json_text(json_get(e, "ctename")) : NULL;

		for (int i = 0; name && i < p->tables; i++)
			if (p->table[i].schema[0] == '\0' && strcmp(p->table[i].name, name) == 0 && !p->table[i].target)
				p->table[i].cte = true;
		mark_ctes(p, e);
	}
}

/* --- columns ------------------------------------------------------------------------------------------------------ */

static const struct json *strip_casts(const struct json *node)
{
	for (const struct json *cast; (cast = json_get(json_get(node, "TypeCast"), "arg")) != NULL; )
		node = cast;
	return node;
}

static int table_of(const struct parse *p, const char *alias)
{
	int found = -1;

	for (int i = 0; i < p->tables; i++) {
		if (alias[0] ? strcmp(p->table[i].alias, alias) != 0 : p->tables > 1)
			continue;
		if (found >= 0)
			return -1;
		found = i;
	}
	return found;
}

/* Adds the use of a column; -1 when the node is none, or there is no room. */
static int add_use(struct parse *p, const struct json *node, enum parse_use_kind kind, const char *op)
{
	const char *qualifier = "", *column = "";

	for (const struct json *f = json_child(json_get(json_get(strip_casts(node), "ColumnRef"), "fields")); f; f = json_next(f)) {
		const char *name = json_text(json_get(json_get(f, "String"), "sval"));

		if (!name)
			return -1; /* t.* */
		qualifier = column;
		column = name;
	}
	if (!*column || p->uses == PARSE_USES_MAX)
		return -1;
	struct parse_use *use = &p->use[p->uses];
	*use = (struct parse_use){.table = table_of(p, qualifier), .kind = kind};
	copy_name(use->column, column);
	snprintf(use->op, sizeof use->op, "%s", op);
	return p->uses++;
}

static int param_of(const struct json *node)
{
	int64_t n;

	return json_int(json_get(json_get(strip_casts(node), "ParamRef"), "number"), &n) && n > 0 && n <= PARSE_PARAMS_MAX ? (int)n : 0;
}

static void set_param(struct parse *p, int n, enum parse_param_kind kind, int use)
{
	if (n > 0 && (p->param[n].kind == PARSE_PARAM_UNUSED || kind == PARSE_PARAM_COMPARED)) {
		p->param[n].kind = kind;
		p->param[n].use = use;
	}
}

/* Every parameter among the items of the other side: a single one, an IN list, an array, BETWEEN's two. */
static void compare_with(struct parse *p, const struct json *other, int use)
{
	const struct json *bare = strip_casts(other);
	const struct json *items = json_get(json_get(bare, "List"), "items");
	int n = param_of(bare);

	if (!items)
		items = json_get(json_get(bare, "A_ArrayExpr"), "elements");
	if (n > 0) {
		p->use[use].param = p->use[use].param ? p->use[use].param : n;
		set_param(p, n, PARSE_PARAM_COMPARED, use);
	}
	p->use[use].literal |= json_get(bare, "A_Const") != NULL;
	for (const struct json *item = json_child(items); item; item = json_next(item))
		compare_with(p, item, use);
	if (json_kind(bare) == JSON_LIST)
		for (const struct json *item = json_child(bare); item; item = json_next(item))
			compare_with(p, item, use);
}

static void read_operator(struct parse *p, const struct json *expr)
{
	const char *kind = json_text(json_get(expr, "kind"));
	const char *op = json_text(json_get(json_get(json_child(json_get(expr, "name")), "String"), "sval"));
	const struct json *left = strip_casts(json_get(expr, "lexpr")), *right = strip_casts(json_get(expr, "rexpr"));
	bool both = json_get(left, "ColumnRef") && json_get(right, "ColumnRef");

	if (!kind || !op)
		return;
	if (strcmp(kind, "AEXPR_IN") == 0)
		op = strcmp(op, "=") == 0 ? "IN" : "NOT IN";
	else if (strncmp(kind, "AEXPR_BETWEEN", 13) == 0)
		op = "BETWEEN";
	else if (strcmp(kind, "AEXPR_OP_ANY") == 0)
		op = strcmp(op, "=") == 0 ? "=ANY" : "ANY";
	bool eq = strcmp(op, "=") == 0 || strcmp(op, "IN") == 0 || strcmp(op, "=ANY") == 0;
	enum parse_use_kind use_kind = both ? PARSE_JOIN : eq ? PARSE_EQ : PARSE_RANGE;
	int l = add_use(p, left, use_kind, op), r = add_use(p, right, use_kind, op);
	if (l >= 0)
		compare_with(p, json_get(expr, "rexpr"), l);
	if (r >= 0)
		compare_with(p, json_get(expr, "lexpr"), r);
}

static void read_arithmetic(struct parse *p, const struct json *expr)
{
	const char *op = json_text(json_get(json_get(json_child(json_get(expr, "name")), "String"), "sval"));
	int left = param_of(json_get(expr, "lexpr")), right = param_of(json_get(expr, "rexpr"));
	bool sum = op && (strcmp(op, "+") == 0 || strcmp(op, "-") == 0);

	if (!op || !(sum || (left && right)))
		return;
	p->param[left].arithmetic = left > 0;
	p->param[right].arithmetic = right > 0;
}

/* --- the walk ----------------------------------------------------------------------------------------------------- */

static void walk(struct walk *w, const struct json *node, enum place place);

static void read_node(struct walk *w, const struct json *node, enum place place)
{
	struct parse *p = w->p;
	const char *key = json_key(node);

	if (strcmp(key, "A_Expr") == 0) {
		read_arithmetic(p, node);
		if (place == PLACE_FILTER)
			read_operator(p, node);
	}
	if (strcmp(key, "SortBy") == 0)
		add_use(p, json_get(node, "node"), PARSE_SORT,
		        json_text(json_get(node, "sortby_dir")) && strstr(json_text(json_get(node, "sortby_dir")), "DESC") ? "DESC" : "ASC");
	else if (strcmp(key, "groupClause") == 0)
		for (const struct json *g = json_child(node); g; g = json_next(g))
			add_use(p, g, PARSE_GROUP, "");
	else if (strcmp(key, "lockingClause") == 0)
		p->locks = true;
	else if (strcmp(key, "intoClause") == 0)
		p->writes = true;
	else if (strcmp(key, "ParamRef") == 0) {
		static const enum parse_param_kind kinds[] = {[PLACE_OTHER] = PARSE_PARAM_OTHER, [PLACE_FILTER] = PARSE_PARAM_OTHER,
			[PLACE_OUTPUT] = PARSE_PARAM_OUTPUT, [PLACE_LIMIT] = PARSE_PARAM_LIMIT, [PLACE_OFFSET] = PARSE_PARAM_OFFSET,
			[PLACE_SET] = PARSE_PARAM_STORED};
		int64_t n;

		if (!json_int(json_get(node, "number"), &n) || n < 1 || n > PARSE_PARAMS_MAX)
			return;
		p->params = n > p->params ? (int)n : p->params;
		set_param(p, (int)n, kinds[place], -1);
	}
}

/* SELECT's list is output; UPDATE's and INSERT's targets are columns that get a value. */
static enum place target_place(const char *statement, enum place now)
{
	if (!statement)
		return now;
	if (strcmp(statement, "SelectStmt") == 0)
		return PLACE_OUTPUT;
	return PLACE_SET;
}

static void walk_within(struct walk *w, const struct json *node, enum place place, const char *statement)
{
	for (const struct json *e = json_child(node); e; e = json_next(e)) {
		const char *key = json_key(e);
		enum place here = place;

		if (key) {
			here = strcmp(key, "targetList") == 0 ? target_place(statement, place) : place_of(key, place);
			read_node(w, e, here);
			if (strcmp(key, "InsertStmt") == 0 || strcmp(key, "UpdateStmt") == 0 || strcmp(key, "DeleteStmt") == 0 ||
			    strcmp(key, "MergeStmt") == 0)
				w->p->writes = true;
		}
		bool is_statement = key && strlen(key) > 4 && strcmp(key + strlen(key) - 4, "Stmt") == 0;
		bool names_targets = is_statement || (key && strcmp(key, "onConflictClause") == 0);

		walk_within(w, e, is_statement ? PLACE_OTHER : here, names_targets ? key : NULL);
	}
}

static void walk(struct walk *w, const struct json *node, enum place place)
{
	walk_within(w, node, place, NULL);
}

/* `SET a = $1`, and `INSERT INTO t (a, b) VALUES ($1, $2)`: which column gets the parameter. */
static void read_stored(struct parse *p, const char *kind, const struct json *node)
{
	int target = -1;

	for (int i = 0; i < p->tables; i++)
		if (p->table[i].target)
			target = target < 0 ? i : target;
	if (strcmp(kind, "UpdateStmt") == 0)
		for (const struct json *t = json_child(json_get(node, "targetList")); t; t = json_next(t)) {
			const struct json *res = json_get(t, "ResTarget");
			int n = param_of(json_get(res, "val"));

			if (n > 0 && p->uses < PARSE_USES_MAX && p->param[n].kind != PARSE_PARAM_COMPARED) {
				p->use[p->uses] = (struct parse_use){.table = target, .kind = PARSE_SET, .param = n};
				copy_name(p->use[p->uses].column, json_text(json_get(res, "name")));
				p->param[n].kind = PARSE_PARAM_STORED;
				p->param[n].use = p->uses++;
			}
		}
	if (strcmp(kind, "InsertStmt") != 0)
		return;
	const struct json *rows = json_get(json_get(json_get(node, "selectStmt"), "SelectStmt"), "valuesLists");
	for (const struct json *row = json_child(rows); row; row = json_next(row)) {
		const struct json *column = json_child(json_get(node, "cols"));

		for (const struct json *v = json_child(json_get(json_get(row, "List"), "items")); v; v = json_next(v)) {
			int n = param_of(v);

			if (n > 0 && p->uses < PARSE_USES_MAX) {
				p->use[p->uses] = (struct parse_use){.table = target, .kind = PARSE_SET, .param = n};
				copy_name(p->use[p->uses].column, json_text(json_get(json_get(column, "ResTarget"), "name")));
				p->param[n].kind = PARSE_PARAM_STORED;
				p->param[n].use = p->uses++;
			}
			column = column ? json_next(column) : NULL;
		}
	}
}

/* --- the statement ------------------------------------------------------------------------------------------------ */

static void read_word(struct parse *p)
{
	size_t len = 0;

	for (int i = 0; i < p->own->tokens && i < 2; i++) {
		const struct parse_token *t = &p->own->token[i];

		if (i > 0 && (p->kind != PARSE_UTILITY || !t->keyword))
			break;
		if (i > 0 && len < PARSE_NAME_MAX - 1)
			p->word[len++] = ' ';
		for (int at = t->start; at < t->end && len < PARSE_NAME_MAX - 1; at++)
			p->word[len++] = (char)toupper((unsigned char)p->own->sql[at]);
	}
	p->word[len] = '\0';
	if (p->kind != PARSE_UTILITY && !isalpha((unsigned char)p->word[0]))
		snprintf(p->word, sizeof p->word, "SELECT"); /* (SELECT ...) UNION ... */
}

void parse_read_tree(struct parse *p)
{
	static const struct { const char *name; enum parse_kind kind; } kinds[] = {
		{"SelectStmt", PARSE_SELECT}, {"InsertStmt", PARSE_INSERT}, {"UpdateStmt", PARSE_UPDATE}, {"DeleteStmt", PARSE_DELETE},
		{"MergeStmt", PARSE_MERGE},
	};
	const char *kind;
	const struct json *node = parse_statement(p, &kind);
	struct walk w = {.p = p};

	p->kind = PARSE_UTILITY;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kind, kinds[i].name) == 0)
			p->kind = kinds[i].kind;
	find_tables(p, json_get(json_child(json_get(p->own->tree, "stmts")), "stmt"));
	mark_ctes(p, node);
	walk(&w, json_get(json_child(json_get(p->own->tree, "stmts")), "stmt"), PLACE_OTHER);
	read_stored(p, kind, node);
	read_word(p);
}
