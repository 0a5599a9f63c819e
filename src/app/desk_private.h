/* SPDX-License-Identifier: PostgreSQL */
/* What the files of the desk share; nobody else includes it. */
#ifndef APP_DESK_PRIVATE_H
#define APP_DESK_PRIVATE_H

#include "action/audit.h"
#include "action/explain.h"
#include "app/actions.h"
#include "app/desk.h"
#include "bridge/recipe.h"
#include "bridge/warm.h"
#include "loop/background.h"
#include "model/task.h"

enum { DESK_TASKS_MAX = 60, DESK_OPEN_MAX = 20, DESK_TRAIL_MAX = 40, DESK_CHOICES_MAX = 64 };

enum desk_kind { DESK_SIGNAL, DESK_MAINTAIN, DESK_EXPLAIN, DESK_WARM, DESK_DROP };

/* What belongs to a task besides itself. */
struct desk_side {
	struct desk *desk;
	struct task *task;
	enum desk_kind kind;
	int server;
	bool alone;           /* maintenance of which one at a time runs in a database */
	bool told;            /* its outcome stands in the trail */
	uint64_t written;     /* its line in the recording, as a hash */
	bool followed;        /* what it left to be done was offered, its plan was shown */
	/* of a warm-up, and of keys that are dropped */
	struct recipe *recipe; /* NULL for these */
	char id[AUDIT_ID_MAX];
	bool intending, intended; /* its intent is being written; is in the audit log, and wants an outcome */
	/* of a plan: what to explain, for a second time with values */
	struct desk_plan *plan;
};

enum { DESK_VALUES_MAX = 64 };

struct desk_plan { /* what is explained, so that it can be run after that, with values that were typed */
	struct explain_conf conf;          /* without what is borrowed for a call */
	char *index;
	bool run;                          /* E: the plan comes first, then it is run */
	char *value[DESK_VALUES_MAX];
	int values;
	bool asking;                       /* a value is being asked for */
};

/* A database where an action that leaves something when it fails has no outcome in the audit log: it is looked at once. */
struct desk_look {
	char host[256], port[16], database[64];
};

enum { DESK_LOOKS_MAX = 4 };

struct desk {
	struct loop *loop;
	struct desk_conf conf;
	struct session *session;
	const struct panel *const *panels;
	void (*changed)(void *ctx);
	void *ctx;
	struct task *task[DESK_TASKS_MAX];  /* oldest first */
	struct desk_side *side[DESK_TASKS_MAX];
	int task_count;
	uint64_t next_id;
	struct audit *audit;                /* NULL until first needed */
	struct err audit_why;               /* why there is none */
	char *trail[DESK_TRAIL_MAX];
	int trail_count;
	bool trail_asked;
	struct desk_look look[DESK_LOOKS_MAX];
	int looks;
	struct background *reading;         /* of the audit log's last lines */
	void *reading_job;
	struct explain_conf shown;          /* which statement's plan the window has, for a what-if and to run it */
	int shown_server;                   /* -1: none yet */
	char candidate[1024];               /* the index that the last plan asks for, "" none */
	struct ui_choice choice[DESK_CHOICES_MAX];
	char keyword[DESK_CHOICES_MAX][40]; /* of those that are action files */
	int choice_count;
	const char *no_actions;
	struct actions actions;
	struct err actions_why;             /* a file of actions that cannot be used */
	char **redis_password;              /* by server: the sources wipe theirs */
	bool quitting;
	int64_t quit_ns;                    /* when it quits anyway */
	struct loop_timer *alarm;
};

/* desk_queue.c: how many connections a PostgreSQL server gets at once. Starts what need not wait any longer, and says of the rest
 * what it waits for. */
void desk_admit(struct desk *d);

/* desk_choices.c */
void desk_choices(struct desk *d);
/* desk_start.c: the task for what was asked for; ERR_INVALID and others in words for the notice line. */
int desk_start(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why) MUSTCHECK;
void desk_side_free(struct desk_side *side); /* with its task; what runs on a server goes on */
/* What a task that has ended leaves to be done: its side gets the next task, and true. */
bool desk_follow(struct desk *d, const struct desk_side *of, int i, struct desk_side *side);
/* What is to be looked at after the start, once its server is live: its side gets the task, and true. */
bool desk_look(struct desk *d, struct desk_side *side);
/* Where a panel's server and rows are; panel and feed NULL when no rows are meant. */
struct desk_aim {
	const struct panel *panel;
	const struct feed *feed;
	struct source *source;
	const struct server_status *status;
};
int desk_aim(struct desk *d, const struct ui_request *r, struct desk_aim *out, struct err *why) MUSTCHECK;
bool desk_number(const struct desk_aim *a, int row, enum panel_part part, int64_t *out);
char *desk_text(const struct desk_aim *a, int row, enum panel_part part); /* raw copy; NULL unknown */

/* desk_trail.c */
void desk_trail_add(struct desk *d, const struct task *t);
void desk_trail_read(struct desk *d); /* once: what the audit log has from before */
void desk_trail_free(struct desk *d);

extern const char desk_no_acts[]; /* of a recording */
/* desk_replay.c: the recorded plans of the row that is meant, in the plan window, or the notice why there are none. */
void desk_replay_start(struct desk *d, struct ui *u, const struct ui_host *h);
/* Why no plan can be shown from the recording, NULL one can. */
const char *desk_replay_lacks(const struct desk *d);

/* desk_explain.c, desk_warm.c */
/* What the plan window knows a statement by; 0 of a session. */
uint64_t desk_plan_id(int64_t queryid, int64_t dbid);
int desk_explain(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why) MUSTCHECK;
/* A task that has ended: shows its plans, asks for the values that running it needs (token: of the line), or makes the task that
 * runs it (next). True when it is finished with; false: later, somebody is typing. */
bool desk_explained(struct desk_side *side, struct ui *u, const struct ui_host *h, struct desk_side *next);
/* The line that was asked for. True when all is there and the task that runs it was made. */
bool desk_typed(struct desk_side *side, const struct ui_input *in, struct ui *u, const struct ui_host *h, struct desk_side *next);
void desk_plan_free(struct desk_plan *p);
int desk_warm(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why) MUSTCHECK;
int desk_drop(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why) MUSTCHECK;
void desk_dropped(struct desk_side *side);
void desk_warmed(struct desk_side *side); /* its outcome, for the audit log */
/* Of an outcome: when it could not be written the task says so. ctx: the side */
void desk_outcome_written(void *ctx, const struct err *why);
/* The audit log; NULL with the reason in d->audit_why. */
struct audit *desk_audit(struct desk *d);

#endif
