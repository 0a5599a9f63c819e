/* SPDX-License-Identifier: PostgreSQL */
/*
 * A pool under a test's control: many clients that run a statement again and again over it. Driven by test_pool.py.
 *
 *   pooled [-m MIN] [-M MAX] [-a ACQUIRE_MS] [-l LEAK_MS] [-i IDLE_MS] [-L LIFETIME_MS] [-k CHECK_MS] CONNINFO
 *   stdin: load CLIENTS SQL | calm (clients end) | hold WHO MS | dirty SQL (given back in the midst) | stats | close | open | quit
 *   One JSON line per event: stats, leak, held, none, end.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/pool.h"
#include "core/mem.h"
#include "driven.h"

struct client;

struct pooled {
	struct loop *loop;
	struct pool *pool;
	struct client *clients;
	int client_count;
	bool calm;
	int64_t done, failed, lost, none, out_of_order;
	uint64_t asked, served; /* tickets: first come, first served */
	char last_error[ERR_TEXT_MAX];
	struct driven_input input;
	char *sql;
};

struct client {
	struct pooled *all;
	struct pool_waiter waiter;
	struct pool_lease *lease;
	struct loop_timer *rest;
	uint64_t ticket;
	char who[40];
	double hold_ms;
	bool dirty, gone;
};

static void ask(struct client *c);

static void on_done(void *ctx, const struct pgwork_outcome *o)
{
	struct client *c = ctx;
	struct pooled *p = c->all;

	if (!o->why)
		p->done++;
	else if (o->why->code == ERR_LOST)
		p->lost++;
	else
		p->failed++;
	if (o->why)
		snprintf(p->last_error, sizeof(p->last_error), "%s", o->why->text);
	if (!c->lease)
		return;
	pool_release(p->pool, c->lease);
	c->lease = NULL;
	ask(c);
}

static void use(struct client *c, struct pool_lease *lease)
{
	struct pgwork_query q = {.sql = c->all->sql, .name = "load", .done = on_done, .ctx = c};

	c->lease = lease;
	if (c->hold_ms > 0) {
		struct json_writer w;
		struct buf out;

		driven_begin(&w, &out, "held");
		json_put_string(&w, "who", c->who);
		json_put_int(&w, "pid", pgwork_backend_pid(pool_work(lease)));
		driven_end(&w, &out);
		loop_timer_in(c->rest, c->hold_ms);
		return;
	}
	if (c->dirty) {
		q.name = NULL;
		pgwork_run(pool_work(lease), &q, 1);
		c->lease = NULL;
		c->gone = true;
		pool_release(c->all->pool, lease);
		return;
	}
	pgwork_run(pool_work(lease), &q, 1);
}

static void on_got(void *ctx, struct pool_lease *lease, const struct err *why)
{
	struct client *c = ctx;
	struct pooled *p = c->all;

	if (!lease) {
		p->none++;
		snprintf(p->last_error, sizeof(p->last_error), "%s", why->text);
		loop_timer_in(c->rest, 20);
		return;
	}
	if (c->ticket < p->served)
		p->out_of_order++;
	p->served = c->ticket;
	use(c, lease);
}

static void ask(struct client *c)
{
	struct pool_lease *lease;

	if (c->all->calm || c->gone)
		return;
	c->waiter = (struct pool_waiter){.who = c->who, .got = on_got, .ctx = c};
	c->ticket = ++c->all->asked;
	lease = pool_acquire(c->all->pool, &c->waiter);
	if (lease)
		use(c, lease);
}

static void on_rest(void *ctx)
{
	struct client *c = ctx;

	if (c->lease)
		pool_release(c->all->pool, c->lease);
	c->gone = c->lease != NULL;
	c->lease = NULL;
	ask(c);
}

static void client_init(struct pooled *p, struct client *c, const char *who)
{
	*c = (struct client){.all = p, .rest = loop_timer_new(p->loop, on_rest, c)};
	snprintf(c->who, sizeof(c->who), "%s", who);
}

static void on_leak(void *ctx, const struct pool_leak *leak)
{
	struct json_writer w;
	struct buf out;

	(void)ctx;
	driven_begin(&w, &out, "leak");
	json_put_string(&w, "who", leak->who);
	json_put_number(&w, "held_ms", leak->held_ms);
	json_put_int(&w, "since_us", leak->since_us);
	json_put_int(&w, "pid", leak->pid);
	driven_end(&w, &out);
}

