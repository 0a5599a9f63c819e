/* SPDX-License-Identifier: PostgreSQL */
/* Reading an action's file: the header, then the sections. */
#include "action/action.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/nearest.h"
#include "core/units.h"
#include "model/yaml.h"

enum { FILE_MAX = 256 << 10, VERSION_MIN = 130000, VERSION_MAX = 999999 };

struct parser {
	struct action *a;
	const char *path;
	struct yaml_file *yaml;
	struct err *why;
};

static const char *const target_names[] = {"none", "table", "index", "matview", "setting", "query", "definition", NULL};
static const char *const section_names[] = {"before", "statement", "progress", "measure", "check", "left", "undo", NULL};

const char *action_target_name(enum action_target target)
{
	return target_names[target];
}

/* --- the header ------------------------------------------------------------------------------------------------------ */

static int read_copy(struct parser *p, const struct yaml *n, char **out)
{
	const char *text;
	int rc = yaml_read_text(p->yaml, n, &text, p->why);

	if (rc < 0)
		return rc;
	if (strlen(text) >= 400 || text[0] == '\0')
		return yaml_error(p->yaml, n, p->why, "%s: 1 to 400 letters are expected", n->key);
	free(*out);
	*out = mem_strdup(text);
	return 0;
}

static int read_target(struct parser *p, const struct yaml *n, void *slot)
{
	static const char *const kinds[] = {"", "rmpt", "i", "m", "", "", "rmp"};
	int index, rc = yaml_read_choice(p->yaml, n, target_names, &index, p->why);

	(void)slot;
	if (rc < 0)
		return rc;
	p->a->target = (enum action_target)index;
	if (p->a->kinds[0] == '\0')
		snprintf(p->a->kinds, sizeof p->a->kinds, "%s", kinds[index]);
	return 0;
}

static int read_kinds(struct parser *p, const struct yaml *n, void *slot)
{
	const char *text;
	int rc = yaml_read_text(p->yaml, n, &text, p->why);

	(void)slot;
	if (rc == 0 && (text[0] == '\0' || strlen(text) > ACTION_KINDS_MAX || text[strspn(text, "rmpitIf")] != '\0'))
		rc = yaml_error(p->yaml, n, p->why, "kinds: letters of pg_class.relkind are expected: r table, p partitioned, "
		                                    "m materialized view, t TOAST, i index, I partitioned index, f foreign");
	if (rc == 0)
		snprintf(p->a->kinds, sizeof p->a->kinds, "%s", text);
	return rc;
}

static int read_value(struct parser *p, const struct yaml *n, void *slot)
{
	static const char *const known[] = {"name", "needed", NULL};
	const struct yaml *name = yaml_get(n, "name"), *needed = yaml_get(n, "needed");
	bool must = false;
	int rc;

	(void)slot;
	if (n->kind != YAML_MAP || !name)
		return yaml_error(p->yaml, n, p->why, "value: a map with name: and needed: is expected");
	rc = yaml_check_keys(p->yaml, n, known, p->why);
	if (rc == 0)
		rc = read_copy(p, name, &p->a->value_name);
	if (rc == 0 && needed)
		rc = yaml_read_bool(p->yaml, needed, &must, p->why);
	p->a->value = must ? ACTION_NEEDS_VALUE : ACTION_MAY_VALUE;
	return rc;
}

static int read_privilege(struct parser *p, const struct yaml *n, void *slot)
{
	static const char *const names[] = {"owner", "maintain", "database_owner", NULL};
	int index, rc = 0;

	(void)slot;
	if (n->kind != YAML_LIST)
		return yaml_error(p->yaml, n, p->why, "privilege: a list is expected, like [owner, maintain]");
	for (const struct yaml *e = n->child; e && rc == 0; e = e->next) {
		rc = yaml_read_choice(p->yaml, e, names, &index, p->why);
		if (rc == 0)
			*(index == 0 ? &p->a->owner : index == 1 ? &p->a->maintain : &p->a->database_owner) = true;
	}
	return rc;
}

