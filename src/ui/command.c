/* SPDX-License-Identifier: PostgreSQL */
/* The ':' line: commands with arguments from the table below, and every action of keys.def by its name. */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "ui/state.h"

enum { INTERVAL_MIN_MS = 100, INTERVAL_MAX_MS = 3600 * 1000 };

typedef int command_fn(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why);

/* What its arguments are, for completion. */
enum command_args { ARGS_NONE, ARGS_COLUMN, ARGS_COLUMNS, ARGS_FILTER, ARGS_SCREEN, ARGS_TABLE, ARGS_SERVER, ARGS_THEME, ARGS_SET };

struct command {
	const char *name, *args, *help;
	command_fn *run;
	enum command_args kind;
};

/* --- arguments ----------------------------------------------------------------------------------------------------------- */

static struct str first_word(const char **args)
{
	struct str word;

	*args += strspn(*args, " ");
	word.at = *args;
	word.len = strcspn(*args, " ");
	*args += word.len;
	*args += strspn(*args, " ");
	return word;
}

static int need_table(const struct ui *u, struct ui_table **t, struct err *why)
{
	*t = screens_table(u);
	return *t ? 0 : err_set(why, ERR_INVALID, "there is no table on this screen");
}

static int read_switch(struct str word, bool now, bool *out, struct err *why)
{
	if (str_is(word, "on") || str_is(word, "yes") || str_is(word, "true"))
		*out = true;
	else if (str_is(word, "off") || str_is(word, "no") || str_is(word, "false"))
		*out = false;
	else if (word.len == 0)
		*out = !now;
	else
		return err_set(why, ERR_INVALID, "on or off, not '%.*s'", (int)word.len, word.at);
	return 0;
}

/* --- commands ------------------------------------------------------------------------------------------------------------ */

static int run_sort(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct ui_table *t;
	struct str name = first_word(&args), way = first_word(&args);
	int column, rc = need_table(u, &t, why);
	bool minus = name.len > 0 && name.at[0] == '-';

	(void)h;
	if (rc < 0)
		return rc;
	name = (struct str){name.at + minus, name.len - minus};
	column = panel_column_by_name(t->p, name);
	if (column < 0)
		return err_set(why, ERR_INVALID, "no column '%.*s' here", (int)name.len, name.at);
	if (way.len > 0 && !str_is(way, "asc") && !str_is(way, "desc"))
		return err_set(why, ERR_INVALID, "asc or desc, not '%.*s'", (int)way.len, way.at);
	view_sort(&t->view, column, way.len > 0 ? str_is(way, "desc") : minus || columns_right(&t->p->column[column]));
	*result = UI_RESULT_REDRAW_WANT;
	return 0;
}

static int run_filter(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct ui_table *t;
	int rc = need_table(u, &t, why);

	(void)h;
	*result = UI_RESULT_REDRAW_WANT;
	return rc < 0 ? rc : view_set_filter(&t->view, args[0] ? args : NULL, why);
}

static int run_search(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	(void)why;
	snprintf(u->search, sizeof(u->search), "%s", args);
	*result = args[0] ? act_search_next(u, h, 0) : UI_REDRAW;
	return 0;
}

static int run_screen(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct str name = first_word(&args);
	int at = screens_by_name(u, name);

	if (at < 0 && name.len == 1 && name.at[0] >= '0' && name.at[0] <= '9') {
		*result = act_screen(u, h, name.at[0]);
		return 0;
	}
	if (at < 0)
		return err_set(why, ERR_INVALID, "there is no screen '%.*s'", (int)name.len, name.at);
	*result = screens_go(u, h, at);
	return 0;
}

static int run_table(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct ui_screen *s = &u->screen[u->here];
	struct str name = first_word(&args);

	(void)h;
	for (int i = 0; i < s->table_count; i++)
		if (str_is(name, u->table[s->table[i]].p->name)) {
			window_close_all(u);
			s->here = i;
			*result = UI_RESULT_REDRAW_WANT;
			return 0;
		}
	return err_set(why, ERR_INVALID, "there is no table '%.*s' on this screen", (int)name.len, name.at);
}

static int run_server(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct str name = first_word(&args);

	for (int i = 0; i < h->server_count; i++)
		if (name.len > 0 && strncasecmp(h->servers[i]->name, name.at, name.len) == 0) {
			u->chosen[h->servers[i]->kind] = i;
			*result = UI_RESULT_REDRAW_WANT;
			return 0;
		}
	return err_set(why, ERR_INVALID, "there is no server '%.*s'", (int)name.len, name.at);
}

