/* SPDX-License-Identifier: PostgreSQL */
/* dytop bridge init, dytop bridge check. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "app/witness.h"

struct bridge_args {
	bool check, baseline, optimized, partitioned, trigger, no_roles, yes, all;
	int64_t rows, seed;
	char *schema, *format;
};

static const char *const formats[] = {"text", "json", NULL};

static const char *const *format_names(void)
{
	return formats;
}

#define AT(member) offsetof(struct bridge_args, member)

static const struct option_def rows[] = {
	{"check", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(check), OPTION_ARGV_ONLY,
	 .help = "the same as the word check: say what of the schema is there, change nothing"},
	{"baseline", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(baseline), OPTION_ARGV_ONLY,
	 .help = "only the application's own tables and indexes"},
	{"optimized", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(optimized), OPTION_ARGV_ONLY,
	 .help = "the optimisation indexes and materialized views too (the default)"},
	{"partitioned", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(partitioned), OPTION_ARGV_ONLY,
	 .help = "bridge_transactions in monthly partitions"},
	{"trigger", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(trigger), OPTION_ARGV_ONLY,
	 .help = "the triggers that tell the cache what has changed (channel dytop_invalidate); they halve the writers' throughput"},
	{"no-roles", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(no_roles), OPTION_ARGV_ONLY,
	 .help = "leave the roles out, which belong to the whole server"},
	{"rows", 0, OPTION_INT, OPTIONS_ACTIONS, AT(rows), OPTION_ARGV_ONLY, "0", 0, ROWS_MAX, .arg = "N",
	 .help = "make up transactions until there are N of them, and signatures for every fifth; 0 = none"},
	{"seed", 0, OPTION_INT, OPTIONS_ACTIONS, AT(seed), OPTION_ARGV_ONLY, "1", 0, 9e15, .arg = "NUMBER",
	 .help = "of what is made up: the same number gives the same rows, but for the time, which ends now"},
	{"schema", 0, OPTION_TEXT, OPTIONS_ACTIONS, AT(schema), OPTION_ARGV_ONLY, .arg = "NAME",
	 .help = "the schema to use, made when it is not there (default: the first of search_path)"},
	{"all", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(all), OPTION_ARGV_ONLY,
	 .help = "check: list what is present too"},
	{"yes", 0, OPTION_FLAG, OPTIONS_ACTIONS, AT(yes), OPTION_ARGV_ONLY,
	 .help = "do not ask before a database is changed that is not empty"},
	{"format", 0, OPTION_CHOICE, OPTIONS_ACTIONS, AT(format), OPTION_ARGV_ONLY, "text", .names = format_names, .arg = "FORMAT",
	 .help = "text or json"},
	{.name = NULL},
};

/* --- the run --------------------------------------------------------------------------------------------------------- */

static int read_words(const struct options *o, const struct bridge_args *a, bool *check, struct err *why)
{
	const char *word = o->words.count > 0 ? o->words.item[0] : "";

	*check = a->check || strcmp(word, "check") == 0;
	if (o->words.count > 1)
		return err_set(why, ERR_INVALID, "bridge: one word, init or check; a server is given by -d, -h, -p, -U");
	if (*word && strcmp(word, "init") != 0 && strcmp(word, "check") != 0)
		return err_set(why, ERR_INVALID, "bridge: init or check, not '%s'; a server is given by -d, -h, -p, -U", word);
	if (!*word && !a->check)
		return err_set(why, ERR_INVALID, "bridge: say init or check; see dytop bridge --help");
	if (a->baseline && a->optimized)
		return err_set(why, ERR_INVALID, "--baseline and --optimized contradict each other");
	if (*check && (a->rows > 0 || a->partitioned || a->yes))
		return err_set(why, ERR_INVALID, "bridge check changes nothing: --rows, --partitioned and --yes belong to init");
	return 0;
}

static int print(struct buf *text, struct err *why)
{
	bool ok = !text->failed && fputs(buf_text(text), stdout) != EOF && fflush(stdout) == 0;

	return ok ? 0 : err_set(why, ERR_IO, "cannot write to standard output");
}

