/* SPDX-License-Identifier: PostgreSQL */
/*
 * What subcommands have around a task (model/task.h): its lines are printed as they come, its question is asked on /dev/tty
 * with No as the answer of silence, a line about its progress is kept on a terminal, ^C cancels, and its outcome becomes the
 * exit status. The dashboard's desk is the other front; both run the same tasks.
 *
 *	struct run r;
 *	if (run_init(&r, o, why) < 0)              // files, servers, loop, log
 *		return why->code == ERR_CONNECT ? 2 : 1;
 *	const struct source_conf *server = front_server(&r.servers, PANEL_PG, why);
 *	... doer_new(&task, r.loop, &conf, why) ...
 *	status = front_run(r.loop, task, &(struct front_conf){.yes = args->yes}, why);
 *	task_free(task);
 *	run_release(&r);
 */
#ifndef APP_FRONT_H
#define APP_FRONT_H

#include <stdio.h>

#include "app/servers.h"
#include "core/err.h"
#include "loop/loop.h"
#include "model/task.h"

struct front_conf {
	FILE *lines;     /* findings, notices, results; NULL = stdout. The question and the progress never go there */
	bool yes;        /* --yes: questions are answered yes; the SQL is printed all the same */
	bool yes_danger; /* and those too that want a word typed or are dangerous: without it --yes leaves them to a person */
	bool yes_words;  /* only those that want a word typed */
	const char *answers; /* the option that answers in a person's stead, for the message where nobody can be asked; NULL = "--yes" */
	bool quiet;      /* no findings before the question unless something is asked, no progress line */
};

/* Runs the task until it is done and returns the exit status: 0 ok, 1 refused, declined, failed or cancelled, 2 could not
 * connect or log in, 3 unknown (the reply was lost, or not waited for). *why is what failed, for the caller to return; of a task
 * that was declined or cancelled it is that. Sets the task's hooks. SIGINT and SIGTERM: the first one answers No or cancels and
 * goes on until the task is done, the second one leaves it (status 3 when something was sent, else 1). The task is not freed. */
int front_run(struct loop *l, struct task *t, const struct front_conf *conf, struct err *why) MUSTCHECK;

/* Asks for a line of text on /dev/tty, echo on (a parameter's value). ERR_INVALID when there is no terminal, at its end, and after
 * `seconds`. `out` gets at most its ceiling, without the line break. */
int front_ask_line(struct loop *l, const char *prompt, struct buf *out, double seconds, struct err *why) MUSTCHECK;

/* The one server of that kind that options name; ERR_INVALID when there is none or several. Borrowed. */
const struct source_conf *front_server(const struct servers *servers, enum panel_source kind, struct err *why);

/* The exit status of a failure. */
int front_status(int code);

#endif
