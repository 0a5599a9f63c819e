/* SPDX-License-Identifier: PostgreSQL */
/* What signal.c and signal_look.c share; nobody else includes it. */
#ifndef ACTION_SIGNAL_PRIVATE_H
#define ACTION_SIGNAL_PRIVATE_H

#include "action/signal.h"
#include "source/pgwork.h"

enum { SIGNAL_NUMBER_MAX = 24 };

struct signal_who {
	struct signal_target who;
	int64_t query_start_us;
	char role_oid[SIGNAL_NUMBER_MAX];
	char name[200];         /* "backend 4711, bridge from 10.0.0.5", clean */
	bool sent, gone, failed;
	bool reused;            /* another session has its pid now */
	char wait[80];
};

struct signal_job {
	struct task task;
	struct loop *loop;
	struct pgwork *work;
	struct signal_conf conf; /* pointers only as far as they outlive the call */
	struct signal_who target[SIGNAL_TARGETS_MAX];
	int count;
	int *own, *jobs;
	char id[AUDIT_ID_MAX];
	char where[200];        /* server, clean */
	struct audit_server server;
	char *role, *database, *version, *system_id;
	struct loop_timer *later; /* the next check, or the end that may not come from inside a call */
	struct err end_why;
	enum task_outcome end;
	bool ending;            /* the timer ends it */
	bool active;            /* one of them runs something */
	bool intending;         /* its intent is being written */
	bool intended;          /* the audit log has its intent: an outcome must follow */
	bool closing;           /* `end` is how it ended; waits for the audit log only */
	int next;               /* target whose signal is sent */
	int64_t check_until_ns;
	char application[32];   /* of our own session */
	char *text[5];          /* look, send, check, what goes before each behind a pooler, and which cluster it is */
};

enum { TEXT_LOOK, TEXT_SEND, TEXT_CHECK, TEXT_LOCAL, TEXT_IDENTITY };

struct signal_row {
	const struct pgresult *r;
	int at;
};

const char *signal_verb(const struct signal_job *j); /* "cancel" */
void signal_finish(struct signal_job *j, enum task_outcome outcome, const struct err *why);
/* By the column's name: raw, NULL unknown; "" unknown; 0 unknown. */
const char *signal_value(const struct signal_row *w, const char *name);
const char *signal_text(const struct signal_row *w, const char *name);
int64_t signal_number(const struct signal_row *w, const char *name);
/* The answer of the first look: refuses or asks. */
void signal_looked(void *job, const struct pgwork_outcome *o);

#endif