/* 3: not all of what was asked about is there. */
static int print_report(const struct task *t, const struct bridge_args *a, bool check, int status, struct err *why)
{
	const struct schema_report *r = schema_report(t);
	struct buf text = BUF_INIT(16 << 20);
	bool json = strcmp(a->format, "json") == 0;

	if (json)
		schema_json(&text, r);
	else if (check)
		schema_text(&text, r, a->all);
	int rc = print(&text, why);
	buf_release(&text);
	if (rc < 0)
		return 4;
	if (!check)
		return status;
	return schema_has(r, MIGRATION_BASELINE) && (a->baseline || schema_has(r, MIGRATION_OPTIMIZED)) &&
	       (!a->trigger || schema_has(r, MIGRATION_TRIGGER)) ? 0 : 3;
}

static int run_task(struct run *r, struct schema_conf *conf, bool check, struct err *why)
{
	const struct bridge_args *a = r->options->args;
	struct witness w = {.action = "bridge_init", .target = a->schema, .yes = a->yes, .rows = a->rows > 0 ? a->rows : -1};
	bool json = strcmp(a->format, "json") == 0;
	struct task *task = NULL;
	int status = 1;

	if (!check && witness_open(&w, r, why) < 0)
		return 1;
	conf->witness = check ? NULL : &w.hooks;
	if (schema_new(&task, r->loop, conf, why) == 0) {
		w.task = task;
		status = front_run(r->loop, task, &(struct front_conf){.yes = a->yes, .lines = json || check ? stderr : NULL}, why);
		if (status == 0 || (json && schema_report(task)->object_count > 0))
			status = print_report(task, a, check, status, why);
	}
	task_free(task);
	witness_close(&w);
	return status;
}

static int bridge_run(const struct options *o, struct err *why)
{
	const struct bridge_args *a = o->args;
	struct schema_text *texts = NULL;
	struct run r;
	bool check = false;
	int count = 0, status = 1;

	if (read_words(o, a, &check, why) < 0 || run_init(&r, o, why) < 0)
		return 1;
	const struct source_conf *server = front_server(&r.servers, PANEL_PG, why);
	if (server && witness_texts(&r, FILE_BRIDGE, &texts, &count, why) == 0) {
		struct schema_conf conf = {
			.server = server, .over = check ? NULL : o->operator_conn, .texts = texts, .text_count = count, .check_only = check,
			.sets = {[MIGRATION_BASELINE] = true, [MIGRATION_OPTIMIZED] = !a->baseline, [MIGRATION_ROWS] = a->rows > 0,
			         [MIGRATION_ROLES] = !a->no_roles, [MIGRATION_TRIGGER] = a->trigger},
			.partitioned = a->partitioned, .rows = a->rows, .seed = (uint64_t)a->seed, .schema = a->schema,
			.read_only = o->read_only, .log = r.log};
		status = run_task(&r, &conf, check, why);
	}
	free(texts);
	run_release(&r);
	return status;
}

const struct command cmd_bridge = {
	.name = "bridge",
	.arguments = "init|check [OPTION]...",
	.summary = "bring the bridge's schema into a database, or say what of it is there",
	.about = "init applies the numbered files of sql/bridge, statement by statement, each outside of a transaction, and records them in "
	         "dytop_bridge_migrations. What is there already is left out, so it may be run again at any time; after one that was killed "
	         "it goes on. An index that a failed build left behind is dropped and built again. All statements are shown, and asked "
	         "about unless the database is empty. Tables of the same names in another shape are never touched.\n"
	         "--rows makes up transactions as a running bridge has them: 90 % completed, a few chains and assets carry most, amounts "
	         "lognormal, 90 days in the order of time, JSONB metadata; signatures for every fifth. Never beside rows of another origin.\n"
	         "check compares tables, columns, indexes, views, roles and triggers with what init would bring; its exit status is 0 when "
	         "all of it is there, 3 when not.",
	.rows = rows,
	.size = sizeof(struct bridge_args),
	.run = bridge_run,
};
