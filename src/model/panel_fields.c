/* SPDX-License-Identifier: PostgreSQL */
/* fields: and lookups: of a panel's header. */
#include <string.h>

#include "core/nearest.h"
#include "model/panel_private.h"

static const char *const kinds[] = {"gauge", "counter", "text", "time", "bool", "id", "histogram", NULL};

int panel_find_field(struct panel_parser *pp, const struct yaml *n, int *out)
{
	const char *known[PANEL_FIELDS_MAX + 1] = {NULL};
	const char *text, *near;
	int rc = yaml_read_text(pp->yaml, n, &text, pp->why), field;

	if (rc < 0)
		return rc;
	field = panel_field_by_name(pp->p, str_from(text));
	if (field >= 0) {
		*out = field;
		return 0;
	}
	for (int i = 0; i < pp->p->field_count; i++)
		known[i] = pp->p->field[i].name;
	near = nearest_of(str_from(text), known);
	return yaml_error(pp->yaml, n, pp->why, "%s%sunknown field '%.64s'%s%s%s", n->key != NULL ? n->key : "",
			  n->key != NULL ? ": " : "", text,
			  near != NULL ? "; did you mean '" : "; declare it in fields:", near != NULL ? near : "",
			  near != NULL ? "'?" : "");
}

int panel_read_field(struct panel_parser *pp, const struct yaml *map, const char *key, int *out)
{
	const struct yaml *n = yaml_get(map, key);

	return n == NULL ? 0 : panel_find_field(pp, n, out);
}

/* {kind: counter, from: 130000, until: 170000} */
static int read_field_map(struct panel_parser *pp, const struct yaml *n, struct panel_field *f)
{
	static const char *const known[] = {"kind", "from", "until", NULL};
	static const int versions[2] = {1, PANEL_VERSION_MAX};
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why), kind;

	if (rc < 0)
		return rc;
	if (yaml_get(n, "kind") == NULL)
		return yaml_error(pp->yaml, n, pp->why, "%s: kind is missing; say {kind: gauge, ...}", n->key);
	rc = yaml_read_choice(pp->yaml, yaml_get(n, "kind"), kinds, &kind, pp->why);
	if (rc == 0)
		rc = panel_read_int(pp, n, "from", versions, &f->from);
	if (rc == 0)
		rc = panel_read_int(pp, n, "until", versions, &f->until);
	if (rc < 0)
		return rc;
	f->kind = (enum field_kind)kind;
	if (f->until > 0 && f->until <= f->from)
		return yaml_error(pp->yaml, n, pp->why, "%s: until must be above from", n->key);
	return 0;
}

/* name: is the map's key, or the list's text when a lookup says fields: [a, b] */
static int add_field(struct panel_parser *pp, const struct yaml *n, int lookup)
{
	struct panel *p = pp->p;
	const char *name = n->key != NULL ? n->key : n->text;
	struct panel_field *f = &p->field[p->field_count];
	int kind = FIELD_TEXT, same, rc = 0;

	if (name == NULL)
		return yaml_error(pp->yaml, n, pp->why, "a field's name is expected");
	if (!panel_is_field_name(name) || strcmp(name, "self") == 0)
		return yaml_error(pp->yaml, n, pp->why, "'%.64s' cannot be the name of a field", name);
	same = panel_field_by_name(p, str_from(name));
	if (same >= 0)
		return yaml_error(pp->yaml, n, pp->why, "field %s is declared twice, first on line %d", name,
				  p->field[same].line);
	if (p->field_count >= PANEL_FIELDS_MAX)
		return yaml_error(pp->yaml, n, pp->why, "more than %d fields", PANEL_FIELDS_MAX);
	*f = (struct panel_field){.name = arena_strdup(pp->arena, name), .lookup = lookup, .line = n->line};
	if (n->kind == YAML_MAP) {
		rc = read_field_map(pp, n, f);
	} else if (n->key != NULL) {
		rc = yaml_read_choice(pp->yaml, n, kinds, &kind, pp->why);
		f->kind = (enum field_kind)kind;
	} else {
		f->kind = FIELD_TEXT;
	}
	if (rc == 0)
		p->field_count++;
	return rc;
}

