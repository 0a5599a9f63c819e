/* SPDX-License-Identifier: PostgreSQL */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/schedule.h"
#include "core/mem.h"
#include "core/units.h"
#include "model/yaml.h"

enum { DAY_MINUTES = 24 * 60, ALL_DAYS = 0x7f };

struct parser {
	struct schedule *s;
	struct yaml_file *yaml;
	struct err *why;
};

static int read_name(struct parser *p, const struct yaml *n, char out[SCHEDULE_NAME_MAX])
{
	const char *text;
	int rc = yaml_read_text(p->yaml, n, &text, p->why);

	if (rc == 0 && (text[0] == '\0' || strlen(text) >= SCHEDULE_NAME_MAX ||
	                text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] != '\0'))
		rc = yaml_error(p->yaml, n, p->why, "%s: a name of letters, digits, _ and - is expected, 39 at most", n->key);
	if (rc == 0)
		snprintf(out, SCHEDULE_NAME_MAX, "%s", text);
	return rc;
}

static int read_copy(struct parser *p, const struct yaml *n, char **out)
{
	const char *text;
	int rc = yaml_read_text(p->yaml, n, &text, p->why);

	if (rc == 0) {
		free(*out);
		*out = mem_strdup(text);
	}
	return rc;
}

/* A time, or a word for one. */
static int read_every(struct parser *p, const struct yaml *n, double *ms)
{
	static const char *const word[] = {"hourly", "daily", "weekly"};
	static const double value[] = {3600e3, 86400e3, 7 * 86400e3};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(word) && n->text; i++)
		if (strcmp(n->text, word[i]) == 0) {
			*ms = value[i];
			return 0;
		}
	rc = yaml_read_duration(p->yaml, n, ms, p->why);
	if (rc == 0 && (*ms < 60e3 || *ms > 400 * 86400e3))
		rc = yaml_error(p->yaml, n, p->why, "%s: between 1min and 400d, or hourly, daily, weekly", n->key);
	return rc;
}

static int read_amount(struct parser *p, const struct yaml *n, enum unit want, const char *example, double *out)
{
	enum unit unit = UNIT_NONE;
	int rc = n->text ? unit_parse(str_from(n->text), out, &unit, NULL) : ERR_INVALID;

	if (rc < 0 || unit != want || *out <= 0)
		return yaml_error(p->yaml, n, p->why, "%s: something like %s is expected", n->key, example);
	return 0;
}

static int read_minute(struct parser *p, const struct yaml *n, int *out)
{
	const char *text = n->text ? n->text : "";
	unsigned hour, minute;
	int end = 0;

	if (sscanf(text, "%2u:%2u%n", &hour, &minute, &end) != 2 || text[end] != '\0' || hour > 24 || minute > 59 ||
	    hour * 60 + minute > DAY_MINUTES)
		return yaml_error(p->yaml, n, p->why, "%s: a time of the day is expected, like \"02:30\"", n->key);
	*out = (int)(hour * 60 + minute) % DAY_MINUTES;
	return 0;
}

static int read_days(struct parser *p, const struct yaml *n, unsigned *out)
{
	static const char *const names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
	int day, rc = 0;

	if (n->kind != YAML_LIST || !n->child)
		return yaml_error(p->yaml, n, p->why, "days: a list is expected, like [sat, sun]");
	*out = 0;
	for (const struct yaml *e = n->child; e && rc == 0; e = e->next) {
		rc = yaml_read_choice(p->yaml, e, names, &day, p->why);
		if (rc == 0)
			*out |= 1u << day;
	}
	return rc;
}

static int read_window(struct parser *p, const struct yaml *n, struct schedule_window *w)
{
	static const char *const known[] = {"days", "from", "to", NULL};
	const struct yaml *days = yaml_get(n, "days"), *from = yaml_get(n, "from"), *to = yaml_get(n, "to");
	int rc;

	if (n->kind != YAML_MAP)
		return yaml_error(p->yaml, n, p->why, "window: a map is expected, like {days: [sun], from: \"02:00\", to: \"05:00\"}");
	*w = (struct schedule_window){.set = true, .days = ALL_DAYS};
	rc = yaml_check_keys(p->yaml, n, known, p->why);
	if (rc == 0 && !from != !to)
		rc = yaml_error(p->yaml, n, p->why, "window: from: and to: stand together");
	if (rc == 0 && days)
		rc = read_days(p, days, &w->days);
	if (rc == 0 && from)
		rc = read_minute(p, from, &w->from);
	if (rc == 0 && to)
		rc = read_minute(p, to, &w->to);
	return rc;
}

static int read_limits(struct parser *p, const struct yaml *n)
{
	static const char *const known[] = {"active", "lag", "lag_time", "latency", NULL};
	struct schedule_limits *l = &p->s->limits;
	const struct yaml *e;
	int rc = n->kind == YAML_MAP ? yaml_check_keys(p->yaml, n, known, p->why) :
	                               yaml_error(p->yaml, n, p->why, "limits: a map is expected");

	if (rc == 0 && (e = yaml_get(n, "active")))
		rc = read_amount(p, e, UNIT_NONE, "20", &l->active);
	if (rc == 0 && (e = yaml_get(n, "lag")))
		rc = read_amount(p, e, UNIT_BYTES, "64MB", &l->lag_bytes);
	if (rc == 0 && (e = yaml_get(n, "lag_time")))
		rc = read_amount(p, e, UNIT_MS, "10s", &l->lag_ms);
	if (rc == 0 && (e = yaml_get(n, "latency")))
		rc = read_amount(p, e, UNIT_MS, "50ms", &l->latency_ms);
	return rc;
}

