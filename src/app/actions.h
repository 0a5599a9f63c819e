/* SPDX-License-Identifier: PostgreSQL */
/* All actions (files under sql/actions), parsed. */
#ifndef APP_ACTIONS_H
#define APP_ACTIONS_H

#include "action/action.h"
#include "app/files.h"
#include "app/options.h"

struct actions {
	struct action **at; /* in the order of their names */
	int count;
};

/* Finds and parses all; a mistake in one is an error (file:line). Some 20 files, the first time from disk where they are
 * overridden: not before the first paint. */
int actions_init(struct actions *out, struct files *files, const struct options *o, struct err *why) MUSTCHECK;
void actions_release(struct actions *a);
/* Unknown: ERR_NOT_FOUND with the nearest name. */
int actions_find(const struct actions *a, const char *name, const struct action **out, struct err *why) MUSTCHECK;

#endif
