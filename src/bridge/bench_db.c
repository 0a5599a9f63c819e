/* SPDX-License-Identifier: PostgreSQL */
/* The load's connections: the bridge's own pool. */
#include <math.h>
#include <stdlib.h>

#include "bridge/bench_run.h"

int bench_db_new(struct bench *b, struct err *why)
{
	const struct bench_conf *c = &b->conf;
	struct pool_conf conf = {
		.work = {.conf = c->postgres, .over = c->over, .application = "dytop-bench", .log = c->log},
		.limits = {.min = c->pool_min, .max = c->pool_max, .acquire_ms = c->timeout_ms, .leak_ms = c->timeout_ms * 2},
		.log = c->log,
	};
	struct pool_events events = {.ctx = b};

	return pool_new(&b->pool, b->loop, &conf, &events, why);
}

static void got(void *ctx, struct pool_lease *lease, const struct err *why)
{
	struct bench_client *c = ctx;

	c->lease = lease;
	bench_got(c, bench_now(), why);
}

void bench_db_acquire(struct bench_client *c, int64_t now)
{
	c->waiter.who = "bench";
	c->waiter.got = got;
	c->waiter.ctx = c;
	c->lease = pool_acquire_at(c->bench->pool, &c->waiter, now);
	if (c->lease)
		bench_got(c, now, NULL);
}

void bench_db_release(struct bench_client *c, int64_t now)
{
	struct pool_lease *lease = c->lease;

	c->lease = NULL;
	pool_release_at(c->bench->pool, lease, now);
}

void bench_db_window(struct bench *b)
{
	const struct pool_stats *s = pool_stats(b->pool);

	b->window.open_ns = s->open_ns;
	b->window.busy_ns = s->busy_ns;
}

void bench_db_figures(struct bench *b, struct bench_result *r)
{
	const struct pool_stats *s = pool_stats(b->pool);
	double ns = (double)(bench_now() - b->window.at_ns);

	r->open = ns > 0 ? (s->open_ns - b->window.open_ns) / ns : NAN;
	r->busy = ns > 0 ? (s->busy_ns - b->window.busy_ns) / ns : NAN;
	r->most = s->most_open;
}
