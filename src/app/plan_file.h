/* SPDX-License-Identifier: PostgreSQL */
/* Plans that were saved: what EXPLAIN (FORMAT JSON) of psql, auto_explain or dytop wrote into a file. No server is asked. */
#ifndef APP_PLAN_FILE_H
#define APP_PLAN_FILE_H

#include "app/options.h"
#include "core/err.h"
#include "insight/plan_show.h"

struct plan_file_conf {
	const struct option_list *files; /* one or two paths; "-" is standard input */
	const char *format;              /* "tree", "text", "json" */
	struct plan_style style;
};

/* Prints the plan; two are laid beside each other (text: one after the other; json: with how they differ). Exit status. */
int plan_file_print(const struct plan_file_conf *conf, struct err *why);

#endif