static int read_names(struct parser *p, const struct yaml *n, void *slot)
{
	char **out = slot;
	struct buf names = BUF_INIT(4096);
	int rc = n->kind == YAML_LIST ? 0 : yaml_error(p->yaml, n, p->why, "%s: a list of settings is expected", n->key);

	buf_addc(&names, ' ');
	for (const struct yaml *e = n->child; e && rc == 0; e = e->next) {
		const char *text;
		rc = yaml_read_text(p->yaml, e, &text, p->why);
		if (rc == 0)
			buf_addf(&names, "%s ", text);
	}
	free(*out);
	*out = buf_take(&names);
	return rc;
}

static int read_weight(struct parser *p, const struct yaml *n, void *slot)
{
	static const char *const names[] = {"yes", "word", NULL};
	int index, rc = yaml_read_choice(p->yaml, n, names, &index, p->why);

	(void)slot;
	p->a->word = rc == 0 && index == 1;
	return rc;
}

static int read_waits(struct parser *p, const struct yaml *n, void *slot)
{
	static const char *const names[] = {"locks", "snapshots", "users", "all", NULL};
	int index, rc = yaml_read_choice(p->yaml, n, names, &index, p->why);

	(void)slot;
	p->a->snapshots = rc == 0 && (index == 1 || index == 3);
	p->a->users = rc == 0 && index >= 2;
	return rc;
}

static int read_time(struct parser *p, const struct yaml *n, void *slot)
{
	if (n->text && strcmp(n->text, "none") == 0) {
		*(double *)slot = 0;
		return 0;
	}
	return yaml_read_duration(p->yaml, n, slot, p->why);
}

static int read_rate(struct parser *p, const struct yaml *n, void *slot)
{
	enum unit unit;
	int rc = n->text ? unit_parse(str_from(n->text), slot, &unit, NULL) : ERR_INVALID;

	if (rc < 0 || unit != UNIT_BYTES)
		return yaml_error(p->yaml, n, p->why, "rate: bytes a second are expected, like 50MB");
	return 0;
}

static int read_flag(struct parser *p, const struct yaml *n, void *slot)
{
	return yaml_read_bool(p->yaml, n, slot, p->why);
}

static int read_string(struct parser *p, const struct yaml *n, void *slot)
{
	return read_copy(p, n, slot);
}

static int read_version(struct parser *p, const struct yaml *n, void *slot)
{
	int64_t value;
	int rc = yaml_read_int(p->yaml, n, VERSION_MIN, VERSION_MAX, &value, p->why);

	if (rc == 0)
		*(int *)slot = (int)value;
	return rc;
}

struct key {
	const char *name;
	int (*read)(struct parser *p, const struct yaml *n, void *slot);
	size_t at;
};

#define AT(member) offsetof(struct action, member)

static const struct key header_keys[] = {
	{"title", read_string, AT(title)},
	{"about", read_string, AT(about)},
	{"target", read_target, 0},
	{"kinds", read_kinds, 0},
	{"value", read_value, 0},
	{"secrets", read_names, AT(secret)},
	{"lists", read_names, AT(lists)},
	{"extension", read_string, AT(extension)},
	{"privilege", read_privilege, 0},
	{"weight", read_weight, 0},
	{"danger", read_flag, AT(danger)},
	{"standby", read_flag, AT(standby)},
	{"alone", read_flag, AT(alone)},
	{"waits", read_waits, 0},
	{"builds", read_flag, AT(builds)},
	{"leaves", read_flag, AT(leaves)},
	{"since", read_version, AT(since)},
	{"until", read_version, AT(until)},
	{"lock_timeout", read_time, AT(lock_timeout_ms)},
	{"statement_timeout", read_time, AT(statement_timeout_ms)},
	{"settle", read_time, AT(settle_ms)},
	{"rate", read_rate, AT(rate)},
};

