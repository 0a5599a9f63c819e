/* SPDX-License-Identifier: PostgreSQL */
/* What the files of the desk share; nobody else includes it. */
#ifndef APP_DESK_PRIVATE_H
#define APP_DESK_PRIVATE_H

#include "action/audit.h"
#include "app/desk.h"
#include "model/task.h"

enum { DESK_TASKS_MAX = 60, DESK_OPEN_MAX = 6, DESK_TRAIL_MAX = 40, DESK_CHOICES_MAX = 64 };

struct desk_done { /* of a task */
	int server;
	int action;        /* DESK_... below */
	bool told;         /* its outcome stands in the trail */
};

struct desk {
	struct loop *loop;
	struct desk_conf conf;
	struct session *session;
	const struct panel *const *panels;
	void (*changed)(void *ctx);
	void *ctx;
	struct task *task[DESK_TASKS_MAX];  /* oldest first */
	struct desk_done done[DESK_TASKS_MAX];
	int task_count;
	uint64_t next_id;
	struct audit *audit;                /* NULL until first needed */
	struct err audit_why;               /* why there is none */
	char *trail[DESK_TRAIL_MAX];
	int trail_count;
	struct ui_choice choice[DESK_CHOICES_MAX];
	int choice_count;
	const char *no_actions;
	bool quitting;
	int64_t quit_ns;                    /* when it quits anyway */
	struct loop_timer *alarm;
};

/* desk_choices.c */
void desk_choices(struct desk *d);
/* desk_start.c: the task for what was asked for; ERR_INVALID and others in words for the notice line. */
int desk_start(struct desk *d, const struct ui_request *r, struct task **out, struct err *why) MUSTCHECK;
/* The audit log; NULL with the reason in d->audit_why. */
struct audit *desk_audit(struct desk *d);

#endif
