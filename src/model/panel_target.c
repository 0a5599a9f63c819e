/* SPDX-License-Identifier: PostgreSQL */
/* target: what a row is to a person who acts on it, and which fields name it. */
#include <string.h>

#include "model/panel_private.h"

struct part {
	const char *key;
	unsigned kinds;    /* of fields that may be it */
};

static const struct part parts[PART_COUNT] = {
	[PART_PID] = {"pid", 1u << FIELD_ID},
	[PART_START] = {"start", 1u << FIELD_TIME},
	[PART_USER] = {"user", 1u << FIELD_ID},
	[PART_DATABASE] = {"database", 1u << FIELD_ID},
	[PART_QUERYID] = {"queryid", 1u << FIELD_ID},
	[PART_OID] = {"oid", 1u << FIELD_ID},
	[PART_NAME] = {"name", 1u << FIELD_TEXT},
	[PART_TEXT] = {"text", 1u << FIELD_TEXT},
	[PART_RELKIND] = {"relkind", 1u << FIELD_TEXT},
};

#define PART(name) (1u << PART_##name)

static const struct {
	const char *name;
	unsigned needed, allowed;
} targets[TARGET_COUNT] = {
	[TARGET_NONE] = {"", 0, 0},
	[TARGET_SESSION] = {"session", PART(PID) | PART(START), PART(USER) | PART(DATABASE) | PART(QUERYID) | PART(TEXT)},
	[TARGET_STATEMENT] = {"statement", PART(QUERYID), PART(USER) | PART(DATABASE) | PART(TEXT)},
	[TARGET_TABLE] = {"table", PART(OID), PART(NAME) | PART(RELKIND)},
	[TARGET_INDEX] = {"index", PART(OID), PART(NAME) | PART(RELKIND)},
	[TARGET_DATABASE] = {"database", PART(DATABASE), PART(NAME)},
	[TARGET_SETTING] = {"setting", PART(NAME), 0},
	[TARGET_KEYS] = {"keys", PART(NAME), PART(TEXT)},
};

const char *panel_target_name(enum panel_target target)
{
	return targets[target].name;
}

static int read_kind(struct panel_parser *pp, const struct yaml *map)
{
	const char *names[TARGET_COUNT] = {NULL};
	const struct yaml *kind = yaml_get(map, "kind");
	int choice = 0, rc;

	for (int i = 1; i < TARGET_COUNT; i++)
		names[i - 1] = targets[i].name;
	if (kind == NULL)
		return yaml_error(pp->yaml, map, pp->why, "target: kind is missing");
	rc = yaml_read_choice(pp->yaml, kind, names, &choice, pp->why);
	pp->p->target = (enum panel_target)(choice + 1);
	return rc;
}

static int read_part(struct panel_parser *pp, const struct yaml *map, int part)
{
	struct panel *p = pp->p;
	const struct yaml *n = yaml_get(map, parts[part].key);
	int rc;

	if (n == NULL && targets[p->target].needed & 1u << part)
		return yaml_error(pp->yaml, map, pp->why, "target: a %s needs %s", targets[p->target].name,
				  parts[part].key);
	if (n == NULL)
		return 0;
	if (!((targets[p->target].needed | targets[p->target].allowed) & 1u << part))
		return yaml_error(pp->yaml, n, pp->why, "target: a %s has no %s", targets[p->target].name,
				  parts[part].key);
	rc = panel_read_field(pp, map, parts[part].key, &p->part[part]);
	if (rc == 0 && !(parts[part].kinds & 1u << p->field[p->part[part]].kind))
		return yaml_error(pp->yaml, n, pp->why, "target: %s: %s is not the kind of field for that",
				  parts[part].key, p->field[p->part[part]].name);
	return rc;
}

int panel_parse_target(struct panel_parser *pp)
{
	const struct yaml *map = yaml_get(pp->root, "target");
	const char *known[PART_COUNT + 2] = {"kind"};
	int rc;

	for (int i = 0; i < PART_COUNT; i++) {
		pp->p->part[i] = -1;
		known[i + 1] = parts[i].key;
	}
	if (map == NULL)
		return 0;
	rc = yaml_check_keys(pp->yaml, map, known, pp->why);
	if (rc == 0)
		rc = read_kind(pp, map);
	for (int i = 0; i < PART_COUNT && rc == 0; i++)
		rc = read_part(pp, map, i);
	return rc;
}