static int run_theme(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct str name = first_word(&args);

	for (int i = 0; h->themes && h->themes[i]; i++)
		if (str_is(name, h->themes[i])) {
			snprintf(u->theme, sizeof(u->theme), "%s", h->themes[i]);
			*result = UI_REDRAW | UI_THEME;
			return 0;
		}
	return err_set(why, ERR_INVALID, "there is no theme '%.*s'", (int)name.len, name.at);
}

static int run_interval(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	enum unit unit;
	double value;
	int rc = unit_parse(str_from(args), &value, &unit, why);

	(void)h;
	if (rc < 0)
		return rc;
	if (unit == UNIT_NONE)
		value *= 1000;
	else if (unit != UNIT_MS)
		return err_set(why, ERR_INVALID, "an interval is a time, as in 2s or 500ms");
	if (!(value >= INTERVAL_MIN_MS && value <= INTERVAL_MAX_MS))
		return err_set(why, ERR_INVALID, "an interval is from 100ms to 1h");
	u->interval_ms = value;
	*result = UI_REDRAW | UI_INTERVAL;
	return 0;
}

static int run_columns(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct ui_table *t;
	int list[UI_PLACES_MAX], rc = need_table(u, &t, why);

	(void)h;
	if (rc < 0)
		return rc;
	rc = columns_set(t, args[0] ? args : "default", why);
	if (rc == 0 && columns_taking_part(t, list) == 0)
		t->shown[t->column[0]] = true;
	*result = UI_RESULT_REDRAW_WANT;
	return rc;
}

static int set_flag(struct ui *u, const char *name, struct str value, unsigned *result, struct err *why)
{
	struct ui_table *t;
	int rc = need_table(u, &t, why);
	bool *flag;

	if (rc < 0)
		return rc;
	flag = strcmp(name, "wrap") == 0     ? &t->wrap
	       : strcmp(name, "tree") == 0   ? &t->view.tree
	       : strcmp(name, "follow") == 0 ? &t->view.follow
	                                     : &t->view.show_hidden;
	if (flag == &t->view.tree && t->p->tree_id < 0)
		return err_set(why, ERR_INVALID, "%s is no tree", t->p->title);
	rc = read_switch(value, *flag, flag, why);
	t->view.dirty = true;
	*result = UI_RESULT_REDRAW_WANT;
	return rc;
}

static int set_mode(struct ui *u, struct str value, unsigned *result, struct err *why)
{
	struct ui_table *t;
	int rc = need_table(u, &t, why);

	if (rc < 0)
		return rc;
	if (!str_is(value, "interval") && !str_is(value, "cumulative"))
		return err_set(why, ERR_INVALID, "interval or cumulative, not '%.*s'", (int)value.len, value.at);
	u->mode[t->panel] = str_is(value, "cumulative") ? FEED_LIFETIME : FEED_INTERVAL;
	u->diff = false;
	t->view.dirty = true;
	*result = UI_RESULT_REDRAW_WANT | UI_MODE;
	return 0;
}

