/* SPDX-License-Identifier: PostgreSQL */
/* The header's plain keys, and those that name fields and columns. */
#include <string.h>

#include "core/nearest.h"
#include "model/panel_private.h"
#include "model/sample.h"

static const char *const known_keys[] = {
	"title", "about", "source",  "screen",   "shape",  "digit",   "order",   "always",  "every",  "timeout",
	"limit", "needs", "params",  "reader",   "key",    "reset",   "hidden",  "sort",    "hide",   "tree",
	"cycle", "trend", "timings", "observes", "fields", "lookups", "columns", "figures", "charts", "empty",
	"target", NULL,
};

static int read_source(struct panel_parser *pp)
{
	static const char *const sources[] = {"pg", "redis", "pgbouncer", "self", NULL};
	static const char *const readers[] = {"info", "commandstats", "keyspace", "slowlog", "clients", "hash", "keys", NULL};
	const struct yaml *source = yaml_get(pp->root, "source"), *reader = yaml_get(pp->root, "reader");
	struct panel *p = pp->p;
	int choice = PANEL_PG, rc = 0;

	if (source != NULL)
		rc = yaml_read_choice(pp->yaml, source, sources, &choice, pp->why);
	if (rc < 0)
		return rc;
	p->source = (enum panel_source)choice;
	p->source_name = sources[choice];
	if (reader == NULL && p->source == PANEL_REDIS)
		return yaml_error(pp->yaml, pp->root, pp->why,
				  "reader is missing; say what turns the replies into rows");
	if (reader == NULL)
		return 0;
	if (p->source == PANEL_PG)
		return yaml_error(pp->yaml, reader, pp->why, "reader: a query needs none; take it out");
	if (p->source == PANEL_REDIS)
		rc = yaml_read_choice(pp->yaml, reader, readers, &choice, pp->why);
	return rc < 0 ? rc : panel_read_text(pp, pp->root, "reader", &p->reader);
}

static int read_place(struct panel_parser *pp)
{
	static const char *const shapes[] = {"table", "card", "hidden", NULL};
	static const int digits[2] = {0, 9}, orders[2] = {-1000, 1000};
	const struct yaml *screen = yaml_get(pp->root, "screen"), *shape = yaml_get(pp->root, "shape");
	struct panel *p = pp->p;
	int choice = PANEL_TABLE, rc = 0;

	p->digit = -1;
	p->screen = p->name;
	if (screen != NULL)
		rc = panel_read_name(pp, screen, &p->screen);
	if (rc == 0 && shape != NULL)
		rc = yaml_read_choice(pp->yaml, shape, shapes, &choice, pp->why);
	p->shape = (enum panel_shape)choice;
	if (rc == 0)
		rc = panel_read_int(pp, pp->root, "digit", digits, &p->digit);
	if (rc == 0)
		rc = panel_read_int(pp, pp->root, "order", orders, &p->order);
	return rc;
}

static int read_names(struct panel_parser *pp, const char *key, const char *const **out)
{
	const struct yaml *list;
	const char **names;
	int rc = panel_read_list(pp, pp->root, key, PANEL_LIST_MAX, &list), count = 0;

	names = arena_calloc(pp->arena, PANEL_LIST_MAX + 1, sizeof(*names));
	*out = names;
	for (const struct yaml *n = list != NULL ? list->child : NULL; n != NULL && rc == 0; n = n->next)
		rc = panel_read_name(pp, n, &names[count++]);
	return rc;
}

static int read_pace(struct panel_parser *pp)
{
	static const int limits[2] = {1, SAMPLE_ROWS_MAX};
	struct panel *p = pp->p;
	int rc;

	p->timeout_ms = 2000;
	p->limit = 20000;
	rc = panel_read_bool(pp, pp->root, "always", &p->always);
	if (rc == 0)
		rc = panel_read_duration(pp, pp->root, "every", &p->every_ms);
	if (rc == 0)
		rc = panel_read_duration(pp, pp->root, "timeout", &p->timeout_ms);
	if (rc == 0 && !(p->timeout_ms > 0))
		return yaml_error(pp->yaml, yaml_get(pp->root, "timeout"), pp->why, "timeout: must be above 0");
	if (rc == 0)
		rc = panel_read_int(pp, pp->root, "limit", limits, &p->limit);
	return rc;
}

