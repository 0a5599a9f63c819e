/* SPDX-License-Identifier: PostgreSQL */
/* Key w: a recipe's rows from the PostgreSQL server into the Redis server that are shown. */
#include <math.h>
#include <stdio.h>

#include "app/cache_keys.h"
#include "app/desk_private.h"

static void intent_written(void *ctx, const struct err *why)
{
	struct desk_side *side = ctx;

	side->intending = false;
	side->intended = why == NULL;
	warm_go(side->task, why);
}

static void gate(void *ctx, struct task *t)
{
	struct desk_side *side = ctx;
	char target[300];

	snprintf(target, sizeof target, "recipe %s: keys %s*", side->recipe->name, side->recipe->prefix);
	const struct audit_intent line = {.id = side->id,
					  .action = t->kind,
					  .server = {.name = warm_server(t)},
					  .target = target,
					  .sql = side->recipe->query,
					  .confirmed = "y"};

	side->intending = true;
	audit_intent(side->desk->audit, &line, intent_written, side);
}

void desk_warmed(struct desk_side *side)
{
	const struct task *t = side->task;
	const struct warm_report *r = warm_report(t);
	const struct audit_outcome line = {.id = side->id,
					   .action = t->kind,
					   .outcome = t->state == TASK_DONE ? t->outcome : TASK_UNKNOWN,
					   .error = t->why.code ? t->why.text : NULL,
					   .duration_ms = r->elapsed_ms,
					   .rows = r->written};

	audit_forget(side->desk->audit, side);
	if (side->intended || side->intending)
		audit_outcome(side->desk->audit, &line, desk_outcome_written, side);
	side->intended = side->intending = false;
}

/* The first live server of a kind, from the one that is shown on; -1 none. */
static int server_of(const struct desk *d, enum panel_source kind)
{
	const struct server_status *const *servers;
	int count;

	servers = session_servers(d->session, &count);
	for (int i = 0; i < count; i++)
		if (servers[i]->kind == kind && servers[i]->state == SERVER_LIVE)
			return i;
	return -1;
}

static int read_recipe(struct desk *d, const char *name, struct recipe **out, struct err *why)
{
	struct files_text text;
	int rc = files_text(d->conf.files, d->conf.options, FILE_WARM, name, &text, why);

	return rc < 0 ? rc : recipe_parse(out, text.name, text.path, text.text, why);
}

int desk_warm(struct desk *d, const struct ui_request *r, struct desk_side *side, struct err *why)
{
	struct codec_keys keys = {.count = 0};
	struct source_conf redis;
	struct desk_aim a;
	int pg = server_of(d, PANEL_PG), rc = desk_aim(d, r, &a, why);

	if (rc == 0 && pg < 0)
		rc = err_set(why, ERR_INVALID, "rows come from a PostgreSQL server, and none is connected");
	if (rc == 0 && !desk_audit(d)) {
		*why = d->audit_why;
		rc = why->code;
	}
	if (rc == 0)
		rc = read_recipe(d, r->text, &side->recipe, why);
	if (rc == 0)
		rc = cache_keys_load(&keys, NULL, why);
	if (rc < 0)
		return rc;
	redis = d->conf.servers->conf[r->server];
	redis.password = d->redis_password[r->server];
	audit_id(side->id);
	side->kind = DESK_WARM;
	const struct warm_conf conf = {.recipe = side->recipe,
				       .like = session_source(d->session, pg),
				       .pg_over = d->conf.options->operator_conn,
				       .redis = &redis,
				       .keys = keys.count ? &keys : NULL,
				       .codec = -1,
				       /* one key is no place for a recipe that says as fast as it goes */
				       .rate = side->recipe->rate > 0 ? (double)NAN : RECIPE_RATE_DEFAULT,
				       .no_writes = d->conf.options->read_only,
				       .watch_ms = NAN,
				       .load_sql = files_session_text(d->conf.files, "pg_load"),
				       .told_sql = files_session_text(d->conf.files, "warm_told"),
				       .listen_sql = files_session_text(d->conf.files, "pg_listen"),
				       .begin_sql = files_session_text(d->conf.files, "explain_begin"),
				       .end_sql = files_session_text(d->conf.files, "explain_end"),
				       .gate = gate,
				       .gate_ctx = side,
				       .log = d->conf.log};

	rc = warm_task_new(&side->task, d->loop, &conf, why);
	codec_keys_wipe(&keys);
	return rc;
}
