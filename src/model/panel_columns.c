/* SPDX-License-Identifier: PostgreSQL */
/* columns: of a panel's header. */
#include <string.h>

#include "core/nearest.h"
#include "model/panel_private.h"

static const uint8_t unit_width[UNIT_COUNT_] = {
	[UNIT_NONE] = 7,    [UNIT_ID] = 10,  [UNIT_FLOAT] = 8,     [UNIT_MS] = 8,    [UNIT_AGE] = 6,  [UNIT_BYTES] = 8,
	[UNIT_PERCENT] = 6, [UNIT_RATE] = 8, [UNIT_BYTE_RATE] = 8, [UNIT_TIME] = 10, [UNIT_BOOL] = 5, [UNIT_TEXT] = 16,
};

static enum unit unit_of_kind(enum field_kind kind)
{
	switch (kind) {
	case FIELD_TEXT:
	case FIELD_HISTOGRAM:
		return UNIT_TEXT;
	case FIELD_TIME:
		return UNIT_TIME;
	case FIELD_BOOL:
		return UNIT_BOOL;
	case FIELD_ID:
		return UNIT_ID;
	case FIELD_GAUGE:
	case FIELD_COUNTER:
		break;
	}
	return UNIT_NONE;
}

/* A text cannot be shown in ms, nor a time as bytes; numbers may be shown as any number. */
static bool unit_fits(enum unit unit, enum field_kind kind)
{
	enum unit own = unit_of_kind(kind);
	bool special = unit == UNIT_TEXT || unit == UNIT_TIME || unit == UNIT_BOOL;

	if (own == UNIT_TEXT || own == UNIT_TIME || own == UNIT_BOOL)
		return unit == own;
	return !special;
}

static char *upper(struct panel_parser *pp, const char *name)
{
	char *text = arena_strdup(pp->arena, name);

	for (char *c = text; *c != '\0'; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c == '_' ? ' ' : *c;
	return text;
}

/* Sets expr and, when it is one field, field. Without expr: the field of the column's name, or the panel's trend. */
static int read_column_expr(struct panel_parser *pp, const struct yaml *n, struct panel_column *c)
{
	const struct yaml *e = yaml_get(n, "expr");
	struct yaml own = {.kind = YAML_SCALAR, .key = "expr", .text = c->name, .line = n->line};
	struct yaml map = {.kind = YAML_MAP, .child = &own, .line = n->line};

	c->field = -1;
	if (e == NULL && strcmp(c->name, "trend") == 0 && yaml_get(pp->root, "trend") != NULL)
		return panel_read_expr(pp, pp->root, "trend", "", &c->expr);
	if (e == NULL && panel_field_by_name(pp->p, str_from(c->name)) < 0)
		return yaml_error(pp->yaml, n, pp->why, "%s: no expr, and no field of that name; add one of them",
				  c->name);
	if (e == NULL || e->kind == YAML_SCALAR)
		c->field = panel_field_by_name(pp->p, str_from(e != NULL ? e->text : c->name));
	return panel_read_expr(pp, e != NULL ? n : &map, "expr", c->name, &c->expr);
}

static int read_column_looks(struct panel_parser *pp, const struct yaml *n, struct panel_column *c)
{
	static const int widths[2] = {1, 500}, priorities[2] = {1, 9};
	int rc = panel_read_unit(pp, n, &c->unit);

	if (rc < 0)
		return rc;
	if (c->field >= 0 && !unit_fits(c->unit, pp->p->field[c->field].kind))
		return yaml_error(pp->yaml, n, pp->why, "%s: unit %s does not fit the field; its own is %s", c->name,
				  unit_name(c->unit), unit_name(unit_of_kind(pp->p->field[c->field].kind)));
	c->width = unit_width[c->unit];
	rc = panel_read_int(pp, n, "width", widths, &c->width);
	if (rc == 0)
		rc = panel_read_int(pp, n, "priority", priorities, &c->priority);
	if (rc == 0)
		rc = panel_read_bool(pp, n, "flex", &c->flex);
	if (rc == 0)
		rc = panel_read_bool(pp, n, "show", &c->shown);
	if (rc == 0)
		rc = panel_read_bool(pp, n, "tree", &c->tree);
	return rc;
}

static int read_column_name(struct panel_parser *pp, const struct yaml *n, struct panel_column *c)
{
	const struct yaml *name = yaml_get(n, "name");
	int rc, same;

	if (name == NULL)
		return yaml_error(pp->yaml, n, pp->why, "the column has no name");
	rc = panel_read_name(pp, name, &c->name);
	if (rc < 0)
		return rc;
	for (same = 0; same < pp->p->column_count; same++)
		if (strcmp(pp->p->column[same].name, c->name) == 0)
			return yaml_error(pp->yaml, name, pp->why, "column %s is there twice, first on line %d",
					  c->name, pp->p->column[same].line);
	return 0;
}

static int add_column(struct panel_parser *pp, const struct yaml *n)
{
	static const char *const known[] = {"name", "title", "expr", "unit", "width", "priority", "flex",
					    "show", "tree",  "warn", "crit", "about", NULL};
	struct panel_column *c = &pp->p->column[pp->p->column_count];
	int rc = yaml_check_keys(pp->yaml, n, known, pp->why);

	if (rc < 0)
		return rc;
	*c = (struct panel_column){.priority = 5, .shown = true, .line = n->line, .about = ""};
	rc = read_column_name(pp, n, c);
	if (rc < 0)
		return rc;
	pp->p->column_count++; /* from here on panel_free() frees its expressions */
	c->title = upper(pp, c->name);
	rc = panel_read_text(pp, n, "title", &c->title);
	if (rc == 0)
		rc = panel_read_text(pp, n, "about", &c->about);
	if (rc == 0)
		rc = read_column_expr(pp, n, c);
	if (rc < 0)
		return rc;
	c->unit = c->field >= 0 ? unit_of_kind(pp->p->field[c->field].kind) : UNIT_NONE;
	rc = read_column_looks(pp, n, c);
	if (rc == 0)
		rc = panel_read_threshold(pp, n, "warn", c->name, c->expr, &c->warn);
	if (rc == 0)
		rc = panel_read_threshold(pp, n, "crit", c->name, c->expr, &c->crit);
	return rc;
}

int panel_parse_columns(struct panel_parser *pp)
{
	const struct yaml *columns;
	int rc = panel_read_list(pp, pp->root, "columns", PANEL_COLUMNS_MAX, &columns);

	if (rc < 0)
		return rc;
	if (columns == NULL && pp->p->shape == PANEL_HIDDEN)
		return 0;
	if (columns == NULL)
		return yaml_error(pp->yaml, pp->root, pp->why, "columns is missing; only 'shape: hidden' goes without");
	pp->p->column = arena_calloc(pp->arena, (size_t)columns->count, sizeof(*pp->p->column));
	for (const struct yaml *c = columns->child; c != NULL && rc == 0; c = c->next)
		rc = add_column(pp, c);
	return rc;
}
