/* SPDX-License-Identifier: PostgreSQL */
/* dytop bridge init, dytop bridge check. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"
#include "bridge/schema.h"
#include "core/mem.h"

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

/* --- the audit log --------------------------------------------------------------------------------------------------- */

struct witness {
	struct audit *audit;
	char id[AUDIT_ID_MAX];
	const struct bridge_args *args;
	const struct task *task;
	void (*done)(void *doer, const struct err *why);
	void *doer;
};

static void written(void *ctx, const struct err *why)
{
	struct witness *w = ctx;
	w->done(w->doer, why);
}

static void intent(void *ctx, const char *server, const char *user, const char *sql,
                   void (*done)(void *doer, const struct err *why), void *doer)
{
	struct witness *w = ctx;
	bool asked = w->task->question.title[0] != '\0';
	const struct audit_intent line = {
		.id = w->id, .action = "bridge_init", .server = {.name = server, .role = user}, .target = w->args->schema, .sql = sql,
		.confirmed = !asked ? "not asked: the database is empty" : w->args->yes ? "--yes" : "y"};

	w->done = done;
	w->doer = doer;
	audit_intent(w->audit, &line, written, w);
}

static void outcome(void *ctx, enum task_outcome result, const struct err *why, double elapsed_ms)
{
	struct witness *w = ctx;
	const struct audit_outcome line = {.id = w->id, .action = "bridge_init", .outcome = result, .error = why ? why->text : NULL,
	                                   .duration_ms = elapsed_ms, .rows = w->args->rows > 0 ? w->args->rows : -1};

	audit_outcome(w->audit, &line, NULL, NULL);
}

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

static int read_texts(struct run *r, struct schema_text **out, int *count, struct err *why)
{
	const char *const *names;
	int rc = files_texts(r->files, r->options, FILE_BRIDGE, &names, why), n = 0;

	while (rc == 0 && names[n])
		n++;
	*out = mem_calloc((size_t)n + 1, sizeof **out);
	for (*count = 0; rc == 0 && *count < n; ++*count) {
		struct files_text text;
		rc = files_text(r->files, r->options, FILE_BRIDGE, names[*count], &text, why);
		if (rc == 0)
			(*out)[*count] = (struct schema_text){text.name, text.path, text.text};
	}
	return rc;
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
	struct witness w = {.args = a};
	struct schema_witness witness = {intent, outcome, &w};
	bool json = strcmp(a->format, "json") == 0;
	struct task *task = NULL;
	int status = 1;

	audit_id(w.id);
	if (!check && audit_new(&w.audit, r->loop, &(struct audit_conf){.path = r->options->audit}, why) < 0)
		return 1;
	conf->witness = check ? NULL : &witness;
	if (schema_new(&task, r->loop, conf, why) == 0) {
		w.task = task;
		status = front_run(r->loop, task, &(struct front_conf){.yes = a->yes, .lines = json || check ? stderr : NULL}, why);
		if (status == 0 || (json && schema_report(task)->object_count > 0))
			status = print_report(task, a, check, status, why);
	}
	task_free(task);
	audit_free(w.audit);
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
	if (server && read_texts(&r, &texts, &count, why) == 0) {
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