int panel_parse_top(struct panel_parser *pp)
{
	struct panel *p = pp->p;
	int rc = yaml_check_keys(pp->yaml, pp->root, known_keys, pp->why);

	if (rc == 0)
		rc = panel_read_text(pp, pp->root, "title", &p->title);
	if (rc == 0 && p->title == NULL)
		return yaml_error(pp->yaml, pp->root, pp->why, "title is missing");
	p->about = "";
	if (rc == 0)
		rc = panel_read_text(pp, pp->root, "about", &p->about);
	if (rc == 0)
		rc = panel_read_text(pp, pp->root, "empty", &p->empty);
	if (rc == 0)
		rc = read_source(pp);
	if (rc == 0)
		rc = read_place(pp);
	if (rc == 0)
		rc = read_pace(pp);
	if (rc == 0)
		rc = read_names(pp, "needs", &p->needs);
	if (rc == 0)
		rc = read_names(pp, "params", &p->params);
	return rc;
}

/* --- what names fields and columns -------------------------------------------------------------------------------- */

static int read_key(struct panel_parser *pp)
{
	const struct yaml *list;
	struct panel *p = pp->p;
	int rc = panel_read_list(pp, pp->root, "key", PANEL_KEYS_MAX, &list);

	for (const struct yaml *n = list != NULL ? list->child : NULL; n != NULL && rc == 0; n = n->next) {
		int field = -1;

		rc = panel_find_field(pp, n, &field);
		if (rc < 0)
			return rc;
		if (p->field[field].lookup >= 0)
			return yaml_error(pp->yaml, n, pp->why,
					  "key: %s comes from a lookup; a key must come with the row",
					  p->field[field].name);
		for (int i = 0; i < p->key_count; i++)
			if (p->key[i] == field)
				return yaml_error(pp->yaml, n, pp->why, "key: %s is there twice", p->field[field].name);
		p->key[p->key_count++] = field;
	}
	return rc;
}

/* A field that must be of one of the kinds (a bit set). */
static int read_kind(struct panel_parser *pp, const struct yaml *map, const char *key, unsigned wanted, int *out)
{
	static const char *const kinds[] = {"gauge", "counter", "text", "time", "bool", "id", "histogram"};
	int rc = panel_read_field(pp, map, key, out);
	char list[80] = "";

	if (rc < 0 || yaml_get(map, key) == NULL || (wanted & 1u << pp->p->field[*out].kind))
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!(wanted & 1u << i))
			continue;
		if (list[0] != '\0')
			strncat(list, " or ", sizeof(list) - strlen(list) - 1);
		strncat(list, kinds[i], sizeof(list) - strlen(list) - 1);
	}
	return yaml_error(pp->yaml, yaml_get(map, key), pp->why, "%s: a %s field is wanted, %s is a %s", key, list,
			  pp->p->field[*out].name, kinds[pp->p->field[*out].kind]);
}

enum {
	KIND_GAUGE = 1u << FIELD_GAUGE,
	KIND_COUNTER = 1u << FIELD_COUNTER,
	KIND_ID = 1u << FIELD_ID,
	KIND_BOOL = 1u << FIELD_BOOL,
	KIND_TIME = 1u << FIELD_TIME,
};

static int find_column(struct panel_parser *pp, const struct yaml *n, const char *name, int *out)
{
	const char *known[PANEL_COLUMNS_MAX + 1] = {NULL};
	const char *near;
	struct panel *p = pp->p;

	for (int i = 0; i < p->column_count; i++) {
		known[i] = p->column[i].name;
		if (strcmp(known[i], name) == 0) {
			*out = i;
			return 0;
		}
	}
	near = nearest_of(str_from(name), known);
	return yaml_error(pp->yaml, n, pp->why, "%s%sunknown column '%.64s'%s%s%s", n->key != NULL ? n->key : "",
			  n->key != NULL ? ": " : "", name, near != NULL ? "; did you mean '" : "",
			  near != NULL ? near : "", near != NULL ? "'?" : "");
}

static int read_sort(struct panel_parser *pp)
{
	const struct yaml *n = yaml_get(pp->root, "sort");
	const char *text;
	int rc;

	pp->p->sort = -1;
	if (n == NULL)
		return 0;
	rc = yaml_read_text(pp->yaml, n, &text, pp->why);
	if (rc < 0)
		return rc;
	pp->p->sort_descending = text[0] == '-';
	return find_column(pp, n, text + (text[0] == '-'), &pp->p->sort);
}

static int read_cycle(struct panel_parser *pp)
{
	const struct yaml *list;
	int rc = panel_read_list(pp, pp->root, "cycle", 9, &list), count = 0;
	int *cycle;

	if (rc < 0 || list == NULL)
		return rc;
	cycle = arena_calloc(pp->arena, (size_t)list->count, sizeof(*cycle));
	for (const struct yaml *n = list->child; n != NULL && rc == 0; n = n->next) {
		const char *text;

		rc = yaml_read_text(pp->yaml, n, &text, pp->why);
		if (rc == 0)
			rc = find_column(pp, n, text, &cycle[count++]);
	}
	pp->p->cycle = cycle;
	pp->p->cycle_count = count;
	return rc;
}

