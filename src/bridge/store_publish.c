/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the store and its pool know about themselves, put where the dashboard sees it beside the server's own figures: a hash
 * in the same Redis, STORE_KEY_PUBLISHED, one field for each store, "name=value name=value ...". It expires; the fields
 * of stores that are no more are taken out by those that live.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/store_private.h"

enum { LINE_MAX_BYTES = 4096, PRUNE_EVERY = 5 };

static void put(struct buf *out, const char *name, int64_t value)
{
	buf_addf(out, " %s=%lld", name, (long long)value);
}

/* What came since it was told last: of all since the start, a day's quick answers would hide any outage, and one outage would stand
 * there for a day. */
static struct quantile since(const struct quantile *now, struct quantile *told)
{
	struct quantile q = *now;

	quantile_subtract(&q, told);
	*told = *now;
	return q;
}

/* Microseconds; nothing at all when there is none: an absent figure is unknown. */
static void put_us(struct buf *out, const char *name, const struct quantile *q, double share)
{
	double ns = quantile_at(q, share);

	if (isfinite(ns))
		buf_addf(out, " %s=%.1f", name, ns / 1000);
}

static void put_store(struct buf *out, struct store *s)
{
	const struct store_stats *t = store_stats(s);
	const struct quantile all = since(&t->all, &s->told.all), hit = since(&t->hit, &s->told.hit),
	                      miss = since(&t->miss, &s->told.miss);

	put(out, "gets", t->gets);
	put(out, "hits", t->hits);
	put(out, "misses", t->misses);
	put(out, "queries", t->queries);
	put(out, "joined", t->joined);
	put(out, "sets", t->sets);
	put(out, "deletions", t->deletions);
	put(out, "events", t->events);
	put(out, "flushes", t->flushes);
	put(out, "failed", t->failed);
	put(out, "errors", t->redis_errors);
	put(out, "undecodable", t->undecodable);
	put(out, "listening", t->listening);
	put(out, "flushing", t->flushing);
	put_us(out, "p50_us", &all, 0.5);
	put_us(out, "p99_us", &all, 0.99);
	put_us(out, "hit_p50_us", &hit, 0.5);
	put_us(out, "hit_p99_us", &hit, 0.99);
	put_us(out, "miss_p99_us", &miss, 0.99);
}

static void put_pool(struct buf *out, struct pool *p, struct quantile *told)
{
	const struct pool_stats *t = pool_stats(p);
	const struct quantile acquire = since(&t->acquire, told);
	struct pool_leak leaks[64];
	int leaking = pool_leaks(p, leaks, 64);
	double efficiency = pool_efficiency(t);

	put(out, "pool_min", t->limits.min);
	put(out, "pool_max", t->limits.max);
	put(out, "pool_open", t->open);
	put(out, "pool_idle", t->idle);
	put(out, "pool_busy", t->busy);
	put(out, "pool_waiting", t->waiting);
	put(out, "pool_acquired", t->acquired);
	put(out, "pool_at_once", t->at_once);
	put(out, "pool_timeouts", t->timeouts);
	put(out, "pool_leaks", t->leaks);
	put(out, "pool_leaking", leaking);
	put(out, "pool_lost", t->lost);
	put(out, "pool_failed", t->failed);
	put_us(out, "pool_p50_us", &acquire, 0.5);
	put_us(out, "pool_p99_us", &acquire, 0.99);
	if (isfinite(efficiency))
		buf_addf(out, " pool_efficiency=%.1f", efficiency * 100);
	if (leaking > 0) {
		char who[sizeof(leaks[0].who)];
		size_t len = 0;

		for (const char *at = leaks[0].who; *at; at++) /* one word */
			who[len++] = (unsigned char)*at <= ' ' || *at == '=' ? '_' : *at;
		who[len] = '\0';
		buf_addf(out, " pool_leak_who=%s pool_leak_s=%.0f pool_leak_pid=%d", who, leaks[0].held_ms / 1000, leaks[0].pid);
	}
}

static struct str field_name(const struct store *s, char *out, size_t room)
{
	char host[64] = "";

	gethostname(host, sizeof(host) - 1);
	snprintf(out, room, "%.100s@%s:%ld", s->name, host, (long)getpid());
	return str_from(out);
}

/* Those that have not told anything for a while are no more. */
static void on_all(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store *s = ctx;
	struct clock now;

	if (why || reply->type != RESP_ARRAY)
		return;
	clock_read(&now);
	for (int i = 0; i + 1 < reply->count; i += 2) {
		struct str field = reply->element[i]->text, line = reply->element[i + 1]->text;
		long long at = line.len > 3 && memcmp(line.at, "at=", 3) == 0 ? strtoll(line.at + 3, NULL, 10) : 0;

		if (now.wall_us / 1000000 - at > STORE_PUBLISH_TTL_S)
			redis_cluster_send(s->redis, STR(STORE_KEY_PUBLISHED), 3,
			                   (const struct str[]){STR("HDEL"), STR(STORE_KEY_PUBLISHED), field}, NULL, NULL);
	}
}

void store_publish(void *ctx)
{
	struct store *s = ctx;
	struct buf line = BUF_INIT(LINE_MAX_BYTES);
	char field[200], ttl[16];
	struct clock now;

	loop_timer_in(s->publish, STORE_PUBLISH_MS);
	if (!redis_cluster_is_up(s->redis))
		return;
	clock_read(&now);
	buf_addf(&line, "at=%lld since=%lld alive_ms=%lld", (long long)(now.wall_us / 1000000), (long long)(s->began_us / 1000000),
	         (long long)((now.mono_ns - s->began_ns) / CLOCK_MS_NS));
	put_store(&line, s);
	put_pool(&line, s->pool, &s->told.acquire);
	snprintf(ttl, sizeof(ttl), "%d", STORE_PUBLISH_TTL_S);
	if (!line.failed)
		redis_cluster_send(s->redis, STR(STORE_KEY_PUBLISHED), 4,
		                   (const struct str[]){STR("HSET"), STR(STORE_KEY_PUBLISHED), field_name(s, field, sizeof(field)),
		                                        buf_str(&line)}, NULL, NULL);
	redis_cluster_send(s->redis, STR(STORE_KEY_PUBLISHED), 3,
	                   (const struct str[]){STR("EXPIRE"), STR(STORE_KEY_PUBLISHED), str_from(ttl)}, NULL, NULL);
	if (s->published++ % PRUNE_EVERY == 0)
		redis_cluster_send(s->redis, STR(STORE_KEY_PUBLISHED), 2,
		                   (const struct str[]){STR("HGETALL"), STR(STORE_KEY_PUBLISHED)}, on_all, s);
	buf_release(&line);
}

void store_withdraw(struct store *s)
{
	char field[200];

	loop_timer_stop(s->publish);
	if (s->name && redis_cluster_is_up(s->redis))
		redis_cluster_send(s->redis, STR(STORE_KEY_PUBLISHED), 3,
		                   (const struct str[]){STR("HDEL"), STR(STORE_KEY_PUBLISHED),
		                                        field_name(s, field, sizeof(field))}, NULL, NULL);
}
