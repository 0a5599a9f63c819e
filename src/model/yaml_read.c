/* SPDX-License-Identifier: PostgreSQL */
/* Typed reads of a tree that yaml.c built. */
#include "model/yaml.h"

#include <string.h>

#include "core/buf.h"
#include "core/nearest.h"
#include "core/units.h"

/* "'key'" of an entry, "an entry" of a list's item: what a message is about. */
static const char *what(const struct yaml *n)
{
	return n->key != NULL ? n->key : "an entry";
}

static void list_names(struct buf *out, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++) {
		if (i > 0)
			buf_adds(out, names[i + 1] == NULL ? " or " : ", ");
		buf_adds(out, names[i]);
	}
}

/* "...; did you mean X?" when one is near, else all that there are. */
static int unknown_word(const struct yaml_file *f, const struct yaml *n, const char *problem, const char *const *known,
			struct err *why)
{
	const char *word = n->text != NULL ? n->text : n->key;
	const char *near = nearest_of(str_from(word), known);
	struct buf names = BUF_INIT(ERR_TEXT_MAX);
	int rc;

	if (near != NULL)
		return yaml_error(f, n, why, "%s; did you mean '%s'?", problem, near);
	list_names(&names, known);
	rc = yaml_error(f, n, why, "%s; known: %s", problem, buf_text(&names));
	buf_release(&names);
	return rc;
}

int yaml_check_keys(const struct yaml_file *file, const struct yaml *map, const char *const *known, struct err *why)
{
	if (map == NULL)
		return 0;
	if (map->kind != YAML_MAP)
		return yaml_error(file, map, why, "%s: 'key: value' entries are expected here", what(map));
	for (const struct yaml *n = map->child; n != NULL; n = n->next) {
		struct buf problem = BUF_INIT(ERR_TEXT_MAX);
		struct yaml key = {.key = n->key, .line = n->line};
		size_t i = 0;
		int rc;

		while (known[i] != NULL && strcmp(known[i], n->key) != 0)
			i++;
		if (known[i] != NULL)
			continue;
		buf_addf(&problem, "unknown key '%.64s'", n->key);
		if (map->key != NULL)
			buf_addf(&problem, " in %s", map->key);
		rc = unknown_word(file, &key, buf_text(&problem), known, why);
		buf_release(&problem);
		return rc;
	}
	return 0;
}

int yaml_read_text(const struct yaml_file *f, const struct yaml *n, const char **out, struct err *why)
{
	if (n->kind != YAML_SCALAR)
		return yaml_error(f, n, why, "%s: a text is expected, not a %s", what(n),
				  n->kind == YAML_LIST ? "list" : "map");
	if (n->text[0] == '\0' && !n->quoted)
		return yaml_error(f, n, why, "%s: the value is missing", what(n));
	*out = n->text;
	return 0;
}

/* Decimal digits with an optional sign, nothing else: no octal, no hexadecimal, no underscores. */
static bool parse_int(const char *text, int64_t *out)
{
	bool negative = *text == '-';
	uint64_t value = 0;

	text += *text == '-' || *text == '+';
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9' || value > ((uint64_t)INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

int yaml_read_int(const struct yaml_file *f, const struct yaml *n, int64_t min, int64_t max, int64_t *out,
		  struct err *why)
{
	const char *text;
	int64_t value;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc < 0)
		return rc;
	if (!parse_int(text, &value) || value < min || value > max)
		return yaml_error(f, n, why, "%s: '%.64s' is no whole number from %lld to %lld", what(n), text,
				  (long long)min, (long long)max);
	*out = value;
	return 0;
}

int yaml_read_bool(const struct yaml_file *f, const struct yaml *n, bool *out, struct err *why)
{
	const char *text;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc < 0)
		return rc;
	if (strcmp(text, "yes") == 0 || strcmp(text, "true") == 0)
		*out = true;
	else if (strcmp(text, "no") == 0 || strcmp(text, "false") == 0)
		*out = false;
	else
		return yaml_error(f, n, why, "%s: '%.64s' is neither yes nor no", what(n), text);
	return 0;
}

int yaml_read_duration(const struct yaml_file *f, const struct yaml *n, double *ms, struct err *why)
{
	const char *text;
	enum unit unit;
	double value;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc < 0)
		return rc;
	/* a bare 0 needs no unit */
	if (unit_parse(str_from(text), &value, &unit, NULL) < 0 || value < 0 ||
	    (unit != UNIT_MS && !(unit == UNIT_NONE && value == 0)))
		return yaml_error(f, n, why, "%s: '%.64s' is no duration; write it like 500ms, 2s or 1min", what(n),
				  text);
	*ms = value;
	return 0;
}

int yaml_read_choice(const struct yaml_file *f, const struct yaml *n, const char *const *names, int *out,
		     struct err *why)
{
	struct buf problem = BUF_INIT(ERR_TEXT_MAX);
	const char *text;
	int rc = yaml_read_text(f, n, &text, why);

	if (rc < 0)
		return rc;
	for (int i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], text) == 0) {
			*out = i;
			return 0;
		}
	}
	buf_addf(&problem, "%s: unknown value '%.64s'", what(n), text);
	rc = unknown_word(f, n, buf_text(&problem), names, why);
	buf_release(&problem);
	return rc;
}