static int read_targets(struct parser *p, const struct yaml *n, struct schedule_job *j)
{
	int rc = 0;

	if (n->kind != YAML_LIST)
		return yaml_error(p->yaml, n, p->why, "targets: a list is expected");
	for (const struct yaml *e = n->child; e && rc == 0; e = e->next) {
		if (j->targets == SCHEDULE_TARGETS_MAX)
			return yaml_error(p->yaml, e, p->why, "targets: %d at most", SCHEDULE_TARGETS_MAX);
		rc = read_copy(p, e, &j->target[j->targets]);
		j->targets += rc == 0;
	}
	return rc;
}

static int check_name(struct parser *p, const struct yaml *n, const struct schedule_job *j)
{
	for (const struct schedule_job *other = p->s->job; other < j; other++)
		if (strcmp(other->name, j->name) == 0)
			return yaml_error(p->yaml, n, p->why, "name: there are two jobs '%s'", j->name);
	return 0;
}

static int read_job(struct parser *p, const struct yaml *n, const struct schedule_window *window, struct schedule_job *j)
{
	static const char *const known[] = {"name", "action", "targets", "value", "every", "retry", "window", "max_size", "mark", NULL};
	const struct yaml *name = yaml_get(n, "name"), *action = yaml_get(n, "action"), *every = yaml_get(n, "every"), *e;
	int rc;

	*j = (struct schedule_job){.window = *window, .retry_ms = 15 * 60e3, .max_bytes = NAN, .line = n->line};
	if (n->kind != YAML_MAP)
		return yaml_error(p->yaml, n, p->why, "a job is a map");
	rc = yaml_check_keys(p->yaml, n, known, p->why);
	if (rc == 0 && (!name || !action || !every))
		rc = yaml_error(p->yaml, n, p->why, "a job wants name:, action: and every:");
	if (rc == 0)
		rc = read_name(p, name, j->name);
	if (rc == 0)
		rc = check_name(p, name, j);
	if (rc == 0)
		rc = read_copy(p, action, &j->action);
	if (rc == 0)
		rc = read_every(p, every, &j->every_ms);
	if (rc == 0 && (e = yaml_get(n, "retry")))
		rc = read_every(p, e, &j->retry_ms);
	if (rc == 0 && (e = yaml_get(n, "targets")))
		rc = read_targets(p, e, j);
	if (rc == 0 && (e = yaml_get(n, "value")))
		rc = read_copy(p, e, &j->value);
	if (rc == 0 && (e = yaml_get(n, "mark")))
		rc = read_copy(p, e, &j->mark);
	if (rc == 0 && (e = yaml_get(n, "window")))
		rc = read_window(p, e, &j->window);
	if (rc == 0 && (e = yaml_get(n, "max_size")))
		rc = read_amount(p, e, UNIT_BYTES, "20GB", &j->max_bytes);
	return rc;
}

static int read_jobs(struct parser *p, const struct yaml *n, const struct schedule_window *window)
{
	int rc = 0;

	if (!n || n->kind != YAML_LIST || !n->child)
		return yaml_error(p->yaml, n ? n : yaml_root(p->yaml), p->why, "jobs: a list of jobs is expected");
	for (const struct yaml *e = n->child; e && rc == 0; e = e->next) {
		if (p->s->jobs == SCHEDULE_JOBS_MAX)
			return yaml_error(p->yaml, e, p->why, "jobs: %d at most", SCHEDULE_JOBS_MAX);
		rc = read_job(p, e, window, &p->s->job[p->s->jobs++]);
	}
	return rc;
}

static int read_root(struct parser *p)
{
	static const char *const known[] = {"name", "zone", "state", "limits", "window", "jobs", NULL};
	static const char *const zones[] = {"local", "utc", NULL};
	const struct yaml *root = yaml_root(p->yaml), *e;
	struct schedule_window window = {0};
	int zone = 0, rc = yaml_check_keys(p->yaml, root, known, p->why);

	if (rc == 0 && (e = yaml_get(root, "name")))
		rc = read_name(p, e, p->s->name);
	if (rc == 0 && (e = yaml_get(root, "zone")))
		rc = yaml_read_choice(p->yaml, e, zones, &zone, p->why);
	p->s->utc = zone == 1;
	if (rc == 0 && (e = yaml_get(root, "state")))
		rc = read_copy(p, e, &p->s->table);
	if (rc == 0 && p->s->table && strcmp(p->s->table, "file") == 0) {
		free(p->s->table);
		p->s->table = NULL;
	}
	if (rc == 0 && (e = yaml_get(root, "limits")))
		rc = read_limits(p, e);
	if (rc == 0 && (e = yaml_get(root, "window")))
		rc = read_window(p, e, &window);
	if (rc == 0)
		rc = read_jobs(p, yaml_get(root, "jobs"), &window);
	return rc;
}

int schedule_parse(struct schedule **out, const char *name, const char *path, struct str text, struct err *why)
{
	struct schedule *s = mem_alloc(sizeof *s);
	struct err ignored;
	struct parser p = {.s = s, .why = why ? why : &ignored};
	int rc;

	snprintf(s->name, sizeof s->name, "%s", name);
	s->table = mem_strdup("bridge_state");
	s->limits = (struct schedule_limits){NAN, NAN, NAN, NAN};
	rc = yaml_parse(&p.yaml, path, 1, text.at, text.len, p.why);
	if (rc == 0)
		rc = read_root(&p);
	yaml_file_free(p.yaml);
	if (rc < 0)
		schedule_free(s);
	else
		*out = s;
	return rc;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->jobs; i++) {
		struct schedule_job *j = &s->job[i];
		for (int k = 0; k < j->targets; k++)
			free(j->target[k]);
		free(j->action);
		free(j->value);
		free(j->mark);
	}
	free(s->table);
	free(s);
}
