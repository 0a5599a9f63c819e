/* SPDX-License-Identifier: PostgreSQL */
#include "app/options.h"

#include <getopt.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/shown.h"
#include "app/wipe.h"
#include "core/mem.h"
#include "core/nearest.h"

enum option_from options_from(const struct options *o, const char *name)
{
	const struct option_def *def = options_find(name);
	return def ? (enum option_from)o->from[def - options_table(NULL)] : OPTION_DEFAULT;
}

static const struct option_def *own_rows(const struct command *command)
{
	static const struct option_def none = {.name = NULL};

	return command && command->rows ? command->rows : &none;
}

const struct option_def *options_find_for(const struct command *command, const char *name)
{
	for (const struct option_def *row = own_rows(command); row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row->kind == OPTION_ALIAS ? options_find_for(command, row->arg) : row;
	return options_find(name);
}

bool options_own_given(const struct options *o, const char *name)
{
	for (const struct option_def *row = own_rows(o->command); row->name; row++)
		if (strcmp(row->name, name) == 0)
			return o->own_from[row - o->command->rows] == OPTION_FROM_ARGV;
	return false;
}

bool options_batch(const struct options *o)
{
	return o->batch || options_from(o, "format") > OPTION_DEFAULT || options_from(o, "iterations") > OPTION_DEFAULT ||
	       o->output || (!o->script && !isatty(STDOUT_FILENO));
}

/* --- the command line --------------------------------------------------------------------------------------------- */

struct word { /* one option as it stood on the command line */
	const struct option_def *def; /* NULL: a plain word of a command */
	char *value;
	char shown[40]; /* "-i", "--interval", for messages */
};

struct words {
	struct word *word;
	int count;
};

static void words_add(struct words *ws, const struct option_def *def, const char *shown, char *value)
{
	ws->word = mem_resize(ws->word, (size_t)ws->count + 1, sizeof *ws->word);
	struct word *w = &ws->word[ws->count++];
	memset(w, 0, sizeof *w);
	w->def = def;
	w->value = mem_strdup(value);
	snprintf(w->shown, sizeof w->shown, "%s", shown);
	if (value && def && def->flags & OPTION_SECRET)
		wipe_secret(value);
}

static void words_release(struct words *ws)
{
	for (int i = 0; i < ws->count; i++) {
		if (ws->word[i].value)
			mem_wipe(ws->word[i].value, strlen(ws->word[i].value));
		free(ws->word[i].value);
	}
	free(ws->word);
}

static bool takes_value(const struct option_def *def)
{
	return def->kind != OPTION_FLAG && def->kind != OPTION_ACTION;
}

/* Every row that may be given with a command: its own, then the general ones that it does not replace. */
struct rows {
	const struct option_def *row[OPTIONS_MAX + OPTIONS_OWN_MAX + 1];
	int count;
};

static void rows_collect(struct rows *rows, const struct command *command)
{
	rows->count = 0;
	for (const struct option_def *own = own_rows(command); own->name; own++)
		rows->row[rows->count++] = own;
	int own_count = rows->count;
	for (const struct option_def *row = options_table(NULL); row->name; row++) {
		bool replaced = command && row->group == OPTIONS_BATCH;
		for (int i = 0; i < own_count && !replaced; i++)
			replaced = strcmp(rows->row[i]->name, row->name) == 0;
		if (!replaced)
			rows->row[rows->count++] = row;
	}
}

static const struct option_def *find_letter(const struct rows *rows, int letter)
{
	for (int i = 0; i < rows->count; i++)
		if (letter && rows->row[i]->letter == letter)
			return rows->row[i];
	return NULL;
}

static const struct option_def *find_name(const struct rows *rows, const char *name)
{
	for (int i = 0; i < rows->count; i++)
		if (strcmp(rows->row[i]->name, name) == 0)
			return rows->row[i]->kind == OPTION_ALIAS ? find_name(rows, rows->row[i]->arg) : rows->row[i];
	return NULL;
}

/* What getopt_long() refused: a message that names the word and the nearest known one. Letter: of a short option. */
static int bad_word(const struct rows *rows, const char *word, int letter, struct err *why)
{
	const char *names[OPTIONS_MAX + OPTIONS_OWN_MAX + 1], *near, *match[2] = {NULL, NULL};
	char typed[NEAREST_TEXT_MAX];

	if (letter > 0 && letter < 256) {
		return find_letter(rows, letter) ?
		               err_set(why, ERR_INVALID, "option -%c needs a value; see dytop --help", letter) :
		               err_set(why, ERR_INVALID, "unknown option -%c; see dytop --help", letter);
	}
	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	struct shown seen = shown(typed);
	if (find_name(rows, typed)) {
		return strchr(word, '=') ? err_set(why, ERR_INVALID, "option --%s takes no value", typed) :
		                           err_set(why, ERR_INVALID, "option --%s needs a value; see dytop --help", typed);
	}
	for (int i = 0; i < rows->count; i++) {
		names[i] = rows->row[i]->name;
		if (strncmp(names[i], typed, strlen(typed)) == 0)
			match[match[0] != NULL] = names[i];
	}
	names[rows->count] = NULL;
	near = nearest_of(str_from(typed), names);
	if (match[1])
		return err_set(why, ERR_INVALID, "option --%s is ambiguous: --%s or --%s", seen.text, match[0], match[1]);
	return near ? err_set(why, ERR_INVALID, "unknown option --%s; did you mean --%s?", seen.text, near) :
	              err_set(why, ERR_INVALID, "unknown option --%s; see dytop --help", seen.text);
}

enum { LONG_OPTION = 0x1000, ROWS_MAX = OPTIONS_MAX + OPTIONS_OWN_MAX, LETTERS_MAX = ROWS_MAX * 2 + 2 };

/* The rows in the form that getopt_long() reads. */
static void getopt_tables(const struct rows *rows, char letters[LETTERS_MAX], struct option *longs)
{
	size_t at = 0;

	letters[at++] = ':'; /* tells a missing value from an unknown option */
	for (int i = 0; i < rows->count; i++) {
		const struct option_def *row = rows->row[i];
		int argument = takes_value(find_name(rows, row->name)) ? required_argument : no_argument;
		/* A value of its own for each row: alike rows would not count as ambiguous when abbreviated. */
		*longs++ = (struct option){row->name, argument, NULL, LONG_OPTION + i};
		if (!row->letter || row->letter == '?' || find_letter(rows, row->letter) != row) /* '?': getopt's sign of an error */
			continue;
		letters[at++] = row->letter;
		if (argument == required_argument)
			letters[at++] = ':';
	}
	letters[at] = '\0';
	memset(longs, 0, sizeof *longs);
}

static int argv_read(struct words *ws, const struct command *command, int argc, char **argv, struct err *why)
{
	struct option longs[ROWS_MAX + 1];
	struct rows rows;
	char letters[LETTERS_MAX], shown[40];
	int got, index = -1;

	rows_collect(&rows, command);
	getopt_tables(&rows, letters, longs);
	opterr = 0;
	optind = 0; /* start over, so that it may be called twice */
	while (optopt = 0, (got = getopt_long(argc, argv, letters, longs, &index)) != -1) {
		const struct option_def *def = got >= LONG_OPTION ? find_name(&rows, longs[index].name) : find_letter(&rows, got);
		bool refused = got == ':' || (got == '?' && optopt != '?');
		if (refused || !def)
			return bad_word(&rows, argv[optind - 1], optopt, why);
		if (got >= LONG_OPTION)
			snprintf(shown, sizeof shown, "--%s", longs[index].name);
		else
			snprintf(shown, sizeof shown, "-%c", got);
		words_add(ws, def, shown, takes_value(def) ? optarg : NULL);
	}
	for (int i = optind; i < argc; i++)
		words_add(ws, command ? NULL : options_find("dbname"), "server", argv[i]);
	return 0;
}

/* --- where values come from --------------------------------------------------------------------------------------- */

static int defaults_read(struct options *o, struct err *why)
{
	int rc = 0;

	memset(o, 0, sizeof *o);
	for (const struct option_def *def = options_table(NULL); def->name && rc == 0; def++)
		if (def->fallback)
			rc = options_set(o, def, def->fallback, OPTION_DEFAULT, def->name, why);
	return rc;
}

static int environment_read(struct options *o, struct err *why)
{
	char name[64];

	for (const struct option_def *def = options_table(NULL); def->name; def++) {
		if (def->kind == OPTION_ALIAS || def->flags & (OPTION_ARGV_ONLY | OPTION_FILE_ONLY))
			continue;
		options_env_name(def, name);
		const char *value = getenv(name);
		if (!value || !*value)
			continue;
		int rc = options_set(o, def, value, OPTION_FROM_ENV, name, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What the terminal and the locale cannot show is off, unless a person said otherwise. */
static void surroundings_read(struct options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	bool dumb = term && strcmp(term, "dumb") == 0;

	if (options_from(o, "no-color") == OPTION_DEFAULT && ((no_color && *no_color) || dumb))
		o->no_color = true;
	/* its cursor, headings and alarms differ by attributes; a ground of colour all becomes inversion */
	if (o->no_color && options_from(o, "theme") == OPTION_DEFAULT)
		(void)!options_set(o, options_find("theme"), "mono", OPTION_DEFAULT, "theme", NULL);
	if (options_from(o, "ascii") == OPTION_DEFAULT && strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0)
		o->ascii = true;
}

static void config_place(struct options *o)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	struct buf path = BUF_INIT(4096);

	if (xdg && *xdg == '/')
		buf_addf(&path, "%s/dytop", xdg);
	else if (home && *home == '/')
		buf_addf(&path, "%s/.config/dytop", home);
	if (path.len > 0 && !path.failed)
		o->config_dir = mem_strdup(buf_text(&path));
	buf_release(&path);
}

static int config_read(struct options *o, const struct words *ws, struct err *why)
{
	const char *given = NULL;
	struct buf usual = BUF_INIT(4096);
	int rc = 0;

	for (int i = 0; i < ws->count; i++)
		if (ws->word[i].def && strcmp(ws->word[i].def->name, "config") == 0)
			given = ws->word[i].value;
	if (!given)
		given = getenv("DYTOP_CONFIG");
	if (!given && o->config_dir) {
		buf_addf(&usual, "%s/config.yaml", o->config_dir);
		if (access(buf_text(&usual), F_OK) == 0)
			given = buf_text(&usual);
	}
	if (given && *given) {
		rc = config_load(o, given, why);
		if (rc == 0)
			o->config_path = mem_strdup(given);
	}
	buf_release(&usual);
	return rc;
}

static int check_together(const struct options *o, struct err *why)
{
	if (o->prompt && o->no_prompt)
		return err_set(why, ERR_INVALID, "-W and -w contradict each other");
	if (strcmp(o->format, "openmetrics") == 0 && o->iterations == 0)
		return err_set(why, ERR_INVALID, "--format openmetrics is one exposition: it needs -n 1 or more");
	if (o->script && !o->replay)
		return err_set(why, ERR_INVALID, "--script needs --replay FILE");
	if (o->record && o->replay)
		return err_set(why, ERR_INVALID, "--record and --replay contradict each other");
	if (o->no_postgres && o->redis.count + o->pgbouncer.count == 0 && !o->replay && o->action == OPTIONS_RUN)
		return err_set(why, ERR_INVALID, "--no-postgres leaves nothing to watch; add --redis or --pgbouncer");
	if (!o->redis_cert != !o->redis_key)
		return err_set(why, ERR_INVALID, "--redis-cert and --redis-key go together");
	return 0;
}

/* The command's own struct with its defaults. */
static int own_defaults_read(struct options *o, const struct command *command, struct err *why)
{
	int rc = 0;

	if (!command)
		return 0;
	o->command = command;
	o->args = mem_calloc(1, command->size + 1);
	for (const struct option_def *def = own_rows(command); def->name && rc == 0; def++)
		if (def->fallback)
			rc = options_set(o, def, def->fallback, OPTION_DEFAULT, def->name, why);
	return rc;
}

static int words_set(struct options *o, const struct words *ws, struct err *why)
{
	int rc = 0;

	for (int i = 0; i < ws->count && rc == 0; i++) {
		const struct word *w = &ws->word[i];
		if (w->def)
			rc = options_set(o, w->def, w->value ? w->value : "yes", OPTION_FROM_ARGV, w->shown, why);
		else
			rc = options_word(o, w->value, why);
	}
	return rc;
}

int options_read(struct options *o, int argc, char **argv, struct err *why)
{
	const struct command *command = argc > 1 ? commands_find(argv[1]) : NULL;
	struct words ws = {0};
	int rc = defaults_read(o, why);

	if (rc == 0)
		rc = own_defaults_read(o, command, why);
	if (rc == 0)
		rc = argv_read(&ws, command, argc - (command != NULL), argv + (command != NULL), why);
	config_place(o);
	if (rc == 0)
		rc = config_read(o, &ws, why);
	if (rc == 0)
		rc = environment_read(o, why);
	if (rc == 0)
		rc = words_set(o, &ws, why);
	if (rc == 0)
		rc = check_together(o, why);
	surroundings_read(o);
	words_release(&ws);
	return rc;
}
