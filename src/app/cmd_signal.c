/* SPDX-License-Identifier: PostgreSQL */
/* dytop cancel and dytop terminate: the keys C and K from the shell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "action/signal.h"
#include "app/commands.h"
#include "app/front.h"
#include "app/run.h"

struct args {
	bool yes, superusers;
};

static const struct option_def rows[] = {
	{"yes", 'y', OPTION_FLAG, OPTIONS_ACTIONS, offsetof(struct args, yes), OPTION_ARGV_ONLY,
	 .help = "do not ask; the log says that nobody was asked"},
	{"superusers", 0, OPTION_FLAG, OPTIONS_ACTIONS, offsetof(struct args, superusers), OPTION_ARGV_ONLY,
	 .help = "sessions of superusers too, when you are one yourself"},
	{0},
};

/* "4711", or "4711@1795386245123456": that session only, begun at that microsecond since 1970. */
static int read_target(const char *word, struct signal_target *out, struct err *why)
{
	char *end;

	errno = 0;
	long pid = strtol(word, &end, 10);
	if (errno || end == word || (*end && *end != '@') || pid < 1 || pid > INT32_MAX)
		return err_set(why, ERR_INVALID, "'%s' is no pid: a whole number above 0", word);
	*out = (struct signal_target){.pid = (int)pid};
	if (!*end)
		return 0;
	const char *start = end + 1;
	long long us = strtoll(start, &end, 10);
	if (errno || end == start || *end || us <= 0)
		return err_set(why, ERR_INVALID, "'%s': after the @ comes the session's start in microseconds since 1970", word);
	out->start_us = us;
	return 0;
}

static int read_pids(const struct options *o, struct signal_target *out, struct err *why)
{
	if (o->words.count == 0)
		return err_set(why, ERR_INVALID, "which session? give its pid: dytop %s PID", o->command->name);
	if (o->words.count > SIGNAL_TARGETS_MAX)
		return err_set(why, ERR_INVALID, "%d sessions at once, at most %d are taken", o->words.count,
			       SIGNAL_TARGETS_MAX);
	for (int i = 0; i < o->words.count; i++)
		if (read_target(o->words.item[i], &out[i], why) < 0)
			return ERR_INVALID;
	return 0;
}

static int act(struct run *r, enum signal_kind kind, const struct signal_target *targets, struct err *why)
{
	const struct options *o = r->options;
	const struct args *args = o->args;
	const struct source_conf *server = front_server(&r->servers, PANEL_PG, why);
	struct audit_conf keep = {.path = o->audit};
	struct audit *audit = NULL;
	struct task *task = NULL;
	int status = 1;

	if (!server || audit_new(&audit, r->loop, &keep, why) < 0)
		return 1;
	struct signal_conf conf = {.kind = kind,
				   .conf = server,
				   .over = o->operator_conn,
				   .target = targets,
				   .count = o->words.count,
				   .superusers = args->superusers,
				   .read_only = o->read_only,
				   .audit = audit,
				   .consent = args->yes ? "--yes" : NULL,
				   .text = files_session_text,
				   .text_ctx = r->files,
				   .log = r->log};

	if (signal_new(&task, r->loop, &conf, why) == 0)
		status = front_run(r->loop, task, &(struct front_conf){.yes = args->yes, .yes_danger = args->yes}, why);
	task_free(task);
	audit_free(audit);
	return status;
}

static int run_signal(const struct options *o, enum signal_kind kind, struct err *why)
{
	struct signal_target targets[SIGNAL_TARGETS_MAX];
	struct run r;
	int status = 1;

	if (read_pids(o, targets, why) < 0 || run_init(&r, o, why) < 0)
		return 1;
	status = act(&r, kind, targets, why);
	run_release(&r);
	return status;
}

static int run_cancel(const struct options *o, struct err *why)
{
	return run_signal(o, SIGNAL_CANCEL, why);
}

static int run_terminate(const struct options *o, struct err *why)
{
	return run_signal(o, SIGNAL_TERMINATE, why);
}

const struct command cmd_cancel = {
	.name = "cancel",
	.arguments = "[OPTION]... PID[@START]...",
	.summary = "cancel what sessions run",
	.about = "Says who they are, what they run and what hangs on it, asks, cancels the query, and looks whether it "
		 "has ended. "
		 "At most five. With @START, the session's start in microseconds since 1970, no other session is meant "
		 "that has the pid by now: what a script needs that gives --yes. A session whose query has ended "
		 "meanwhile, or whose pid belongs to another one now, is not hit. Own sessions, walsenders, the "
		 "server's own processes and sessions of superusers are refused.\n"
		 "Exit status: 0 what they ran has ended; 1 refused, declined, or still there after 2 s; 2 no "
		 "connection; 3 the reply "
		 "was lost.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run_cancel,
};

const struct command cmd_terminate = {
	.name = "terminate",
	.arguments = "[OPTION]... PID[@START]...",
	.summary = "end sessions",
	.about = "As dytop cancel, but the sessions themselves are ended; their pids must be typed.",
	.rows = rows,
	.size = sizeof(struct args),
	.run = run_terminate,
};
