/* SPDX-License-Identifier: PostgreSQL */
#include "model/panel_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int panel_error(struct panel_parser *pp, int line, const char *format, ...)
{
	struct yaml at = {.line = line};
	char text[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return yaml_error(pp->yaml, &at, pp->why, "%s", text);
}

bool panel_is_name(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > PANEL_NAME_MAX || text[0] < 'a' || text[0] > 'z')
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

bool panel_is_field_name(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > PANEL_NAME_MAX || (text[0] >= '0' && text[0] <= '9'))
		return false;
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == len;
}

int panel_read_name(struct panel_parser *pp, const struct yaml *n, const char **out)
{
	const char *text;
	int rc = yaml_read_text(pp->yaml, n, &text, pp->why);

	if (rc < 0)
		return rc;
	if (!panel_is_name(text))
		return yaml_error(pp->yaml, n, pp->why,
				  "'%.64s' is no name; use small letters, digits and _, a letter first", text);
	*out = arena_strdup(pp->arena, text);
	return 0;
}

int panel_read_text(struct panel_parser *pp, const struct yaml *map, const char *key, const char **out)
{
	const struct yaml *n = yaml_get(map, key);
	const char *text;
	int rc;

	if (n == NULL)
		return 0;
	rc = yaml_read_text(pp->yaml, n, &text, pp->why);
	if (rc < 0)
		return rc;
	if (text[0] == '\0')
		return yaml_error(pp->yaml, n, pp->why, "%s: the text is empty", key);
	*out = arena_strdup(pp->arena, text);
	return 0;
}

int panel_read_int(struct panel_parser *pp, const struct yaml *map, const char *key, const int range[2], int *out)
{
	const struct yaml *n = yaml_get(map, key);
	int64_t value;
	int rc;

	if (n == NULL)
		return 0;
	rc = yaml_read_int(pp->yaml, n, range[0], range[1], &value, pp->why);
	if (rc == 0)
		*out = (int)value;
	return rc;
}

int panel_read_bool(struct panel_parser *pp, const struct yaml *map, const char *key, bool *out)
{
	const struct yaml *n = yaml_get(map, key);

	return n == NULL ? 0 : yaml_read_bool(pp->yaml, n, out, pp->why);
}

int panel_read_duration(struct panel_parser *pp, const struct yaml *map, const char *key, double *out)
{
	const struct yaml *n = yaml_get(map, key);

	return n == NULL ? 0 : yaml_read_duration(pp->yaml, n, out, pp->why);
}

int panel_read_unit(struct panel_parser *pp, const struct yaml *map, enum unit *out)
{
	const struct yaml *n = yaml_get(map, "unit");
	const char *names[UNIT_COUNT_ + 1] = {NULL};
	int choice, rc;

	if (n == NULL)
		return 0;
	for (int i = 0; i < UNIT_COUNT_; i++)
		names[i] = unit_name((enum unit)i);
	rc = yaml_read_choice(pp->yaml, n, names, &choice, pp->why);
	if (rc == 0)
		*out = (enum unit)choice;
	return rc;
}

int panel_read_list(struct panel_parser *pp, const struct yaml *map, const char *key, int max, const struct yaml **out)
{
	const struct yaml *n = yaml_get(map, key);

	*out = NULL;
	if (n == NULL)
		return 0;
	if (n->kind != YAML_LIST)
		return yaml_error(pp->yaml, n, pp->why, "%s: a list is expected", key);
	if (n->count == 0 || n->count > max)
		return yaml_error(pp->yaml, n, pp->why, "%s: %d entries; 1 to %d are expected", key, n->count, max);
	*out = n;
	return 0;
}

/* --- expressions over fields -------------------------------------------------------------------------------------- */

static int resolve_field(void *ctx, struct str name)
{
	return panel_field_by_name(ctx, name);
}

static enum expr_type field_type(void *ctx, int id)
{
	static const enum expr_type types[] = {
		[FIELD_GAUGE] = EXPR_NUMBER,        [FIELD_COUNTER] = EXPR_COUNTER, [FIELD_TEXT] = EXPR_TEXT,
		[FIELD_TIME] = EXPR_TIME,           [FIELD_BOOL] = EXPR_BOOL,       [FIELD_ID] = EXPR_NUMBER,
		[FIELD_HISTOGRAM] = EXPR_HISTOGRAM,
	};
	const struct panel *p = ctx;

	return types[p->field[id].kind];
}

static const char *field_name(void *ctx, int i)
{
	const struct panel *p = ctx;

	return i < p->field_count ? p->field[i].name : NULL;
}

static int read_expr(struct panel_parser *pp, const struct yaml *map, const char *key, const char *label,
		     bool threshold, struct expr **out)
{
	const struct yaml *n = yaml_get(map, key);
	struct expr_names names = {.resolve = resolve_field, .ctx = pp->p, .type = field_type, .name = field_name};
	const char *text;
	struct err why;
	int rc;

	if (n == NULL)
		return 0;
	rc = yaml_read_text(pp->yaml, n, &text, pp->why);
	if (rc < 0)
		return rc;
	if (threshold)
		rc = expr_parse_threshold(out, str_from(text), PANEL_SELF_VALUE, &names, &why);
	else
		rc = expr_parse(out, str_from(text), &names, &why);
	if (rc < 0)
		return yaml_error(pp->yaml, n, pp->why, "%s%s%s: %s", label, label[0] != '\0' ? ": " : "", key,
				  why.text);
	return 0;
}

int panel_read_expr(struct panel_parser *pp, const struct yaml *map, const char *key, const char *label,
		    struct expr **out)
{
	return read_expr(pp, map, key, label, false, out);
}

int panel_read_threshold(struct panel_parser *pp, const struct yaml *map, const char *key, const char *label,
			 const struct expr *value, struct expr **out)
{
	const struct yaml *n = yaml_get(map, key);

	if (n != NULL && value != NULL && expr_is_bound(value))
		return yaml_error(pp->yaml, n, pp->why, "%s: %s: a bound() never alerts: what it is at least is not known", label,
				  key);
	return read_expr(pp, map, key, label, true, out);
}
