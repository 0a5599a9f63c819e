/* SPDX-License-Identifier: PostgreSQL */
/* The load's connections: taken and given back in turn. */
#include <math.h>
#include <stdlib.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

struct line {
	struct bench_db *db;
	struct pgwork *work;
	struct loop_timer *again;
	struct bench_client *holds;
	bool up;
};

struct bench_db {
	struct bench *bench;
	struct bench_queue waits;
	int count, open, busy, most;
	int64_t since_ns;       /* the areas are counted up to here */
	double open_area, busy_area, window_ns;
	struct err why;         /* of the newest loss */
	struct line line[];
};

static void tick(struct bench_db *d)
{
	int64_t now = bench_now();
	double past = (double)(now - d->since_ns);

	d->open_area += past * d->open;
	d->busy_area += past * d->busy;
	d->window_ns += past;
	d->since_ns = now;
}

static void give(struct bench_db *d, struct line *l, struct bench_client *c)
{
	tick(d);
	d->busy++;
	l->holds = c;
	c->on = l->work;
	bench_got(c, NULL);
}

static void on_up(void *ctx)
{
	struct line *l = ctx;
	struct bench_db *d = l->db;
	struct bench_client *c;

	tick(d);
	l->up = true;
	d->open++;
	d->most = d->open > d->most ? d->open : d->most;
	if ((c = bench_pop(&d->waits)) != NULL)
		give(d, l, c);
}

static void on_down(void *ctx, const struct err *why)
{
	struct line *l = ctx;
	struct bench_db *d = l->db;
	struct bench_client *c;

	tick(d);
	d->open -= l->up;
	l->up = false;
	d->why = *why;
	loop_timer_in(l->again, BENCH_RETRY_MS);
	if (d->open > 0)
		return;
	while ((c = bench_pop(&d->waits)) != NULL)
		bench_got(c, &d->why);
}

static void on_again(void *ctx)
{
	pgwork_open(((struct line *)ctx)->work);
}

int bench_db_new(struct bench_db **out, struct bench *b, struct err *why)
{
	int count = b->conf.pool_max, rc = 0;
	struct bench_db *d = mem_alloc(sizeof *d + (size_t)count * sizeof d->line[0]);

	d->bench = b;
	d->since_ns = bench_now();
	for (int i = 0; i < count && rc == 0; i++) {
		struct line *l = &d->line[d->count++];
		struct pgwork_conf conf = {.conf = b->conf.postgres, .over = b->conf.over, .application = "dytop-bench", .log = b->conf.log};
		struct pgwork_events events = {.up = on_up, .down = on_down, .ctx = l};

		l->db = d;
		l->again = loop_timer_new(b->loop, on_again, l);
		rc = pgwork_new(&l->work, b->loop, &conf, &events, why);
	}
	if (rc < 0)
		bench_db_free(d);
	else
		*out = d;
	return rc;
}

void bench_db_start(struct bench_db *d)
{
	for (int i = 0; i < d->count; i++)
		pgwork_open(d->line[i].work);
}

void bench_db_free(struct bench_db *d)
{
	if (!d)
		return;
	for (int i = 0; i < d->count; i++) {
		pgwork_free(d->line[i].work);
		loop_timer_free(d->line[i].again);
	}
	free(d);
}

void bench_db_acquire(struct bench_db *d, struct bench_client *c)
{
	for (int i = 0; i < d->count; i++) {
		if (!d->line[i].holds && pgwork_is_up(d->line[i].work)) {
			give(d, &d->line[i], c);
			return;
		}
	}
	bench_push(&d->waits, c);
}

void bench_db_release(struct bench_db *d, struct bench_client *c)
{
	for (int i = 0; i < d->count; i++) {
		struct line *l = &d->line[i];
		struct bench_client *other;

		if (l->holds != c)
			continue;
		tick(d);
		d->busy--;
		l->holds = NULL;
		if (pgwork_is_up(l->work) && (other = bench_pop(&d->waits)) != NULL)
			give(d, l, other);
		return;
	}
}

int bench_db_open(const struct bench_db *d)
{
	return d->open;
}

int bench_db_busy(const struct bench_db *d)
{
	return d->busy;
}

void bench_db_window(struct bench_db *d)
{
	tick(d);
	d->open_area = d->busy_area = d->window_ns = 0;
	d->most = d->open;
}

void bench_db_figures(struct bench_db *d, struct bench_result *r)
{
	tick(d);
	r->open = d->window_ns > 0 ? d->open_area / d->window_ns : NAN;
	r->busy = d->window_ns > 0 ? d->busy_area / d->window_ns : NAN;
	r->most = d->most;
}
