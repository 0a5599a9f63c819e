/* SPDX-License-Identifier: PostgreSQL */
#include "app/commands.h"

#include <string.h>

extern const struct command cmd_audit;
extern const struct command cmd_bench;
extern const struct command cmd_bridge;
extern const struct command cmd_cache;
extern const struct command cmd_cancel;
extern const struct command cmd_doctor;
extern const struct command cmd_explain;
extern const struct command cmd_maintain;
extern const struct command cmd_terminate;
extern const struct command cmd_warm;

static const struct command *const all[] = {
	&cmd_cancel,
	&cmd_terminate,
	&cmd_doctor,
	&cmd_audit,
	&cmd_bench,
	&cmd_bridge,
	&cmd_cache,
	&cmd_maintain,
	&cmd_warm,
	&cmd_explain,
	NULL,
};

const struct command *const *commands_all(void)
{
	return all;
}

const struct command *commands_find(const char *name)
{
	for (int i = 0; all[i]; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}
