/* SPDX-License-Identifier: PostgreSQL */
#include "app/usage.h"

#include <string.h>

enum { USAGE_WIDTH = 79, USAGE_INDENT = 27 };

/* Adds text from column `at` on, wrapped at blanks to `indent`, and ends the line. */
static void add_wrapped(struct buf *out, int at, int indent, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		bool begin = at <= indent;
		if (!begin && at + 1 + (int)len > USAGE_WIDTH) {
			buf_addf(out, "\n%*s", indent, "");
			at = indent;
			begin = true;
		}
		buf_addf(out, "%s%.*s", begin ? "" : " ", (int)len, text);
		at += (int)len + !begin;
		text += len;
		while (*text == ' ')
			text++;
	}
	buf_addc(out, '\n');
}

/* "-i, --interval SECS". */
static void add_names(struct buf *out, const struct option_def *row, const struct command *command)
{
	const struct option_def *def = options_find_for(command, row->name);

	if (row->letter)
		buf_addf(out, "-%c, --%s", row->letter, row->name);
	else
		buf_addf(out, "    --%s", row->name);
	if (def->arg)
		buf_addf(out, " %s", def->arg);
}

static void add_row(struct buf *out, const struct option_def *row, const struct command *command)
{
	struct buf names = BUF_INIT(256), help = BUF_INIT(1024);

	add_names(&names, row, command);
	if (row->kind == OPTION_ALIAS)
		buf_addf(&help, "the same as --%s", row->arg);
	else
		buf_adds(&help, row->help);
	if (row->kind != OPTION_ALIAS && row->fallback && strcmp(row->fallback, "-1") != 0)
		buf_addf(&help, " (%s)", row->fallback);
	buf_addf(out, "  %s", buf_text(&names));
	int at = (int)names.len + 2;
	if (at > USAGE_INDENT - 2)
		buf_addf(out, "\n%*s", USAGE_INDENT, "");
	else
		buf_addf(out, "%*s", USAGE_INDENT - at, "");
	add_wrapped(out, USAGE_INDENT, USAGE_INDENT, buf_text(&help));
	buf_release(&names);
	buf_release(&help);
}

static void add_commands(struct buf *out)
{
	if (!commands_all()[0])
		return;
	buf_adds(out, "\nCommands (dytop COMMAND --help says more):\n");
	for (const struct command *const *c = commands_all(); *c; c++) {
		buf_addf(out, "  %-*s", USAGE_INDENT - 2, (*c)->name);
		add_wrapped(out, USAGE_INDENT, USAGE_INDENT, (*c)->summary);
	}
}

static void program_help(struct buf *out)
{
	buf_adds(out, "dytop shows what PostgreSQL, Redis and PgBouncer do, live or as a snapshot.\n\n"
	              "Usage:\n"
	              "  dytop [OPTION]... [CONNINFO | URI | DBNAME]...      the live dashboard\n"
	              "  dytop -b [-n N] [-i SECS] [--format FORMAT] [...]   a snapshot\n"
	              "  dytop COMMAND [OPTION]... [WORD]...                 an action\n");
	add_commands(out);
	for (int group = 0; group < OPTIONS_GROUP_COUNT; group++) {
		buf_addf(out, "\n%s:\n", options_group_title((enum option_group)group));
		for (const struct option_def *row = options_table(NULL); row->name; row++)
			if ((int)row->group == group)
				add_row(out, row, NULL);
	}
	buf_adds(out, "\nWhat --dump-config shows can stand in the configuration file and, as DYTOP_NAME,\n"
	              "in the environment; the command line wins.\n"
	              "Exit status: 0 ok, 1 usage, configuration or own failure, 2 cannot connect or\n"
	              "log in, 3 partial data, 4 output failed.\n");
}

void usage_help(struct buf *out, const struct command *command)
{
	if (!command) {
		program_help(out);
		return;
	}
	buf_addf(out, "dytop %s: %s.\n\nUsage:\n  dytop %s %s\n", command->name, command->summary, command->name,
	         command->arguments);
	for (const char *at = command->about; at && *at; ) {
		struct buf line = BUF_INIT(4096);
		size_t len = strcspn(at, "\n");
		buf_add(&line, at, len);
		buf_addc(out, '\n');
		add_wrapped(out, 0, 0, buf_text(&line));
		buf_release(&line);
		at += len + (at[len] == '\n');
	}
	if (command->rows) {
		buf_adds(out, "\nOptions:\n");
		for (const struct option_def *row = command->rows; row->name; row++)
			add_row(out, row, command);
	}
	buf_adds(out, "\nThe options of servers, timeouts, actions and files are those of dytop --help; the\n"
	              "server is given by -d, -h, -p, -U or the environment, as in psql.\n");
}

void usage_options(struct buf *out)
{
	for (const struct option_def *row = options_table(NULL); row->name; row++) {
		buf_addf(out, "--%s\n", row->name);
		if (row->letter)
			buf_addf(out, "-%c\n", row->letter);
	}
	for (const struct command *const *c = commands_all(); *c; c++)
		for (const struct option_def *row = (*c)->rows; row && row->name; row++)
			buf_addf(out, "--%s\n", row->name);
}