static int read_lookup_keys(struct panel_parser *pp, const struct yaml *n, struct panel_lookup *l)
{
	const struct yaml *by;
	int rc = panel_read_list(pp, n, "by", (int)ARRAY_LEN(l->by), &by);

	if (rc < 0)
		return rc;
	if (by == NULL)
		return yaml_error(pp->yaml, n, pp->why, "%s: by is missing; name the fields to look up by", n->key);
	for (const struct yaml *e = by->child; e != NULL; e = e->next) {
		int field;
		enum field_kind kind;

		rc = panel_find_field(pp, e, &field);
		if (rc < 0)
			return rc;
		kind = pp->p->field[field].kind;
		if (kind != FIELD_ID && kind != FIELD_GAUGE && kind != FIELD_COUNTER)
			return yaml_error(pp->yaml, e, pp->why, "%s: a lookup goes by whole numbers, %s is a %s",
					  n->key, pp->p->field[field].name, kinds[kind]);
		if (pp->p->field[field].lookup >= 0)
			return yaml_error(pp->yaml, e, pp->why, "%s: %s comes from a lookup itself", n->key,
					  pp->p->field[field].name);
		l->by[l->by_count++] = field;
	}
	return 0;
}

static int read_lookup_rows(struct panel_parser *pp, const struct yaml *n, struct panel_lookup *l)
{
	static const char *const rows[] = {"visible", "all", "detail", NULL};
	const struct yaml *node = yaml_get(n, "rows");
	int choice = 0, rc = 0;

	if (node != NULL)
		rc = yaml_read_choice(pp->yaml, node, rows, &choice, pp->why);
	l->all_rows = choice == 1;
	l->detail = choice == 2;
	return rc;
}

static int add_lookup(struct panel_parser *pp, const struct yaml *n)
{
	static const char *const known[] = {"by", "fields", "rows", "gap", "keep", "batch", NULL};
	static const int batches[2] = {1, 10000};
	struct panel_lookup *l = &pp->p->lookup[pp->p->lookup_count];
	const struct yaml *fields = yaml_get(n, "fields");
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why);

	if (rc < 0)
		return rc;
	if (!panel_is_name(n->key))
		return yaml_error(pp->yaml, n, pp->why, "'%.64s' cannot be the name of a lookup", n->key);
	*l = (struct panel_lookup){.name = arena_strdup(pp->arena, n->key), .batch = 500, .line = n->line};
	rc = read_lookup_keys(pp, n, l);
	if (rc == 0)
		rc = read_lookup_rows(pp, n, l);
	if (rc == 0)
		rc = panel_read_duration(pp, n, "gap", &l->gap_ms);
	if (rc == 0)
		rc = panel_read_duration(pp, n, "keep", &l->keep_ms);
	if (rc == 0)
		rc = panel_read_int(pp, n, "batch", batches, &l->batch);
	if (rc < 0)
		return rc;
	if (fields == NULL || fields->kind == YAML_SCALAR || fields->count == 0)
		return yaml_error(pp->yaml, n, pp->why, "%s: fields is missing; name what the lookup brings", l->name);
	for (const struct yaml *f = fields->child; f != NULL && rc == 0; f = f->next)
		rc = add_field(pp, f, pp->p->lookup_count);
	if (rc == 0)
		pp->p->lookup_count++;
	return rc;
}

int panel_parse_fields(struct panel_parser *pp)
{
	const struct yaml *fields = yaml_get(pp->root, "fields"), *lookups = yaml_get(pp->root, "lookups");
	struct panel *p = pp->p;
	int rc = 0;

	if (fields == NULL)
		return yaml_error(pp->yaml, pp->root, pp->why, "fields is missing; name what the body returns");
	if (fields->kind != YAML_MAP || fields->count == 0)
		return yaml_error(pp->yaml, fields, pp->why, "fields: 'name: kind' lines are expected");
	p->field = arena_calloc(pp->arena, PANEL_FIELDS_MAX, sizeof(*p->field));
	for (const struct yaml *f = fields->child; f != NULL && rc == 0; f = f->next)
		rc = add_field(pp, f, -1);
	if (rc < 0 || lookups == NULL)
		return rc;
	if (lookups->kind != YAML_MAP || lookups->count == 0 || lookups->count > PANEL_LOOKUPS_MAX)
		return yaml_error(pp->yaml, lookups, pp->why, "lookups: 1 to %d 'name: {by: ...}' lines are expected",
				  PANEL_LOOKUPS_MAX);
	p->lookup = arena_calloc(pp->arena, (size_t)lookups->count, sizeof(*p->lookup));
	for (const struct yaml *l = lookups->child; l != NULL && rc == 0; l = l->next)
		rc = add_lookup(pp, l);
	return rc;
}
