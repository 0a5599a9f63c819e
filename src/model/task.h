/* SPDX-License-Identifier: PostgreSQL */
/*
 * Something that is done for a person: a plan, maintenance, a cancelled query, a warm-up. The doer (action/, bridge/) owns the
 * work; the front (the dashboard's desk, a subcommand) sees it only through this: what it found before, the question, how far
 * it is, how it ended. So a key and a command are one code. Pure: knows no server and no loop.
 *
 *   TASK_LOOKING -> TASK_ASKING -> TASK_RUNNING -> TASK_CHECKING -> TASK_DONE
 *
 * A doer may leave states out (nothing to ask, nothing to check). TASK_DONE comes once, from every state, and is the last
 * change. All texts that a task shows are clean (clean_text()) and UTF-8; SQL is shown exactly as sent but for what
 * clean_text() must escape.
 */
#ifndef MODEL_TASK_H
#define MODEL_TASK_H

#include "core/base.h"
#include "core/err.h"

enum task_state {
	TASK_LOOKING,  /* pre-flight: nothing is changed yet */
	TASK_ASKING,   /* waits for task_answer() */
	TASK_RUNNING,
	TASK_CHECKING, /* what became of it */
	TASK_DONE,
};

enum task_outcome {
	TASK_OPEN,      /* not done yet */
	TASK_OK,
	TASK_REFUSED,   /* nothing was sent: pre-flight, rights, read-only, the audit log */
	TASK_DECLINED,  /* nothing was sent: the person said no, or the question expired */
	TASK_FAILED,
	TASK_CANCELLED,
	TASK_UNKNOWN,   /* the reply was lost; nothing is retried, `why` says how to look */
};

enum task_weight {
	TASK_WEIGHT_YES,  /* y */
	TASK_WEIGHT_WORD, /* the word must be typed: the PID or the object's name */
};

enum { TASK_TITLE_MAX = 200, TASK_LINE_MAX = 480, TASK_LINES_MAX = 200, TASK_SQL_MAX = 256 << 10 };

enum task_mark { TASK_PLAIN, TASK_GOOD, TASK_WARN, TASK_BAD }; /* what a line means */

struct task_line {
	enum task_mark mark;
	char *text;
};

struct task_question {
	char title[TASK_TITLE_MAX];  /* "Cancel the query of backend 4711?" */
	enum task_weight weight;
	char word[200];              /* TASK_WEIGHT_WORD; clean */
	double expires_ms;           /* the front takes it for No then; 30000 */
	bool danger;                 /* shown in the colour of alarm */
};

struct task;

struct task_ops {
	/* Yes: identity is looked at once more before anything is sent. */
	void (*answer)(struct task *t, bool yes);
	void (*cancel)(struct task *t); /* asked to end; it goes on until TASK_DONE. NULL: cannot be */
	void (*free)(struct task *t);   /* frees t too; not from inside its own hook: loop_defer() there */
	void (*start)(struct task *t);  /* begins what was made to wait (conf.queued); NULL: it cannot wait */
};

struct task_hooks {
	/* State, lines, progress or question changed. Called from the loop, never from inside task_answer() or task_cancel(). */
	void (*changed)(void *ctx, struct task *t);
	void *ctx;
};

struct task {
	const struct task_ops *ops;
	struct task_hooks hooks;
	uint64_t id;                 /* set by the front */
	char kind[24];               /* "analyze", "cancel", "explain", "warm": the audit log's action */
	char title[TASK_TITLE_MAX];  /* "ANALYZE public.bridge_transactions on bridge@db1:5432" */
	enum task_state state;
	enum task_outcome outcome;
	bool queued;                 /* not begun, nothing is connected: waits for task_start(); `phase` says for what */
	bool awaited;                /* while it runs somebody waits for its result: Esc cancels it */
	bool stoppable;              /* while it runs Esc cancels it when there is nothing else to go back from; run again it goes on */
	struct err why;              /* of REFUSED, FAILED, UNKNOWN */
	struct task_question question; /* in TASK_ASKING */
	char *sql;                   /* exact statements, '\n' between; NULL none. In TASK_ASKING and later */
	struct task_line line[TASK_LINES_MAX]; /* findings before, notices while, results after, in order */
	int line_count;
	int asked_lines;             /* how many of them stood there when it asked */
	double progress;             /* 0..1; NAN unknown */
	char phase[120];             /* "building index: scanning table, 1200 of 5300 blocks" */
	char waits_for[240];         /* "backend 4711 (bridge, 12 s): UPDATE ..."; "" nothing */
	int64_t began_ns, ended_ns;  /* monotonic, of what was run; 0 not yet */
	double left_ms;              /* estimate; NAN unknown */
	int backend_pid;             /* of the PostgreSQL session that works for it; 0 none, or not known behind a pooler */
};

/* For doers. Fields are set through these only. */
void task_init(struct task *t, const struct task_ops *ops, const char *kind, const char *title);
void task_release(struct task *t); /* of what is in it, not t itself */
/* Adds a line; the oldest after the question go when there are TASK_LINES_MAX. Cleans the text. */
void task_say(struct task *t, enum task_mark mark, const char *format, ...) PRINTFLIKE(3, 4);
/* Replaces it; cleaned but for line breaks and tabs. False: it is longer than TASK_SQL_MAX, and what a person would see is not what is
 * sent: nothing may be asked, and it says how much is cut. */
bool task_sql(struct task *t, const char *sql, size_t len);
void task_ask(struct task *t, const struct task_question *question);
void task_run(struct task *t, int64_t now_ns);
void task_check(struct task *t);
void task_done(struct task *t, enum task_outcome outcome, const struct err *why, int64_t now_ns);
void task_progress(struct task *t, double progress, double left_ms, const char *phase);
void task_waits(struct task *t, const char *format, ...) PRINTFLIKE(2, 3);

/* For fronts. */
void task_answer(struct task *t, bool yes); /* ignored unless it asks */
void task_start(struct task *t);            /* ignored unless it is queued */
void task_cancel(struct task *t);           /* ignored when it is done or cannot be */
void task_free(struct task *t);             /* NULL is accepted; what runs on a server is cancelled where that is safe */
const char *task_state_name(enum task_state state);       /* "looking", "asking", ... */
const char *task_outcome_name(enum task_outcome outcome); /* "ok", "refused", ..., for JSON too */

#endif
