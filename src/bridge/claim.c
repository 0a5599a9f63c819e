/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/claim.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/migration.h"
#include "core/mem.h"
#include "model/yaml.h"

static const char *const measure_names[] = {"faster", "smaller", "fewer_pages", "times", NULL};
static const char *const part_names[CLAIM_PARTS] = {"both", "without", "with", "query", "query without", "query with"};
static const char *const known[] = {"title", "claimed", "least", "measure", "order", "note", NULL};

const char *claim_measure_name(enum claim_measure measure)
{
	return measure_names[measure];
}

double claim_value(enum claim_measure measure, double without, double with)
{
	bool smaller = measure == CLAIM_SMALLER || measure == CLAIM_FEWER_PAGES;

	if (!isfinite(without) || !isfinite(with) || (smaller ? without : with) <= 0)
		return NAN;
	if (smaller)
		return (1 - with / without) * 100;
	return measure == CLAIM_TIMES ? without / with : (without / with - 1) * 100;
}

const struct statement *claim_query(const struct claim *c, bool with)
{
	enum claim_part part = c->part[CLAIM_QUERY].count ? CLAIM_QUERY : with ? CLAIM_QUERY_WITH : CLAIM_QUERY_WITHOUT;
	return c->part[part].count ? &c->part[part].statement[0] : NULL;
}

bool claim_is(struct str text)
{
	struct str yaml;
	int line;
	return header_find("claim", "", text, &yaml, &line, NULL) == 0;
}

/* --- header ---------------------------------------------------------------------------------------------------------- */

static int read_texts(struct claim *c, const struct yaml_file *y, struct err *why)
{
	const struct {
		const char *key;
		char **into;
		bool needed;
	} texts[] = {{"title", &c->title, true}, {"claimed", &c->claimed, true}, {"note", &c->note, false}};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct yaml *n = yaml_get(yaml_root(y), texts[i].key);
		const char *text = NULL;
		if (!n && texts[i].needed)
			return yaml_error(y, yaml_root(y), why, "%s is missing", texts[i].key);
		if (n && yaml_read_text(y, n, &text, why) < 0)
			return ERR_INVALID;
		*texts[i].into = mem_strdup(text);
	}
	return 0;
}

static int read_header(struct claim *c, const struct yaml_file *y, struct err *why)
{
	const struct yaml *root = yaml_root(y), *measure = yaml_get(root, "measure"), *order = yaml_get(root, "order");
	const struct yaml *least = yaml_get(root, "least");
	int64_t number = 0;
	int choice = 0, rc = yaml_check_keys(y, root, known, why);

	if (rc == 0)
		rc = read_texts(c, y, why);
	if (rc == 0 && (!measure || !least))
		rc = yaml_error(y, root, why, "%s is missing", measure ? "least" : "measure");
	if (rc == 0)
		rc = yaml_read_choice(y, measure, measure_names, &choice, why);
	if (rc == 0)
		rc = yaml_read_int(y, least, 1, 1000000, &number, why);
	c->measure = (enum claim_measure)choice;
	c->least = (double)number;
	number = 0;
	if (rc == 0 && order)
		rc = yaml_read_int(y, order, 0, 1000, &number, why);
	c->order = (int)number;
	return rc;
}

/* --- parts ----------------------------------------------------------------------------------------------------------- */

/* The part that a line "-- with:" begins; -1 for other lines. */
static int part_of(const char *line, size_t len)
{
	for (int i = 0; i < CLAIM_PARTS; i++) {
		size_t name = strlen(part_names[i]);
		if (len == name + 4 && memcmp(line, "-- ", 3) == 0 && memcmp(line + 3, part_names[i], name) == 0 && line[len - 1] == ':')
			return i;
	}
	return -1;
}

static int end_part(struct claim *c, int part, struct str text, int line, struct err *why)
{
	struct claim_statements *s = &c->part[part];

	if (s->statement)
		return err_set(why, ERR_INVALID, "%s:%d: '-- %s:' stands here twice", c->path, line, part_names[part]);
	int rc = statements_cut(&s->statement, &s->count, c->path, line, text, why);
	if (rc == 0 && s->count == 0)
		rc = err_set(why, ERR_INVALID, "%s:%d: there is no statement under '-- %s:'", c->path, line, part_names[part]);
	if (rc == 0 && part >= CLAIM_QUERY && s->count != 1)
		rc = err_set(why, ERR_INVALID, "%s:%d: one query is measured, not %d", c->path, line, s->count);
	return rc;
}

static int read_parts(struct claim *c, const char *at, const char *end, int line, struct err *why)
{
	const char *begin = at;
	int part = -1, begun = line, rc = 0;

	while (rc == 0 && at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		stop = stop ? stop : end;
		int next = part_of(at, (size_t)(stop - at));
		if (next >= 0) {
			if (part >= 0)
				rc = end_part(c, part, (struct str){begin, (size_t)(at - begin)}, begun, why);
			part = next;
			begin = stop;
			begun = line;
		} else if (part < 0 && at < stop && !isspace((unsigned char)*at) && memcmp(at, "--", 2) != 0)
			rc = err_set(why, ERR_INVALID, "%s:%d: a part begins with a line like '-- with:'", c->path, line);
		at = stop + 1;
		line++;
	}
	if (rc == 0 && part >= 0)
		rc = end_part(c, part, (struct str){begin, (size_t)(end - begin)}, begun, why);
	return rc;
}

static int check_parts(const struct claim *c, struct err *why)
{
	bool one = c->part[CLAIM_QUERY].count > 0, two = c->part[CLAIM_QUERY_WITH].count > 0 && c->part[CLAIM_QUERY_WITHOUT].count > 0;
	bool half = c->part[CLAIM_QUERY_WITH].count > 0 || c->part[CLAIM_QUERY_WITHOUT].count > 0;

	if (one ? half : !two)
		return err_set(why, ERR_INVALID, "%s: it needs '-- query:', or both '-- query without:' and '-- query with:'", c->path);
	if (c->part[CLAIM_WITH].count == 0)
		return err_set(why, ERR_INVALID, "%s: '-- with:' is missing: what is claimed?", c->path);
	return 0;
}

int claim_parse(struct claim *out, const char *name, const char *path, struct str text, struct err *why)
{
	struct claim c = {.name = mem_strdup(name), .path = mem_strdup(path)};
	struct yaml_file *y = NULL;
	struct str yaml = {0};
	int line = 0, rc = header_find("claim", path, text, &yaml, &line, why);

	if (rc == 0)
		rc = yaml_parse(&y, path, line, yaml.at, yaml.len, why);
	if (rc == 0)
		rc = read_header(&c, y, why);
	yaml_file_free(y);
	if (rc == 0) {
		const char *body = yaml.at + yaml.len + 2;
		for (const char *p = yaml.at; p < body; p++)
			line += *p == '\n';
		rc = read_parts(&c, body, text.at + text.len, line, why);
	}
	if (rc == 0)
		rc = check_parts(&c, why);
	if (rc < 0) {
		claim_release(&c);
		return rc;
	}
	*out = c;
	return 0;
}

void claim_release(struct claim *c)
{
	free(c->name);
	free(c->path);
	free(c->title);
	free(c->claimed);
	free(c->note);
	for (int i = 0; i < CLAIM_PARTS; i++)
		free(c->part[i].statement);
	memset(c, 0, sizeof *c);
}