static int read_header(struct parser *p)
{
	const char *known[ARRAY_LEN(header_keys) + 1] = {NULL};
	const struct yaml *root = yaml_root(p->yaml);
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(header_keys); i++)
		known[i] = header_keys[i].name;
	rc = yaml_check_keys(p->yaml, root, known, p->why);
	for (size_t i = 0; i < ARRAY_LEN(header_keys) && rc == 0; i++) {
		const struct yaml *n = yaml_get(root, header_keys[i].name);
		if (n)
			rc = header_keys[i].read(p, n, (char *)p->a + header_keys[i].at);
	}
	if (rc == 0 && (!p->a->title || !yaml_get(root, "target") || !yaml_get(root, "lock_timeout")))
		rc = err_set(p->why, ERR_INVALID, "%s: title, target and lock_timeout (a time, or none) must be said", p->path);
	return rc;
}

/* --- sections -------------------------------------------------------------------------------------------------------- */

static int mistake(struct parser *p, int line, const char *what)
{
	return err_set(p->why, ERR_INVALID, "%s:%d: %s", p->path, line, what);
}

static struct str take_word(const char **at, const char *end)
{
	struct str word;

	while (*at < end && (**at == ' ' || **at == '\t'))
		(*at)++;
	word.at = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		(*at)++;
	word.len = (size_t)(*at - word.at);
	return word;
}

/* A line "-- SECTION [since V]": 1, and what it says; 0: another line; negative: a section with a mistake. */
static int read_marker(struct parser *p, struct str line, int number, struct action_body *out)
{
	const char *at = line.at + 2, *end = line.at + line.len;
	struct str word, since;
	int section = -1;
	int64_t version = 0;

	if (line.len < 3 || strncmp(line.at, "--", 2) != 0)
		return 0;
	word = take_word(&at, end);
	for (int i = 0; i < ACTION_SECTIONS; i++)
		if (str_is(word, section_names[i]))
			section = i;
	since = take_word(&at, end);
	if (section < 0 || (since.len > 0 && !str_is(since, "since")))
		return 0; /* a remark */
	*out = (struct action_body){.section = (enum action_section)section, .since = VERSION_MIN, .line = number};
	if (since.len == 0)
		return 1;
	word = take_word(&at, end);
	for (size_t i = 0; i < word.len && version <= VERSION_MAX; i++)
		version = word.at[i] >= '0' && word.at[i] <= '9' ? version * 10 + (word.at[i] - '0') : INT_MAX;
	if (version < VERSION_MIN || version > VERSION_MAX || take_word(&at, end).len > 0)
		return mistake(p, number, "a version is expected and nothing behind it, like '-- statement since 170000'");
	out->since = (int)version;
	return 1;
}

/* Takes over what stood since the last marker. */
static int close_body(struct parser *p, struct action_body *open, const char *from, const char *to)
{
	struct action *a = p->a;
	int steps = 0;

	while (to > from && strchr(" \t\r\n;", to[-1]))
		to--;
	while (from < to && strchr(" \t\r\n", *from))
		from++;
	if (from == to)
		return mistake(p, open->line, "a section without SQL");
	if (a->body_count == ACTION_BODIES_MAX)
		return mistake(p, open->line, "too many sections (32)");
	for (int i = 0; i < a->body_count; i++) {
		bool same = a->body[i].section == open->section && a->body[i].since == open->since;
		if (same && open->section != ACTION_STATEMENT)
			return mistake(p, open->line, "this section stands there twice for one version");
		steps += same;
	}
	if (steps == ACTION_STATEMENTS_MAX)
		return mistake(p, open->line, "too many statements (4)");
	open->step = steps;
	if (open->section == ACTION_STATEMENT && steps + 1 > a->steps)
		a->steps = steps + 1;
	open->sql = mem_strndup(from, (size_t)(to - from));
	a->body[a->body_count++] = *open;
	return 0;
}

static int read_sections(struct parser *p, const char *at, const char *end, int line)
{
	struct action_body open = {.line = 0}, next;
	const char *from = at;

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
		int rc = read_marker(p, (struct str){at, len}, line, &next);
		if (rc == 1 && open.line > 0)
			rc = close_body(p, &open, from, at) < 0 ? ERR_INVALID : 1;
		if (rc < 0)
			return rc;
		if (rc == 1) {
			open = next;
			from = at + len;
		} else if (open.line == 0 && len > 0 && at[strspn(at, " \t\r\n")] != '-' && strspn(at, " \t\r") < len)
			return mistake(p, line, "a section must begin first, like '-- statement'");
		at += len + 1;
		line++;
	}
	return open.line > 0 ? close_body(p, &open, from, end) : 0;
}

