/* SPDX-License-Identifier: PostgreSQL */
/*
 * Taking cached keys out, as a task (model/task.h): one key, or all that begin alike.
 *
 *   LOOKING   connects; counts the keys (SCAN, never KEYS, on every node of a cluster) and shows some
 *   ASKING    which, how many, where
 *   RUNNING   UNLINK of each; of one key: a tombstone for 5 s (bridge/store.h), so that a reader of the old row cannot put it back,
 *             or the value that shall stand there. Of an alarm first the stores that listen are told; where PostgreSQL cannot be
 *             asked to, the keys are taken out all the same
 *   CHECKING  of a class that must go (`alarm`): looks once more and takes out what was written meanwhile, up to three times
 *
 * An alarm whose stores were not told, or whose keys were still being written at the last look, ends as TASK_FAILED: both are
 * in `why`, what was taken out in drop_count().
 *
 * Cancelled in the midst: what is gone stays gone. Nothing but string-alike names is looked at: values are never read.
 */
#ifndef BRIDGE_DROP_H
#define BRIDGE_DROP_H

#include "core/err.h"
#include "core/log.h"
#include "loop/loop.h"
#include "model/task.h"
#include "source/pgwork.h"
#include "source/source.h"

struct drop_conf {
	const struct source_conf *redis; /* borrowed for drop_task_new() only */
	const char *prefix;   /* of keys, raw; or `one`: the key. Never empty */
	bool one;
	bool alarm;
	/* Of an alarm: where stores are told (tell_sql: NOTIFY of what $1 is), and that. NULL: they are not told. Borrowed for
	 * drop_task_new(). */
	const struct pgwork_conf *tell;
	const char *tell_sql, *tell_payload;
	/* `one`: what is put there (encoded), for how long, and in words what it is: "1234 bytes (zlib)". at NULL: a tombstone. Borrowed
	 * for drop_task_new(). */
	struct str value;
	double ttl_ms;
	const char *words;
	bool no_writes;       /* dytop is read-only: refused */
	/* As warm_conf.gate: writes the intent into the audit log, then calls drop_go(). NULL: goes on without. */
	void (*gate)(void *ctx, struct task *t);
	void *gate_ctx;
	struct log *log;
};

/* ERR_INVALID: bad address, an empty prefix. Connects at once; callbacks from the loop only. */
int drop_task_new(struct task **out, struct loop *l, const struct drop_conf *conf, struct err *why) MUSTCHECK;
void drop_go(struct task *t, const struct err *why); /* why NULL = go on, else the task is refused with it */
int64_t drop_count(const struct task *t);            /* keys taken out so far */
const char *drop_server(const struct task *t);       /* "cache1:6379", raw */

#endif
