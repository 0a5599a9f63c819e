/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/migration.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/mem.h"
#include "model/yaml.h"

static const char *const set_names[] = {"baseline", "optimized", "rows", "roles", "trigger", NULL};
static const char *const layout_names[] = {"any", "plain", "partitioned", NULL};
static const char *const run_names[] = {"once", "each", "rows", NULL};
static const char *const known[] = {"set", "layout", "about", "before_rows", "may_fail", "run", NULL};

bool migration_is(const char *name)
{
	return isdigit((unsigned char)name[0]) && isdigit((unsigned char)name[1]) && name[2] == '_';
}

const char *migration_set_name(enum migration_set set)
{
	return set_names[set];
}

int header_find(const char *kind, const char *path, struct str text, struct str *yaml, int *line, struct err *why)
{
	const char *at = text.at, *end = text.at + text.len, *close;
	char opening[40];
	int lines = 1;

	snprintf(opening, sizeof opening, "/* dytop %s\n", kind);
	while (at < end && (isspace((unsigned char)*at) || (end - at > 2 && at[0] == '-' && at[1] == '-'))) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop)
			break;
		at = stop + 1;
		lines++;
	}
	if ((size_t)(end - at) < strlen(opening) || memcmp(at, opening, strlen(opening)) != 0)
		return err_set(why, ERR_INVALID, "%s:%d: it is to begin with a comment: /* dytop %s, then the header", path, lines, kind);
	at += strlen(opening);
	close = memmem(at, (size_t)(end - at), "*/", 2);
	if (!close)
		return err_set(why, ERR_INVALID, "%s:%d: the header's comment is not closed", path, lines);
	*yaml = (struct str){at, (size_t)(close - at)};
	*line = lines + 1;
	return 0;
}

static int read_flag(const struct yaml_file *y, const char *key, bool *out, struct err *why)
{
	const struct yaml *n = yaml_get(yaml_root(y), key);
	return n ? yaml_read_bool(y, n, out, why) : 0;
}

static int read_choice(const struct yaml_file *y, const char *key, const char *const *names, int *out, struct err *why)
{
	const struct yaml *n = yaml_get(yaml_root(y), key);
	return n ? yaml_read_choice(y, n, names, out, why) : 0;
}

static int read_header(struct migration *m, const struct yaml_file *y, struct err *why)
{
	const struct yaml *about = yaml_get(yaml_root(y), "about");
	const char *text = NULL;
	int set = -1, layout = MIGRATION_ANY, run = MIGRATION_ONCE;
	int rc = yaml_check_keys(y, yaml_root(y), known, why);

	if (rc == 0)
		rc = read_choice(y, "set", set_names, &set, why);
	if (rc == 0)
		rc = read_choice(y, "layout", layout_names, &layout, why);
	if (rc == 0)
		rc = read_choice(y, "run", run_names, &run, why);
	if (rc == 0)
		rc = read_flag(y, "before_rows", &m->before_rows, why);
	if (rc == 0)
		rc = read_flag(y, "may_fail", &m->may_fail, why);
	if (rc == 0 && set < 0)
		rc = yaml_error(y, yaml_root(y), why, "set is missing: what does the file belong to?");
	if (rc == 0 && !about)
		rc = yaml_error(y, yaml_root(y), why, "about is missing");
	if (rc == 0)
		rc = yaml_read_text(y, about, &text, why);
	if (rc < 0)
		return rc;
	m->set = (enum migration_set)set;
	m->layout = (enum migration_layout)layout;
	m->run = (enum migration_run)run;
	m->about = mem_strdup(text);
	return 0;
}

int migration_parse(struct migration *out, const char *name, const char *path, struct str text, struct err *why)
{
	struct migration m = {.text = text};
	struct yaml_file *y = NULL;
	struct str yaml;
	int line, rc = header_find("migration", path, text, &yaml, &line, why);

	if (rc == 0)
		rc = yaml_parse(&y, path, line, yaml.at, yaml.len, why);
	if (rc == 0)
		rc = read_header(&m, y, why);
	yaml_file_free(y);
	if (rc == 0)
		rc = statements_cut(&m.statement, &m.count, path, 1, text, why);
	if (rc == 0 && m.count == 0)
		rc = err_set(why, ERR_INVALID, "%s: there is no statement in it", path);
	if (rc < 0) {
		migration_release(&m);
		return rc;
	}
	m.name = mem_strdup(name);
	m.path = mem_strdup(path);
	*out = m;
	return 0;
}

void migration_release(struct migration *m)
{
	free(m->name);
	free(m->path);
	free(m->about);
	free(m->statement);
	memset(m, 0, sizeof *m);
}
