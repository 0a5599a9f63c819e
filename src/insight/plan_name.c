/* SPDX-License-Identifier: PostgreSQL */
/* Names of nodes as EXPLAIN's text format has them: the rules of ExplainNode() and its helpers in PostgreSQL's explain.c. */
#include <stdlib.h>
#include <string.h>

#include "insight/plan_private.h"

/* Keywords that quote_identifier() quotes: all but the unreserved ones, of 13 to 18. Sorted. */
static const char *const keyword[] = {
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "bigint",
	"binary", "bit", "boolean", "both", "case", "cast", "char", "character", "check", "coalesce", "collate", "collation",
	"column", "concurrently", "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
	"current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable",
	"desc", "distinct", "do", "else", "end", "except", "exists", "extract", "false", "fetch", "float", "for", "foreign",
	"freeze", "from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner",
	"inout", "int", "integer", "intersect", "interval", "into", "is", "isnull", "join", "json", "json_array",
	"json_arrayagg", "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar", "json_serialize",
	"json_table", "json_value", "lateral", "leading", "least", "left", "like", "limit", "localtime", "localtimestamp",
	"merge_action", "national", "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric",
	"offset", "on", "only", "or", "order", "out", "outer", "overlaps", "overlay", "placing", "position", "precision",
	"primary", "real", "references", "returning", "right", "row", "select", "session_user", "setof", "similar", "smallint",
	"some", "substring", "symmetric", "system_user", "table", "tablesample", "then", "time", "timestamp", "to", "trailing",
	"treat", "trim", "true", "union", "unique", "user", "using", "values", "varchar", "variadic", "verbose", "when", "where",
	"window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse",
	"xmlpi", "xmlroot", "xmlserialize", "xmltable"};

static int compare(const void *word, const void *entry)
{
	return strcmp(word, *(const char *const *)entry);
}

static bool is_safe(const char *name)
{
	if (!((*name >= 'a' && *name <= 'z') || *name == '_'))
		return false;
	for (const char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_'))
			return false;
	return bsearch(name, keyword, ARRAY_LEN(keyword), sizeof(*keyword), compare) == NULL;
}

void plan_add_identifier(struct buf *out, const char *name)
{
	size_t len = strlen(name);

	/* 13 gives names of indexes with their quotes already */
	if (is_safe(name) || (len > 2 && name[0] == '"' && name[len - 1] == '"')) {
		buf_add(out, name, len);
		return;
	}
	buf_addc(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

const char *plan_text_of(const struct json *map, const char *key)
{
	return json_text(json_get(map, key));
}

/* The keys under which a node tells what it works on; the first that is there. */
static const char *target_of(const struct json *n)
{
	static const char *const key[] = {"Relation Name", "Function Name", "Table Function Name", "CTE Name",
	                                  "Tuplestore Name"};

	for (size_t i = 0; i < ARRAY_LEN(key); i++)
		if (plan_text_of(n, key[i]))
			return plan_text_of(n, key[i]);
	return NULL;
}

void plan_add_target(struct buf *out, const struct json *n)
{
	const char *object = target_of(n), *schema = plan_text_of(n, "Schema"), *alias = plan_text_of(n, "Alias");

	if (!object && !alias)
		return;
	buf_adds(out, " on");
	if (object) {
		buf_addc(out, ' ');
		if (schema) {
			plan_add_identifier(out, schema);
			buf_addc(out, '.');
		}
		plan_add_identifier(out, object);
	}
	if (alias && (!object || strcmp(alias, object) != 0)) {
		buf_addc(out, ' ');
		plan_add_identifier(out, alias);
	}
}

static void add_aggregate(struct buf *out, const struct json *n)
{
	static const struct { const char *strategy, *name; } name[] = {
		{"Sorted", "GroupAggregate"}, {"Hashed", "HashAggregate"}, {"Mixed", "MixedAggregate"}};
	const char *strategy = plan_text_of(n, "Strategy"), *partial = plan_text_of(n, "Partial Mode");
	const char *text = "Aggregate";

	for (size_t i = 0; i < ARRAY_LEN(name) && strategy; i++)
		if (strcmp(strategy, name[i].strategy) == 0)
			text = name[i].name;
	if (partial && strcmp(partial, "Simple") != 0)
		buf_addf(out, "%s ", partial);
	buf_adds(out, text);
}

/* The join type stands inside of the node type, "for historical reasons": Hash Left Join, but Nested Loop Left Join. */
static void add_join(struct buf *out, const char *type, const char *join)
{
	bool loop = strcmp(type, "Nested Loop") == 0;

	buf_adds(out, strcmp(type, "Merge Join") == 0 ? "Merge" : strcmp(type, "Hash Join") == 0 ? "Hash" : type);
	if (strcmp(join, "Inner") != 0)
		buf_addf(out, " %s Join", join);
	else if (!loop)
		buf_adds(out, " Join");
}

static void add_type(struct buf *out, const struct json *n, const char *type)
{
	const char *join = plan_text_of(n, "Join Type"), *operation = plan_text_of(n, "Operation");
	const char *strategy = plan_text_of(n, "Strategy"), *command = plan_text_of(n, "Command");
	const char *custom = plan_text_of(n, "Custom Plan Provider");

	if (join)
		add_join(out, type, join);
	else if (strcmp(type, "Aggregate") == 0)
		add_aggregate(out, n);
	else if (strcmp(type, "ModifyTable") == 0 && operation)
		buf_adds(out, operation);
	else if (strcmp(type, "Foreign Scan") == 0 && operation && strcmp(operation, "Select") != 0)
		buf_addf(out, "Foreign %s", operation);
	else if (strcmp(type, "SetOp") == 0)
		buf_adds(out, strategy && strcmp(strategy, "Hashed") == 0 ? "HashSetOp" : "SetOp");
	else if (custom)
		buf_addf(out, "Custom Scan (%s)", custom);
	else
		buf_adds(out, type);
	if (command)
		buf_addf(out, " %s", command);
}

const char *plan_name(struct plan_private *own, const struct json *n)
{
	const char *type = plan_text_of(n, "Node Type"), *index = plan_text_of(n, "Index Name");
	const char *direction = plan_text_of(n, "Scan Direction");
	struct buf *out = &own->text;

	buf_clear(out);
	if (json_is_true(json_get(n, "Parallel Aware")))
		buf_adds(out, "Parallel ");
	if (json_is_true(json_get(n, "Async Capable")))
		buf_adds(out, "Async ");
	add_type(out, n, type ? type : "?");
	if (direction && strcmp(direction, "Backward") == 0)
		buf_adds(out, " Backward");
	if (index) {
		buf_adds(out, type && strcmp(type, "Bitmap Index Scan") == 0 ? " on " : " using ");
		plan_add_identifier(out, index);
	}
	plan_add_target(out, n);
	return arena_strndup(own->arena, buf_text(out), out->len);
}
