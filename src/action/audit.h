/* SPDX-License-Identifier: PostgreSQL */
/*
 * The audit log: JSON lines, appended only, each with the SHA-256 of the line before it. Whatever changes something for a person
 * writes a line of intent, synced to disk, before it sends anything, and a line of outcome after; where the intent cannot be
 * written, nothing is sent.
 *
 * The file is opened for each write (O_APPEND, O_NOFOLLOW, 0600) under flock(), so any number of dytops make one chain, and it
 * may be renamed away at any time: a new file begins a new chain. Writing and syncing happens in a thread: no key waits for it.
 * A note of each line with its hash goes to syslog (authpriv) too: a log whose end was cut off is told by that.
 */
#ifndef ACTION_AUDIT_H
#define ACTION_AUDIT_H

#include "core/base.h"
#include "core/err.h"
#include "loop/loop.h"
#include "model/json.h"
#include "model/task.h"
#include "source/digest.h"

enum { AUDIT_ID_MAX = 13, AUDIT_LINE_MAX = 1 << 20 };

struct audit;

struct audit_conf {
	const char *path; /* NULL: $XDG_STATE_HOME/dytop/audit.jsonl, folders are made */
	bool literals;    /* SQL that people or applications wrote goes in with its literals; else they are '?' */
};

struct audit_server { /* raw; NULL = not known */
	const char *name, *host, *port, *database, *role, *system_id, *version;
};

struct audit_intent {
	const char *id;        /* from audit_id() */
	const char *action;    /* the task's kind: "reindex_index", "cancel" */
	struct audit_server server;
	const char *target;    /* "public.orders", "backend 4711"; NULL none */
	const char *identity;  /* what makes it that one: "oid 16421", "since 2026-11-22T15:04:05.123Z as bridge"; NULL none */
	const char *sql;       /* exactly what will be sent, raw; NULL none */
	const char *confirmed; /* "y", "typed the name", "--yes", "plan nightly.yaml" */
	bool foreign;          /* the SQL is not of our making, or holds a secret: literals are masked (conf.literals) */
};

struct audit_outcome {
	const char *id;
	const char *action;
	enum task_outcome outcome;
	const char *sqlstate;  /* "" or NULL none */
	const char *error;     /* NULL none; left out of foreign SQL unless conf.literals, for it may quote a literal */
	double duration_ms;    /* NAN not known */
	int64_t rows;          /* -1 none */
	const char *note;      /* "left running", a warning of the server; NULL none */
	bool foreign;
};

/* Finds the place of the file; touches no disk. ERR_INVALID: no --audit and no home. */
int audit_new(struct audit **out, struct loop *l, const struct audit_conf *conf, struct err *why) MUSTCHECK;
/* What was handed over is written first (waits for the disk, 5 s at most: for the end of the program). No done() any more. Not
 * from inside a done(): loop_defer() there. NULL is accepted. */
void audit_free(struct audit *a);
const char *audit_path(const struct audit *a);
/* Makes the folders that the log lies in, for what else lies there. Waits for the disk. */
int audit_make_folder(const struct audit *a, struct err *why) MUSTCHECK;

/* "bridge@db1:5432" (pgwork_name()) taken apart; "" what it does not say. Raw. */
void audit_place(const char *name, char host[256], char port[16]);

/* A new action id: 12 hex digits, random. It goes into the intent, the outcome and application_name. */
void audit_id(char out[AUDIT_ID_MAX]);

typedef void audit_done(void *ctx, const struct err *why);
/* done(ctx, NULL) comes from the loop when the line is on disk, done(ctx, why) when it is not: then nothing may be sent. */
void audit_intent(struct audit *a, const struct audit_intent *intent, audit_done *done, void *ctx);
/* done may be NULL. Lines are written in the order of these calls. */
void audit_outcome(struct audit *a, const struct audit_outcome *outcome, audit_done *done, void *ctx);
/* No done() with this ctx any more; the lines are written all the same. */
void audit_forget(struct audit *a, const void *ctx);

/* --- reading --------------------------------------------------------------------------------------------------------- */

struct audit_report {
	int64_t lines;
	int64_t open;            /* intents without an outcome */
	int64_t bad_line;        /* the first that breaks the chain; 0 none */
	struct err bad;          /* what is wrong with it: "line 7: ..." */
	char head[DIGEST_HEX];   /* SHA-256 of the last line */
};

/* Reads and checks all of the file; fn (may be NULL) gets each line as JSON (NULL when it is none). Returns 0 also when the chain
 * is broken: see bad_line. ERR_IO, ERR_NOT_FOUND: it cannot be read. Waits for the disk. */
int audit_read(const char *path, void (*fn)(void *ctx, int64_t number, const struct json *line), void *ctx,
               struct audit_report *report, struct err *why) MUSTCHECK;
/* The usual place, into out. */
int audit_usual_path(struct buf *out, struct err *why) MUSTCHECK;

/* SQL with its string and number literals replaced by ?, comments by nothing; identifiers, also quoted ones, stay. */
void audit_mask(struct buf *out, const char *sql);

#endif
