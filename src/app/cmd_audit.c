/* SPDX-License-Identifier: PostgreSQL */
/* dytop audit: what was done, by whom, and whether the log of it is whole. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/audit.h"
#include "app/commands.h"
#include "core/clean.h"
#include "core/mem.h"
#include "core/units.h"

enum { SHOWN_MAX = 100000 };

struct args {
	bool verify;
	int64_t last;
};

static const struct option_def rows[] = {
	{"verify", 0, OPTION_FLAG, OPTIONS_OTHER, offsetof(struct args, verify), OPTION_ARGV_ONLY,
     .help = "check that no line was changed, taken out or put in; exit status 1 when one was"},
	{"last", 'n', OPTION_INT, OPTIONS_OTHER, offsetof(struct args, last), OPTION_ARGV_ONLY, "20", 0, SHOWN_MAX, .arg = "N",
     .help = "how many actions to print, the last ones; 0 = all"},
	{0},
};

struct done { /* one action, from its two lines */
	char id[64];
	char utc[32], who[64], action[32];
	char *target, *server, *confirmed, *sql;
	bool ended;
	char outcome[32];
	double duration_ms;
	char *error;
};

struct list {
	struct done *at;
	int64_t count, room;
};

static void copy(char *out, size_t room, const struct json *n)
{
	struct buf text = BUF_INIT(4096);
	const char *raw = json_text(n);

	clean_text(&text, raw ? raw : "-", strlen(raw ? raw : "-"), CLEAN_LINE);
	snprintf(out, room, "%s", buf_text(&text));
	buf_release(&text);
}

static char *clean_copy(const struct json *n)
{
	struct buf text = BUF_INIT(TASK_SQL_MAX * 10);
	const char *raw = json_text(n);

	if (!raw)
		return NULL;
	clean_text(&text, raw, strlen(raw), CLEAN_LINE);
	return buf_take(&text);
}

static void take_intent(struct list *list, const struct json *line)
{
	struct done *d;

	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 64;
		list->at = mem_resize(list->at, (size_t)list->room, sizeof *list->at);
	}
	d = &list->at[list->count++];
	memset(d, 0, sizeof *d);
	copy(d->id, sizeof d->id, json_get(line, "id"));
	copy(d->utc, sizeof d->utc, json_get(line, "utc"));
	copy(d->who, sizeof d->who, json_get(line, "login"));
	copy(d->action, sizeof d->action, json_get(line, "action"));
	d->target = clean_copy(json_get(line, "target"));
	d->server = clean_copy(json_get(json_get(line, "server"), "name"));
	d->confirmed = clean_copy(json_get(line, "confirmed"));
	d->sql = clean_copy(json_get(line, "sql"));
	d->duration_ms = NAN;
}

static void take_outcome(struct list *list, const struct json *line)
{
	const char *id = json_text(json_get(line, "id"));

	for (int64_t i = list->count - 1; id && i >= 0; i--) {
		struct done *d = &list->at[i];
		if (strcmp(d->id, id) != 0)
			continue;
		d->ended = true;
		copy(d->outcome, sizeof d->outcome, json_get(line, "outcome"));
		d->duration_ms = json_number(json_get(line, "duration_ms"));
		free(d->error);
		d->error = clean_copy(json_get(line, "error"));
		return;
	}
}

static void take(void *ctx, int64_t number, const struct json *line)
{
	const char *event = json_text(json_get(line, "event"));

	(void)number;
	if (event && strcmp(event, "intent") == 0)
		take_intent(ctx, line);
	else if (event && strcmp(event, "outcome") == 0)
		take_outcome(ctx, line);
}

static void print_one(const struct done *d)
{
	char took[UNIT_TEXT_MAX] = "";

	if (isfinite(d->duration_ms))
		unit_format(took, UNIT_MS, d->duration_ms, 0);
	printf("%s  %-12s  %-10s  %-16s %s on %s: %s%s%s%s%s\n", d->utc, d->id, d->who, d->action, d->target ? d->target : "-",
	       d->server ? d->server : "-", d->ended ? d->outcome : "no outcome in the log", took[0] ? " after " : "", took,
	       d->error ? ": " : "", d->error ? d->error : "");
	if (d->sql)
		printf("    %s  (%s)\n", d->sql, d->confirmed ? d->confirmed : "not said how it was confirmed");
}

static void release(struct list *list)
{
	for (int64_t i = 0; i < list->count; i++) {
		free(list->at[i].target);
		free(list->at[i].server);
		free(list->at[i].confirmed);
		free(list->at[i].sql);
		free(list->at[i].error);
	}
	free(list->at);
}

/* The verdict is one line on stdout, so that a watcher sees it whichever way it went. */
static int verdict(const char *path, const struct audit_report *r)
{
	if (r->bad_line > 0) {
		printf("%s: BROKEN: %s\n", path, r->bad.text);
		return 1;
	}
	printf("%s: %lld lines, the chain holds", path, (long long)r->lines);
	if (r->open > 0)
		printf("; %lld intents without an outcome", (long long)r->open);
	printf("; SHA-256 of the last line: %s\n", r->head);
	return 0;
}

static int look(const struct options *o, const char *path, struct err *why)
{
	const struct args *args = o->args;
	struct list list = {0};
	struct audit_report report;
	int rc = audit_read(path, take, &list, &report, why), status = 0;

	if (rc == 0 && args->verify)
		status = verdict(path, &report);
	else if (rc == 0) {
		for (int64_t i = args->last > 0 && list.count > args->last ? list.count - args->last : 0; i < list.count; i++)
			print_one(&list.at[i]);
		if (report.bad_line > 0)
			status = verdict(path, &report);
	}
	release(&list);
	if (rc == 0 && fflush(stdout) != 0) {
		err_set(why, ERR_IO, "cannot write to standard output: %m");
		return 4;
	}
	return rc < 0 ? 1 : status;
}

static int run(const struct options *o, struct err *why)
{
	struct buf path = BUF_INIT(4096);
	int status, rc = 0;

	if (o->words.count > 1)
		return err_set(why, ERR_INVALID, "audit takes one file");
	if (o->words.count == 1 || o->audit)
		buf_adds(&path, o->words.count == 1 ? o->words.item[0] : o->audit);
	else
		rc = audit_usual_path(&path, why);
	status = rc < 0 ? 1 : look(o, buf_text(&path), why);
	buf_release(&path);
	return status;
}

const struct command cmd_audit = {
	.name = "audit",
	.arguments = "[OPTION]... [FILE]",
	.summary = "print and check the log of what was done",
	.about =
	"Every action writes a line of intent to the audit log before it sends anything, and a line of outcome after it. Each line "
	"holds the SHA-256 of the one before, so a line that was changed, taken out or put in is found by --verify. That lines at the "
	"end were cut off is told by the system's log (authpriv), which gets the hash of each line too.\n"
	"An intent without an outcome means that dytop ended before the answer came: look at the server.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run,
};
