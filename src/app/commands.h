/* SPDX-License-Identifier: PostgreSQL */
/*
 * The subcommands: `dytop NAME ...`. No key of the dashboard without a command, no command without a key: both go
 * through the same code below app/. One file each (app/cmd_NAME.c), listed in commands.c; help, man page and README are made
 * from these rows.
 *
 * A command takes the general options (servers, timeouts, files, help) and its own rows, which win where names are alike.
 * Its plain words are its own arguments; a server is then given by -d, -h, -p, -U or the environment. The name must be the
 * first word of the command line; a database of that name is meant by -d NAME.
 */
#ifndef APP_COMMANDS_H
#define APP_COMMANDS_H

#include "app/options.h"
#include "core/buf.h"
#include "core/err.h"

struct command {
	const char *name;
	const char *arguments;         /* "[OPTION]... QUERYID | FILE | -" */
	const char *summary;           /* one line, no full stop */
	const char *about;             /* paragraphs, '\n' between them: what help and man page say; may be NULL */
	const struct option_def *rows; /* its own options, NULL-named at the end; offsets into a struct of its own; may be NULL */
	size_t size;                   /* of that struct: zeroed, then fallbacks; o->args */
	bool crowded;                  /* it has dozens of connections: loop_new_crowded() */
	/* Exit status. *why when it is about dytop itself: then the status is 1 unless another one is returned. */
	int (*run)(const struct options *o, struct err *why);
};

/* All of them, in the order of the help; NULL-terminated. */
const struct command *const *commands_all(void);
/* NULL when there is none. */
const struct command *commands_find(const char *name);

#endif