static void put_stats(struct pooled *p)
{
	const struct pool_stats *s = pool_stats(p->pool);
	struct pool_leak leaks[4];
	struct json_writer w;
	struct buf out;

	driven_begin(&w, &out, "stats");
	json_put_int(&w, "open", s->open);
	json_put_int(&w, "idle", s->idle);
	json_put_int(&w, "busy", s->busy);
	json_put_int(&w, "opening", s->opening);
	json_put_int(&w, "waiting", s->waiting);
	json_put_int(&w, "most_open", s->most_open);
	json_put_int(&w, "most_waiting", s->most_waiting);
	json_put_int(&w, "acquired", s->acquired);
	json_put_int(&w, "at_once", s->at_once);
	json_put_int(&w, "timeouts", s->timeouts);
	json_put_int(&w, "leaks", s->leaks);
	json_put_int(&w, "leaking", pool_leaks(p->pool, leaks, 4));
	json_put_int(&w, "opened", s->opened);
	json_put_int(&w, "login_failed", s->failed);
	json_put_int(&w, "conn_lost", s->lost);
	json_put_int(&w, "closed_old", s->closed_old);
	json_put_int(&w, "closed_idle", s->closed_idle);
	json_put_int(&w, "closed_silent", s->closed_silent);
	json_put_int(&w, "closed_dirty", s->closed_dirty);
	json_put_number(&w, "efficiency", pool_efficiency(s));
	json_put_number(&w, "acquire_p99_ms", quantile_at(&s->acquire, 0.99) / 1e6);
	json_put_int(&w, "done", p->done);
	json_put_int(&w, "failed", p->failed);
	json_put_int(&w, "lost", p->lost);
	json_put_int(&w, "none", p->none);
	json_put_int(&w, "out_of_order", p->out_of_order);
	json_put_string(&w, "last_error", p->last_error);
	json_put_string(&w, "why", s->why.code < 0 ? s->why.text : "");
	driven_end(&w, &out);
}

static void load(struct pooled *p, char *rest)
{
	int count = (int)strtol(rest, &rest, 10);

	free(p->sql);
	p->sql = mem_strdup(rest + 1);
	p->calm = false;
	if (!p->clients)
		p->clients = mem_calloc(4000, sizeof(*p->clients));
	for (int i = p->client_count; i < count && i < 4000; i++) {
		client_init(p, &p->clients[i], "load");
		p->client_count++;
	}
	for (int i = 0; i < p->client_count; i++)
		ask(&p->clients[i]);
}

/* One client that does something once; a few bytes stay until the end. */
static void once(struct pooled *p, const char *who, double hold_ms, const char *sql)
{
	static struct client other[64];
	static int used;
	struct client *c = &other[used++ % 64];

	client_init(p, c, who);
	c->hold_ms = hold_ms;
	c->dirty = sql != NULL;
	if (sql) {
		free(p->sql);
		p->sql = mem_strdup(sql);
	}
	p->calm = false;
	ask(c);
}

static void run_command(void *ctx, char *line)
{
	struct pooled *p = ctx;
	char *rest, *word = strtok_r(line, " ", &rest);

	if (strcmp(word, "quit") == 0) {
		loop_stop(p->loop);
	} else if (strcmp(word, "stats") == 0) {
		put_stats(p);
	} else if (strcmp(word, "calm") == 0) {
		p->calm = true;
	} else if (strcmp(word, "load") == 0) {
		load(p, rest);
	} else if (strcmp(word, "hold") == 0) {
		char *who = strtok_r(NULL, " ", &rest);

		once(p, who, strtod(rest, NULL), NULL);
	} else if (strcmp(word, "dirty") == 0) {
		once(p, "dirty", 0, rest);
	} else if (strcmp(word, "close") == 0) {
		pool_close(p->pool);
	} else if (strcmp(word, "open") == 0) {
		pool_open(p->pool);
	}
}

static void read_limits(struct pool_limits *l, int argc, char **argv)
{
	int option;

	l->min = -1;
	while ((option = getopt(argc, argv, "m:M:a:l:i:L:k:")) != -1) {
		double value = strtod(optarg, NULL);

		switch (option) {
		case 'm': l->min = (int)value; break;
		case 'M': l->max = (int)value; break;
		case 'a': l->acquire_ms = value; break;
		case 'l': l->leak_ms = value; break;
		case 'i': l->idle_ms = value; break;
		case 'L': l->lifetime_ms = value; break;
		case 'k': l->check_ms = value; break;
		default: exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	static struct pooled p;
	struct source_conf conf = {.kind = PANEL_PG, .text = driven_text};
	struct pool_conf pool = {.work = {.conf = &conf, .application = "pooled"}};
	struct pool_events events = {on_leak, NULL, &p};
	struct json_writer w;
	struct buf out;
	struct err why;

	signal(SIGPIPE, SIG_IGN);
	read_limits(&pool.limits, argc, argv);
	conf.target = argv[optind];
	if (loop_new(&p.loop, &why) < 0 || pool_new(&p.pool, p.loop, &pool, &events, &why) < 0)
		driven_die("pooled", "start", why.text);
	driven_input(&p.input, p.loop, run_command, &p);
	pool_open(p.pool);
	loop_run(p.loop);
	driven_begin(&w, &out, "end");
	driven_end(&w, &out);
	pool_free(p.pool);
	for (int i = 0; i < p.client_count; i++)
		loop_timer_free(p.clients[i].rest);
	free(p.clients);
	free(p.sql);
	driven_input_free(&p.input);
	return 0;
}