/* Every hole must be one that is known, and find something: told when the file is read, not when it is needed. */
static int check_holes(struct parser *p)
{
	struct action *a = p->a;
	const struct action_holes none = {0};

	for (int i = 0; i < a->body_count; i++) {
		struct action_holes holes = none;
		struct buf out = BUF_INIT(FILE_MAX * 2);
		struct err why = {0};
		if (a->target == ACTION_ON_TABLE || a->target == ACTION_ON_INDEX || a->target == ACTION_ON_MATVIEW)
			holes.target = holes.oid = "t";
		else if (a->target == ACTION_ON_SETTING)
			holes.name = "s";
		else if (a->target == ACTION_ON_QUERY)
			holes.query = "1";
		else if (a->target == ACTION_ON_DEFINITION)
			holes.text = "i";
		if (a->extension)
			holes.extension = "e";
		if (a->value != ACTION_NO_VALUE)
			holes.value = holes.columns = "c";
		if (a->body[i].section != ACTION_STATEMENT && strstr(a->body[i].sql, "%{"))
			err_set(&why, ERR_INVALID, "only statements have holes; queries take $1 and $2");
		else if (a->body[i].section == ACTION_STATEMENT)
			(void)!action_fill(&out, a->body[i].sql, &holes, &why);
		buf_release(&out);
		if (why.code < 0)
			return mistake(p, a->body[i].line, why.text);
	}
	return 0;
}

static int parse(struct parser *p, struct str text)
{
	static const char begin[] = "/* dytop action\n";
	const char *header = text.at + sizeof begin - 1, *end = text.at + text.len, *close;
	int lines = 2, rc;

	if (text.len > FILE_MAX)
		return err_set(p->why, ERR_TOO_BIG, "%s: larger than 256 kB", p->path);
	if (text.len < sizeof begin || strncmp(text.at, begin, sizeof begin - 1) != 0)
		return mistake(p, 1, "the first line must be '/* dytop action'");
	close = memmem(header, (size_t)(end - header), "\n*/", 3);
	if (!close)
		return mistake(p, 1, "the header is not closed by a line '*/'");
	rc = yaml_parse(&p->yaml, p->path, 2, header, (size_t)(close + 1 - header), p->why);
	if (rc == 0)
		rc = read_header(p);
	for (const char *c = header; c < close + 1; c++)
		lines += *c == '\n';
	if (rc == 0) {
		const char *body = close + 3;
		rc = read_sections(p, body, end, lines);
	}
	if (rc == 0)
		rc = check_holes(p);
	return rc;
}

int action_parse(struct action **out, const char *name, const char *path, struct str text, struct err *why)
{
	struct action *a = mem_alloc(sizeof *a);
	struct err ignored;
	struct parser p = {.a = a, .path = path, .why = why ? why : &ignored};
	int rc;

	if (strlen(name) >= ACTION_NAME_MAX || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0')
		rc = err_set(why, ERR_INVALID, "%s: an action's name is small letters, digits and _, %d at most", path,
		             ACTION_NAME_MAX - 1);
	else {
		snprintf(a->name, sizeof a->name, "%s", name);
		a->alone = true;
		a->since = VERSION_MIN;
		rc = parse(&p, text);
	}
	yaml_file_free(p.yaml);
	if (rc < 0)
		action_free(a);
	else
		*out = a;
	return rc;
}

void action_free(struct action *a)
{
	if (!a)
		return;
	for (int i = 0; i < a->body_count; i++)
		free(a->body[i].sql);
	free(a->title);
	free(a->about);
	free(a->value_name);
	free(a->secret);
	free(a->lists);
	free(a->extension);
	free(a);
}

const char *action_sql(const struct action *a, enum action_section section, int step, int version)
{
	const struct action_body *best = NULL;

	for (int i = 0; i < a->body_count; i++) {
		const struct action_body *b = &a->body[i];
		if (b->section == section && b->step == step && b->since <= version && (!best || b->since > best->since))
			best = b;
	}
	return best ? best->sql : NULL;
}