/* Checks the keys of a map entry and that the first `needed` of them are there. */
static int check_map(struct panel_parser *pp, const struct yaml *n, const char *const *known, int needed)
{
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why);

	for (int i = 0; i < needed && rc == 0; i++)
		if (yaml_get(n, known[i]) == NULL)
			return yaml_error(pp->yaml, n, pp->why, "%s: %s is missing", n->key, known[i]);
	return rc;
}

static int read_hide_and_tree(struct panel_parser *pp)
{
	static const char *const hide_keys[] = {"title", "when", NULL}, *const tree_keys[] = {"id", "parent", "default",
											      NULL};
	const struct yaml *hide = yaml_get(pp->root, "hide"), *tree = yaml_get(pp->root, "tree");
	struct panel *p = pp->p;
	int rc = 0;

	p->tree_id = p->tree_parent = -1;
	if (hide != NULL) {
		rc = check_map(pp, hide, hide_keys, 2);
		if (rc == 0)
			rc = panel_read_text(pp, hide, "title", &p->hide_title);
		if (rc == 0)
			rc = panel_read_expr(pp, hide, "when", "hide", &p->hide);
	}
	if (rc < 0 || tree == NULL)
		return rc;
	rc = check_map(pp, tree, tree_keys, 2);
	if (rc == 0)
		rc = read_kind(pp, tree, "id", KIND_ID | KIND_GAUGE, &p->tree_id);
	if (rc == 0)
		rc = read_kind(pp, tree, "parent", KIND_ID | KIND_GAUGE, &p->tree_parent);
	if (rc == 0)
		rc = panel_read_bool(pp, tree, "default", &p->tree_default);
	return rc;
}

static int read_timings(struct panel_parser *pp)
{
	static const char *const known[] = {"calls", "total", "mean", "stddev", "max", "queryid", NULL};
	const struct yaml *n = yaml_get(pp->root, "timings");
	struct panel_timings *t = &pp->p->timings;
	int rc;

	*t = (struct panel_timings){-1, -1, -1, -1, -1, -1};
	if (n == NULL)
		return 0;
	rc = check_map(pp, n, known, 2);
	if (rc == 0)
		rc = read_kind(pp, n, "calls", KIND_COUNTER, &t->calls);
	if (rc == 0)
		rc = read_kind(pp, n, "total", KIND_COUNTER, &t->total);
	if (rc == 0)
		rc = read_kind(pp, n, "mean", KIND_GAUGE, &t->mean);
	if (rc == 0)
		rc = read_kind(pp, n, "stddev", KIND_GAUGE, &t->stddev);
	if (rc == 0)
		rc = read_kind(pp, n, "max", KIND_GAUGE, &t->max);
	if (rc == 0)
		rc = read_kind(pp, n, "queryid", KIND_ID, &t->queryid);
	return rc;
}

static int read_observes(struct panel_parser *pp)
{
	static const char *const known[] = {"panel", "id", "age", NULL};
	const struct yaml *n = yaml_get(pp->root, "observes");
	struct panel *p = pp->p;
	int rc;

	p->observe_id = p->observe_age = -1;
	if (n == NULL)
		return 0;
	rc = check_map(pp, n, known, 3);
	if (rc == 0)
		rc = panel_read_name(pp, yaml_get(n, "panel"), &p->observes);
	if (rc == 0)
		rc = read_kind(pp, n, "id", KIND_ID, &p->observe_id);
	if (rc == 0)
		rc = read_kind(pp, n, "age", KIND_GAUGE, &p->observe_age);
	return rc;
}

int panel_parse_links(struct panel_parser *pp)
{
	struct panel *p = pp->p;
	int rc = read_key(pp);

	p->reset_field = p->hidden_field = -1;
	if (rc == 0)
		rc = read_kind(pp, pp->root, "reset", KIND_TIME, &p->reset_field);
	if (rc == 0)
		rc = read_kind(pp, pp->root, "hidden", KIND_BOOL | KIND_GAUGE, &p->hidden_field);
	if (rc == 0)
		rc = read_sort(pp);
	if (rc == 0)
		rc = read_cycle(pp);
	if (rc == 0)
		rc = read_hide_and_tree(pp);
	if (rc == 0)
		rc = panel_read_expr(pp, pp->root, "trend", "", &p->trend);
	if (rc == 0)
		rc = read_timings(pp);
	if (rc == 0)
		rc = read_observes(pp);
	if (rc == 0)
		rc = panel_parse_target(pp);
	return rc;
}