/* A time of day on the day that is shown, or the day beside it when the recording has no such time or that one is nearer. */
static int read_moment(const struct ui_host *h, const char *text, int64_t *out, struct err *why)
{
	int hour, minute, second = 0, used = 0, at = 0;
	int64_t now = h->now.wall_us, best = INT64_MIN;

	if (sscanf(text, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second, &at) < 2 || text[at > 0 ? at : used] || hour < 0 ||
	    hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return err_set(why, ERR_INVALID, "a time is hh:mm, hh:mm:ss, or as -5m or +30s from here");
	for (int day = -1; day <= 1; day++) {
		int64_t moment = clock_local_moment(now, day, hour * 3600 + minute * 60 + second);

		if (moment >= h->began_us && (best == INT64_MIN || llabs(moment - now) < llabs(best - now)))
			best = moment;
	}
	*out = best == INT64_MIN ? h->began_us - 1 : best;
	return 0;
}

static int run_branch(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct ui_step step = {.kind = UI_STEP_TIME};
	enum unit unit;
	double value;
	int rc = 0;

	if (!h->replay || !args[0]) {
		*result = act_branch(u, h, 0);
		return 0;
	}
	if (args[0] == '-' || args[0] == '+') {
		step.about = true;
		rc = unit_parse(str_from(args + 1), &value, &unit, why);
		if (rc == 0 && (unit != UNIT_MS || !(value <= 1e12)))
			rc = err_set(why, ERR_INVALID, "a time from here is as -5m or +30s");
		step.wall_us = h->now.wall_us + (rc < 0 ? 0 : (int64_t)(args[0] == '-' ? -value * 1e3 : value * 1e3));
	} else {
		rc = read_moment(h, args, &step.wall_us, why);
	}
	if (rc == 0)
		*result = ui_go(u, &step);
	return rc;
}

static const char *const settings[] = {"wrap", "tree", "follow", "hidden", "mode", "pause", "theme", "interval", NULL};

static int run_set(struct ui *u, const struct ui_host *h, const char *args, unsigned *result, struct err *why)
{
	struct str name = first_word(&args);
	const char *rest = args;
	struct str value = first_word(&args);

	if (str_is(name, "theme"))
		return run_theme(u, h, rest, result, why);
	if (str_is(name, "interval"))
		return run_interval(u, h, rest, result, why);
	if (str_is(name, "mode"))
		return set_mode(u, value, result, why);
	if (str_is(name, "pause")) {
		*result = UI_REDRAW | UI_PAUSE;
		return read_switch(value, u->paused, &u->paused, why);
	}
	for (int i = 0; settings[i]; i++)
		if (str_is(name, settings[i]))
			return set_flag(u, settings[i], value, result, why);
	return err_set(why, ERR_INVALID, "there is no setting '%.*s'", (int)name.len, name.at);
}

static const struct command commands[] = {
	{"sort", "COLUMN [asc|desc]", "sort the table by a column", run_sort, ARGS_COLUMN},
	{"filter", "[EXPRESSION]", "show only rows that match; without one: all", run_filter, ARGS_FILTER},
	{"search", "[TEXT]", "go to the next row with that text; without one: forget it", run_search, ARGS_NONE},
	{"columns", "[+NAME -NAME | NAME ...]", "columns on, off, or exactly these in this order; without one: as declared",
	 run_columns, ARGS_COLUMNS},
	{"screen", "NAME", "go to a screen", run_screen, ARGS_SCREEN},
	{"table", "NAME", "go to a table of this screen", run_table, ARGS_TABLE},
	{"server", "NAME", "show this server", run_server, ARGS_SERVER},
	{"theme", "NAME", "take a theme", run_theme, ARGS_THEME},
	{"branch", "TIME", "of a recording: go to a time: 14:05, 14:05:30, or -5m from here", run_branch, ARGS_NONE},
	{"interval", "DURATION", "time between samples, as 2s or 500ms", run_interval, ARGS_NONE},
	{"set", "OPTION [VALUE]", "wrap, tree, follow, hidden, pause: on or off; mode: interval or cumulative; theme; interval",
	 run_set, ARGS_SET},
};

const char *command_help(int i, char out[64])
{
	if (i < 0 || i >= (int)ARRAY_LEN(commands))
		return NULL;
	snprintf(out, 64, "%s %s", commands[i].name, commands[i].args);
	return commands[i].help;
}

/* --- finding ------------------------------------------------------------------------------------------------------------- */

/* A command by its name, or by the only beginning that fits; the same for actions. */
struct found {
	const struct command *command;
	enum keys_action action;
	int count;
};

static bool begins(const char *name, struct str word)
{
	return strlen(name) >= word.len && strncmp(name, word.at, word.len) == 0;
}

static struct found find(struct str word)
{
	struct found found = {.count = 0};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (str_is(word, commands[i].name))
			return (struct found){.command = &commands[i], .count = 1};
	if (keys_by_name(word) != ACT_NONE)
		return (struct found){.action = keys_by_name(word), .count = 1};
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (begins(commands[i].name, word)) {
			found.command = &commands[i];
			found.count++;
		}
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		char name[32];

		keys_name((enum keys_action)i, name);
		if (!begins(name, word))
			continue;
		found.action = (enum keys_action)i;
		found.count += !found.command || strcmp(found.command->name, name) != 0;
	}
	return found;
}

static unsigned run_action(struct ui *u, const struct ui_host *h, enum keys_action action, struct str word)
{
	char key[16];

	if (keys_works(action, ui_context(u)))
		return act_run(u, h, action, 0);
	keys_first(action, KEYS_ANY, key);
	ui_error(u, h, "%.*s (key %s) does nothing here", (int)word.len, word.at, key);
	return UI_REDRAW;
}

