/* SPDX-License-Identifier: PostgreSQL */
/*
 * A file of sql/bridge that brings a part of the bridge's schema: SQL with a header in YAML, strictly read. Its name begins
 * with two digits, which are its place in the order; files without are queries of the program. Pure.
 *
 *   / * dytop migration
 *   set: baseline | optimized | rows | roles | trigger       what it belongs to
 *   layout: any | plain | partitioned                        of bridge_transactions; default any
 *   about: "one line"
 *   before_rows: yes | no                                    runs before generated rows are loaded; default no
 *   may_fail: yes | no                                       what the server refuses is told, and it goes on; default no
 *   run: once | each | rows                                  once: until recorded; each: at every init; rows: after a load
 *   * /
 */
#ifndef BRIDGE_MIGRATION_H
#define BRIDGE_MIGRATION_H

#include "bridge/statements.h"
#include "core/err.h"
#include "core/str.h"

enum migration_set { MIGRATION_BASELINE, MIGRATION_OPTIMIZED, MIGRATION_ROWS, MIGRATION_ROLES, MIGRATION_TRIGGER, MIGRATION_SETS };
enum migration_layout { MIGRATION_ANY, MIGRATION_PLAIN, MIGRATION_PARTITIONED };
enum migration_run { MIGRATION_ONCE, MIGRATION_EACH, MIGRATION_AFTER_ROWS };

struct migration {
	char *name, *path;
	struct str text;              /* borrowed: the whole file */
	enum migration_set set;
	enum migration_layout layout;
	enum migration_run run;
	char *about;
	bool before_rows, may_fail;
	struct statement *statement;
	int count;
};

bool migration_is(const char *name); /* "10_tables": by its digits */
const char *migration_set_name(enum migration_set set);
/* The text stays borrowed and is to end in a NUL. Errors begin with path:line. */
int migration_parse(struct migration *out, const char *name, const char *path, struct str text, struct err *why) MUSTCHECK;
void migration_release(struct migration *m);

/* The YAML within the first comment that begins with `/ * dytop KIND`, only `--` comments before it; *line is where it begins.
 * ERR_INVALID when there is none or it is not closed. */
int header_find(const char *kind, const char *path, struct str text, struct str *yaml, int *line, struct err *why) MUSTCHECK;

#endif
