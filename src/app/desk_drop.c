/* SPDX-License-Identifier: PostgreSQL */
/* Cached keys out of the Redis server that is shown: as `dytop cache drop-prefix`. */
#include <math.h>
#include <stdio.h>

#include "app/desk_private.h"
#include "bridge/drop.h"

static void intent_written(void *ctx, const struct err *why)
{
	struct desk_side *side = ctx;

	side->intending = false;
	side->intended = why == NULL;
	drop_go(side->task, why);
}

static void gate(void *ctx, struct task *t)
{
	struct desk_side *side = ctx;
	const struct audit_intent line = {.id = side->id,
					  .action = t->kind,
					  .server = {.name = drop_server(t)},
					  .target = t->title,
					  .sql = t->sql,
					  .confirmed = "y"};

	side->intending = true;
	audit_intent(side->desk->audit, &line, intent_written, side);
}

void desk_dropped(struct desk_side *side)
{
	const struct task *t = side->task;
	const struct audit_outcome line = {.id = side->id,
					   .action = t->kind,
					   .outcome = t->state == TASK_DONE ? t->outcome : TASK_UNKNOWN,
					   .error = t->why.code ? t->why.text : NULL,
					   .duration_ms = t->ended_ns > t->began_ns ? (double)(t->ended_ns - t->began_ns) / 1e6 : (double)NAN,
					   .rows = drop_count(t)};

	audit_forget(side->desk->audit, side);
	if (side->intended || side->intending)
		audit_outcome(side->desk->audit, &line, desk_outcome_written, side);
	side->intended = side->intending = false;
}

int desk_drop(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why)
{
	struct source_conf redis;
	struct desk_aim a;
	int rc = desk_aim(d, r, &a, why);

	if (rc == 0 && !desk_audit(d)) {
		*why = d->audit_why;
		rc = why->code;
	}
	if (rc < 0)
		return rc;
	redis = d->conf.servers->conf[r->server];
	redis.password = d->redis_password[r->server];
	audit_id(side->id);
	side->kind = DESK_DROP;
	const struct drop_conf conf = {.redis = &redis,
				       .prefix = r->text,
				       .no_writes = d->conf.options->read_only,
				       .gate = gate,
				       .gate_ctx = side,
				       .log = d->conf.log};

	return drop_task_new(&side->task, d->loop, &conf, why);
}
