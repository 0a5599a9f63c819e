/* SPDX-License-Identifier: PostgreSQL */
#ifndef APP_SCHEDULE_PRIVATE_H
#define APP_SCHEDULE_PRIVATE_H

#include "action/maintain.h"
#include "action/schedule.h"
#include "app/schedule_run.h"
#include "source/pgwork.h"

enum { REPLY_CELLS = 6, REPLY_TEXT = 64 << 10 };

struct reply { /* the first row of an answer */
	bool done, row;
	struct err why;
	char *cell[REPLY_CELLS]; /* NULL = SQL NULL */
};

struct load { /* NAN not known */
	double active, lag_bytes, lag_ms, transactions, active_time;
};

struct sched {
	const struct schedule_conf *conf;
	struct schedule *plan;
	struct schedule_state state[SCHEDULE_JOBS_MAX];
	struct pgwork *work;       /* holds the lock, keeps the state, looks at the load */
	char *table;               /* quoted; NULL: the state is a file */
	char *file;
	bool locked, stop;         /* locked: by this very connection, and what others did before that was read */
	int blind;                 /* looks in a row that showed no load */
	struct load load;          /* the last one */
	struct task *task;         /* under way */
	bool leaves;               /* it must not be cancelled */
	bool told;                 /* that a limit was passed */
	struct loop_timer *monitor, *timer;
	bool woken;
	struct reply watched;
	int worst;                 /* exit status */
};

/* schedule_state.c */
int sched_ask(struct sched *s, const char *text, const char *const *values, int count, struct reply *r);
void reply_release(struct reply *r);
void sched_reply(void *reply, const struct pgwork_outcome *o);
int sched_load_state(struct sched *s, struct err *why) MUSTCHECK;
int sched_save_state(struct sched *s, struct err *why) MUSTCHECK;
int sched_mark(struct sched *s, const struct schedule_job *j, struct err *why) MUSTCHECK;
void sched_wait(struct sched *s, double ms);

/* What the plan's lock is called, as a text: of sql/session/sched_lock.sql. */
void sched_lock_number(const struct sched *s, char out[16]);

/* schedule_limits.c */
/* Whether a limit is passed, and which, in words. Looks twice, 2 s apart, when latency is limited. */
bool sched_busy(struct sched *s, char *text, size_t room);
/* While a job runs: the limits are looked at, and a connection that was lost is opened again, with its lock. */
void sched_monitor(struct sched *s, bool on);

/* One line with the time in front. */
void sched_say(const struct sched *s, const char *format, ...) PRINTFLIKE(2, 3);

#endif
