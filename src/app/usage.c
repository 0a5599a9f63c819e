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
static void add_names(struct buf *out, const struct option_def *row)
{
	const struct option_def *def = options_find(row->name);

	if (row->letter)
		buf_addf(out, "-%c, --%s", row->letter, row->name);
	else
		buf_addf(out, "    --%s", row->name);
	if (def->arg)
		buf_addf(out, " %s", def->arg);
}

void usage_help(struct buf *out)
{
	struct buf names = BUF_INIT(256), help = BUF_INIT(1024);

	buf_adds(out, "dytop shows what PostgreSQL, Redis and PgBouncer do, live or as a snapshot.\n\n"
	              "Usage:\n"
	              "  dytop [OPTION]... [CONNINFO | URI | DBNAME]...      the live dashboard\n"
	              "  dytop -b [-n N] [-i SECS] [--format FORMAT] [...]   a snapshot\n");
	for (int group = 0; group < OPTIONS_GROUP_COUNT; group++) {
		buf_addf(out, "\n%s:\n", options_group_title((enum option_group)group));
		for (const struct option_def *row = options_table(NULL); row->name; row++) {
			if ((int)row->group != group)
				continue;
			buf_clear(&names);
			buf_clear(&help);
			add_names(&names, row);
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
		}
	}
	buf_adds(out, "\nWhat --dump-config shows can stand in the configuration file and, as DYTOP_NAME,\n"
	              "in the environment; the command line wins.\n"
	              "Exit status: 0 ok, 1 usage, configuration or own failure, 2 cannot connect or\n"
	              "log in, 3 partial data, 4 output failed.\n");
	buf_release(&names);
	buf_release(&help);
}

void usage_options(struct buf *out)
{
	for (const struct option_def *row = options_table(NULL); row->name; row++) {
		buf_addf(out, "--%s\n", row->name);
		if (row->letter)
			buf_addf(out, "-%c\n", row->letter);
	}
}
