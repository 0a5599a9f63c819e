/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which servers may be read from. One that was not told of an invalidation, one that came back as another process than it was (with
 * what it had saved before some drop), one that took slots over as a replica does: nothing is read from any of these before a
 * flush of what it has. The others go on.
 */
#include <string.h>

#include "bridge/store_private.h"

bool store_may_read(const struct store *s, int kind, struct str key)
{
	int server;

	if (s->kind[kind].sensitive || s->class[kind].banned || s->class[kind].sweeping > 0 || !redis_cluster_is_up(s->redis))
		return false;
	server = redis_cluster_server_of(s->redis, key);
	return server >= 0 && !s->server[server].doubt;
}

/* True when it was in none. */
static bool doubt_one(struct store *s, int server)
{
	struct store_server *one = &s->server[server];
	bool first = !one->doubt;

	one->again = one->again || one->flushing;
	one->doubt = true;
	return first;
}

void store_doubt(struct store *s, int server, const struct err *why)
{
	bool first = s->trusting && server < 0, all = server < 0 || !redis_cluster_is_cluster(s->redis);

	s->trusting = s->trusting && server >= 0;
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		if (server < 0 || i == server)
			first = doubt_one(s, i) || first;
	}
	if (why && first)
		store_say(s, "an invalidation did not reach %s, all %swill be dropped: %s",
		          all ? "Redis" : redis_cluster_server_name(s->redis, server), all ? "" : "that it has ", why->text);
	loop_timer_in(s->reflush, 0);
}

void store_doubt_key(struct store *s, struct str key, const struct err *why)
{
	store_doubt(s, redis_cluster_is_up(s->redis) ? redis_cluster_server_of(s->redis, key) : -1, why);
}

void store_reflush(void *ctx)
{
	struct store *s = ctx;
	bool which[REDIS_NODES_MAX] = {false}, any = false, later = false;
	int64_t now = store_now();

	for (int i = 0; i < redis_cluster_servers(s->redis) && redis_cluster_is_up(s->redis); i++) {
		const struct store_server *one = &s->server[i];

		if (!one->doubt || one->flushing || !redis_cluster_owns(s->redis, i))
			continue;
		if (!redis_cluster_server_up(s->redis, i)) {
			redis_cluster_wake(s->redis, i);
			later = true;
		} else if (one->flushed_ns && now - one->flushed_ns < STORE_REFLUSH_MS * CLOCK_MS_NS) {
			later = true; /* one that refuses everything is not asked all the time */
		} else {
			which[i] = any = true;
		}
	}
	if (any)
		store_flush_servers(s, which);
	if (later)
		loop_timer_in(s->reflush, STORE_REFLUSH_MS);
}

/* --- what becomes of servers ----------------------------------------------------------------------------------------------------- */

static void on_came(void *ctx, int server, enum redis_came how)
{
	struct store *s = ctx;

	if (how == REDIS_CAME_UNKNOWN && !s->told_unknown)
		store_say(s, "%s does not let us ask who it is (INFO): what it has is dropped whenever the connection was lost",
		          redis_cluster_server_name(s->redis, server));
	s->told_unknown = s->told_unknown || how == REDIS_CAME_UNKNOWN;
	if (how == REDIS_CAME_SAME)
		loop_timer_in(s->reflush, 0);
	else if (s->trusting) /* it was not there at first: from when what it has is, nobody knows */
		store_doubt(s, -1, NULL);
	else
		store_doubt(s, server, NULL);
}

static void on_moved(void *ctx, int from, int to)
{
	struct store *s = ctx;

	/* A key that should not be there may have come along. */
	if (!s->trusting && (from < 0 || s->server[from].doubt))
		store_doubt(s, to, NULL);
}

static void on_owners(void *ctx)
{
	struct store *s = ctx;

	for (int i = 0; i < redis_cluster_servers(s->redis) && !s->trusting; i++) {
		if (!redis_cluster_owns(s->redis, i))
			doubt_one(s, i);
	}
	loop_timer_in(s->reflush, 0);
}

static void on_up(void *ctx)
{
	struct store *s = ctx;

	s->stats.redis_up = true;
	s->no_scripts = false; /* it may be another one */
	s->retry_ms = STORE_RETRY_MS;
	if (s->stats.redis_lost > 0)
		store_say(s, "Redis is back");
	for (int i = 0; i < redis_cluster_servers(s->redis) && s->trusting; i++)
		s->server[i].doubt = !redis_cluster_owns(s->redis, i);
	s->trusting = false;
	store_reflush(s);
	if (s->events.redis)
		s->events.redis(s->events.ctx, NULL);
}

static void on_down(void *ctx, const struct err *why)
{
	struct store *s = ctx;

	if (s->stats.redis_up) {
		s->stats.redis_lost++;
		store_say(s, "Redis is away, the database serves: %s", why->text);
	}
	s->stats.redis_up = false;
	loop_timer_in(s->retry, s->retry_ms);
	s->retry_ms = s->retry_ms * 2 < STORE_RETRY_MAX_MS ? s->retry_ms * 2 : STORE_RETRY_MAX_MS;
	if (s->events.redis)
		s->events.redis(s->events.ctx, why);
}

static void on_retry(void *ctx)
{
	redis_cluster_open(((struct store *)ctx)->redis);
}

int store_make_redis(struct store *s, const struct store_conf *conf, struct err *why)
{
	struct redis_work_conf redis = {
		.conf = conf->redis,
		.name = "dytop-store",
		.deadline_ms = conf->redis_deadline_ms > 0 ? conf->redis_deadline_ms : 500,
		.log = conf->log,
	};
	struct redis_work_events events = {.up = on_up, .down = on_down, .ctx = s};
	int rc = redis_cluster_new(&s->redis, s->loop, &redis, &events, why);

	if (rc < 0)
		return rc;
	redis_cluster_hasty(s->redis); /* the database is asked instead */
	redis_cluster_watch(s->redis, &(struct redis_cluster_watch){.came = on_came, .moved = on_moved, .owners = on_owners, .ctx = s});
	s->retry = loop_timer_new(s->loop, on_retry, s);
	s->reflush = loop_timer_new(s->loop, store_reflush, s);
	for (int i = 0; i < REDIS_NODES_MAX; i++)
		s->server[i].doubt = true;
	s->trusting = !conf->flush_at_start;
	return 0;
}
