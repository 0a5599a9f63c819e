/* SPDX-License-Identifier: PostgreSQL */
/* The store that cached reads go through: the bridge's own, over the load's own pool, under keys of this run. */
#include <stdio.h>
#include <string.h>

#include "bridge/bench_run.h"

enum { REDIS_SILENT_MS = 5000 };

static void on_notice(void *ctx, const char *words)
{
	bench_trouble(ctx, words);
}

static void on_redis(void *ctx, const struct err *why)
{
	struct bench *b = ctx;

	if (b->step > BENCH_READING)
		return; /* the store goes on by itself */
	if (why)
		bench_fail(b, why);
	else if (b->step == BENCH_CONNECTING)
		bench_ready(b);
}

static int kind_named(const struct bench *b, const char *name)
{
	for (int i = 0; i < b->kinds; i++) {
		if (strcmp(b->kind[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* Those that are read (a kind may have several readers), then those that drop what others read. */
static void make_kinds(struct bench *b)
{
	const struct bench_workload *w = b->conf.workload;

	for (int i = 0; i < w->count; i++) {
		const struct bench_cache *c = &w->statement[i].cache;
		struct store_kind *k = &b->kind[b->kinds];

		b->kind_of[i] = c->kind && !c->drops ? kind_named(b, c->kind) : -1;
		if (!c->kind || c->drops || b->kind_of[i] >= 0 || b->kinds == STORE_KINDS_MAX)
			continue;
		*k = (struct store_kind){.name = c->kind, .codec = c->codec};
		k->sql = bench_statement_text(&w->statement[i], b->conf.variant)->step[0].sql;
		for (int p = 0; p < RECIPE_PRIORITIES; p++)
			k->ttl_ms[p] = c->ttl_ms;
		b->kind_of[i] = b->kinds++;
	}
	for (int i = 0; i < w->count; i++) {
		if (w->statement[i].cache.kind && w->statement[i].cache.drops)
			b->kind_of[i] = kind_named(b, w->statement[i].cache.kind);
	}
}

int bench_store_new(struct bench *b, struct err *why)
{
	char prefix[64];
	struct store_conf conf = {
		.redis = b->conf.redis, .pool = b->pool, .prefix = prefix, .kind = b->kind, .redis_deadline_ms = REDIS_SILENT_MS,
		.query_deadline_ms = b->conf.timeout_ms, .name = "bench", .log = b->conf.log,
	};
	struct store_events events = {.notice = on_notice, .redis = on_redis, .ctx = b};

	make_kinds(b);
	if (!b->conf.redis || b->kinds == 0)
		return 0;
	snprintf(prefix, sizeof prefix, "dytop:bench:%s:", b->run);
	conf.kinds = b->kinds;
	return store_new(&b->store, b->loop, &conf, &events, why);
}

struct bench_store bench_store_counts(const struct bench *b)
{
	const struct store_stats *s = b->store ? store_stats(b->store) : NULL;

	if (!s)
		return (struct bench_store){0};
	return (struct bench_store){
		.queries = s->queries, .joined = s->joined, .tombstones = s->tombstones, .leased = s->leased,
		.undecodable = s->undecodable, .bypassed = s->bypassed, .sets = s->sets, .sets_late = s->sets_late,
		.sets_stale = s->sets_stale, .deletions = s->deletions, .errors = s->redis_errors,
	};
}
