/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sessions as tasks: what one runs is cancelled, or the session is ended; one, or up to five.
 *
 * LOOKING: logs in on a connection of its own (read-only, no locks) and finds who they are and whether we may. Refused with
 * the reason: own sessions (behind a pooler, where nobody knows which these are, all that call themselves dytop), walsenders
 * and the server's own processes; superusers' sessions, unless that is asked for; what the role has no right to (with the
 * GRANT). ASKING: who they are, what they run, what hangs on it. RUNNING: an audit line, then one
 * statement each that names pid, start and role (and for a cancel the very query), so that a pid used again, or the next query, is
 * not hit. CHECKING: whether it is gone, for 2 s.
 */
#ifndef ACTION_SIGNAL_H
#define ACTION_SIGNAL_H

#include "action/audit.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/task.h"
#include "source/source.h"

enum signal_kind { SIGNAL_CANCEL, SIGNAL_TERMINATE };

enum { SIGNAL_TARGETS_MAX = 5 };

struct signal_target {
	int pid;
	int64_t start_us;  /* of the session, as it was seen: another start is another session; 0 = whoever has the pid now */
};

struct signal_conf {
	enum signal_kind kind;
	/* Where to; as of pgwork_conf. */
	const struct source_conf *conf;
	struct source *like;
	const char *over;            /* options.operator_conn */
	const struct signal_target *target; /* copied */
	int count;
	const int *own;              /* backends that this dytop watches with, which are left alone */
	int own_count;
	const int *jobs;             /* backends that its jobs work with: these are cancelled there */
	int job_count;
	bool own_unknown;            /* a pooler hides which sessions are its own: none that calls itself dytop is touched */
	bool superusers;             /* sessions of superusers too, where our role is one */
	bool queued;                 /* made to wait for task_start() */
	bool read_only;              /* refused at once; nothing is connected */
	struct audit *audit;         /* outlives the task; NULL: the log cannot be kept, and the task is refused */
	const char *consent;         /* how it is confirmed, for the audit log: "--yes"; NULL: by the question */
	const char *(*text)(void *ctx, const char *name); /* sql/session/signal_*.sql, as of source_conf */
	void *text_ctx;
	struct log *log;
};

/* ERR_INVALID: bad conninfo, no target or too many, one twice. The conf is borrowed for the call, but for what is said above. */
int signal_new(struct task **out, struct loop *l, const struct signal_conf *conf, struct err *why) MUSTCHECK;

#endif
