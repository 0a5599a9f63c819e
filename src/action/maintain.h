/* SPDX-License-Identifier: PostgreSQL */
/*
 * Maintenance as tasks: one action (action/action.h) on one target, or on several, one after the other.
 *
 * LOOKING: logs in on a connection of its own, finds the target, says what is known before (rights, size, how long, what it
 * will wait for, what an earlier attempt left). ASKING: the exact SQL. RUNNING: audit line, the advisory lock of the database,
 * the statement alone in autocommit; a second connection asks how far it is and what it waits for. CHECKING: what became of
 * it. Nothing is ever sent twice: when the reply is lost the outcome is TASK_UNKNOWN, with what could be found out.
 */
#ifndef ACTION_MAINTAIN_H
#define ACTION_MAINTAIN_H

#include "action/action.h"
#include "action/audit.h"
#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/task.h"
#include "source/source.h"

enum { MAINTAIN_TARGETS_MAX = 64 };

struct maintain_target {
	const char *name;  /* as typed: a relation's or setting's name, a query id, CREATE INDEX ...; NULL when oid is given */
	uint32_t oid;      /* of a relation; wins over the name; 0 = by name */
	const char *value; /* new value of a setting, columns of ANALYZE ("a, b"); NULL none */
};

struct maintain_conf {
	/* Where to; as of pgwork_conf. */
	const struct source_conf *conf;
	struct source *like;
	const char *over;   /* options.operator_conn */
	const char *dbname;
	const struct action *action; /* outlives the task */
	const struct maintain_target *target; /* copied; none for ACTION_ON_NOTHING */
	int count;
	struct audit *audit;         /* outlives the task */
	double max_bytes;            /* larger targets are refused; 0 or NAN: none are */
	bool queued;                 /* made to wait for task_start() */
	bool read_only;              /* the task is refused at once; nothing is connected */
	const char *consent;         /* how it is confirmed, for the audit log: "--yes"; NULL: by the question */
	/* Session texts (sql/session/act_*.sql), as of source_conf. */
	const char *(*text)(void *ctx, const char *name);
	void *text_ctx;
	struct log *log;
};

/* ERR_INVALID: bad conninfo, a target too many or too few. The conf is borrowed for the call, but for what is said above. */
int maintain_new(struct task **out, struct loop *l, const struct maintain_conf *conf, struct err *why) MUSTCHECK;

/* What a task that is done leaves to be done, most of all an invalid index to be dropped: the action's name and its target. */
struct maintain_follow {
	char action[ACTION_NAME_MAX];
	uint32_t oid;
	char name[260]; /* clean, for the question */
};
/* Number i; false when there are no more. */
bool maintain_follow(const struct task *t, int i, struct maintain_follow *out);

/* Its SQL holds the value of a setting that is a secret (the action's `secrets`): where it is kept, audit_mask() first. */
bool maintain_is_secret(const struct task *t);

/* How many targets of a batch were left out for another reason than max_bytes: gone, of another kind, no right. Said in lines. */
int maintain_missed(const struct task *t);

#endif