unsigned command_run(struct ui *u, const struct ui_host *h, const char *line)
{
	const char *args = line;
	struct str word = first_word(&args);
	struct found found;
	struct err why = {0};
	unsigned result = UI_REDRAW;

	if (word.len == 0)
		return UI_REDRAW;
	found = find(word);
	if (found.count != 1)
		ui_error(u, h, "%s command '%.*s'; Tab lists them", found.count ? "more than one" : "no such",
		         (int)word.len, word.at);
	else if (!found.command)
		result = run_action(u, h, found.action, word);
	else if (found.command->run(u, h, args, &result, &why) < 0)
		ui_error(u, h, "%s: %s", found.command->name, why.text);
	return result;
}

/* --- completion ---------------------------------------------------------------------------------------------------------- */

struct candidates {
	struct buf *out;
	struct str word;
};

static void offer(struct candidates *c, const char *name)
{
	if (!begins(name, c->word) || strchr(name, ' '))
		return;
	if (c->out->len > 0)
		buf_addc(c->out, ' ');
	buf_adds(c->out, name);
}

static void offer_columns(const struct ui *u, struct candidates *c)
{
	const struct ui_table *t = screens_table(u);

	for (int i = 0; t && i < t->p->column_count; i++)
		offer(c, t->p->column[i].name);
}

static void offer_values(struct candidates *c, struct str setting, const struct ui_host *h)
{
	if (str_is(setting, "theme")) {
		for (int i = 0; h->themes && h->themes[i]; i++)
			offer(c, h->themes[i]);
	} else if (str_is(setting, "mode")) {
		offer(c, "interval");
		offer(c, "cumulative");
	} else if (!str_is(setting, "interval")) {
		offer(c, "on");
		offer(c, "off");
	}
}

static void offer_args(struct ui *u, const struct ui_host *h, const struct command *command, const char *args,
                       struct candidates *c)
{
	const struct ui_screen *s = &u->screen[u->here];
	const char *rest = args;
	struct str first = first_word(&rest);

	switch (command->kind) {
	case ARGS_COLUMN:
	case ARGS_COLUMNS:
	case ARGS_FILTER:
		offer_columns(u, c);
		break;
	case ARGS_SCREEN:
		for (int i = 0; i < u->screen_count; i++)
			offer(c, u->screen[i].name);
		break;
	case ARGS_TABLE:
		for (int i = 0; i < s->table_count; i++)
			offer(c, u->table[s->table[i]].p->name);
		break;
	case ARGS_SERVER:
		for (int i = 0; i < h->server_count; i++)
			offer(c, h->servers[i]->name);
		break;
	case ARGS_THEME:
		offer_values(c, STR("theme"), h);
		break;
	case ARGS_SET:
		for (int i = 0; settings[i] && first.at == c->word.at; i++)
			offer(c, settings[i]);
		if (first.at != c->word.at)
			offer_values(c, first, h);
		break;
	default:
		break;
	}
}

static void offer_commands(struct candidates *c)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		offer(c, commands[i].name);
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		char name[32];
		bool taken = false;

		keys_name((enum keys_action)i, name);
		for (size_t k = 0; k < ARRAY_LEN(commands); k++)
			taken |= strcmp(commands[k].name, name) == 0;
		if (!taken)
			offer(c, name);
	}
}

void command_complete(struct ui *u, const struct ui_host *h, size_t *start, struct buf *out)
{
	const struct prompt *p = &u->prompt;
	const char *args = p->text;
	struct candidates c = {.out = out};
	struct str word = first_word(&args);
	size_t at = p->at;

	while (at > 0 && !strchr(" ,()=<>!~+-*/%", p->text[at - 1]))
		at--;
	if (p->kind == PROMPT_COMMAND && word.at + word.len >= p->text + p->at)
		at = (size_t)(word.at - p->text); /* names of actions have '-' in them */
	c.word = (struct str){p->text + at, p->at - at};
	*start = at;
	if (p->kind == PROMPT_FILTER) {
		offer_columns(u, &c);
	} else if (word.at + word.len >= p->text + p->at) {
		offer_commands(&c);
	} else {
		struct found found = find(word);

		if (found.count == 1 && found.command)
			offer_args(u, h, found.command, args, &c);
	}
}
