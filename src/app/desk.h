/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where the dashboard acts: joins what a person asks for (ui_request()) to tasks that do it (model/task.h), shows the tasks to
 * the ui, hands its answers to them, and keeps them while the dashboard lives. A key and a subcommand run the same task.
 *
 * Tasks have connections of their own, to where the panel's server is connected, with the operator's conninfo over that.
 * --read-only takes away all but what only reads: the reasons are said. In a recording nothing is done; it shows the tasks and
 * plans that were recorded, under the same keys.
 */
#ifndef APP_DESK_H
#define APP_DESK_H

#include <stdio.h>

#include "app/files.h"
#include "app/options.h"
#include "app/recorder.h"
#include "app/servers.h"
#include "app/session.h"
#include "core/log.h"
#include "source/replay.h"
#include "ui/ui.h"

struct desk;

struct desk_conf {
	const struct options *options;
	struct files *files;
	const struct servers *servers; /* NULL: a recording */
	const struct replay *replay;   /* that recording; it outlives the desk */
	struct recorder *recorder;     /* what is done and which plans were shown goes into it too; NULL none */
	struct log *log;
};

/* All of the conf is borrowed for the desk's life. Connects to nothing, reads nothing. */
struct desk *desk_new(struct loop *l, const struct desk_conf *conf);
/* The session whose servers it acts on; `changed` is called when there is something new to be seen. */
void desk_open(struct desk *d, struct session *s, const struct panel *const *panels, void (*changed)(void *ctx), void *ctx);
/* Tasks, choices and the trail, for the ui. */
void desk_show(struct desk *d, struct ui_host *h);
/* Acts on the bits of ui_event() and ui_tick() that are about doing something. */
void desk_act(struct desk *d, struct ui *u, const struct ui_host *h, unsigned result);
/* Before a frame is drawn: shows plans that have come, asks for what a task needs, and starts what a task left to be done. */
void desk_turn(struct desk *d, struct ui *u, const struct ui_host *h);
/* How the tasks stand, into the frame of the recorder that has just begun. NULL is accepted. */
void desk_record(struct desk *d);
/* UI_CANCEL_ALL was asked for and all has ended (or will not within 15 s): time to quit. */
bool desk_quits(const struct desk *d);
/* For the terminal that is given back: what was left running, what failed and what is to be cleaned up. */
void desk_report(const struct desk *d, FILE *out);
/* What still runs is left running where the server goes on by itself. Before the session is freed. NULL is accepted. */
void desk_free(struct desk *d);

#endif
