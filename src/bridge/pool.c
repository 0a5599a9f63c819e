/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/pool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clean.h"
#include "core/map.h"
#include "core/mem.h"

enum { HOUSE_MS = 250 };

struct pool_lease {
	struct pool *pool;
	struct pgwork *work;
	int index;
	bool up;
	char who[64];
};

struct pool {
	struct loop *loop;
	struct log *log;
	struct pool_events events;
	struct pool_stats stats;
	struct pool_slot *slot;
	struct pool_lease *lease;
	struct pool_waiter *first, *last;
	struct loop_timer *house;    /* what time brings: lives, idleness, leaks, checks */
	struct loop_timer *queue;    /* the first waiter's deadline, or when the queue asks for a connection */
	int64_t queue_ns;            /* it is armed for then */
	struct loop_timer *closing;  /* tells the waiters of a closed pool */
	int newest;                  /* the idle one that came back last; -1 look at all */
	bool active;
	int failures;
	int64_t failed_ns, retry_ns;
	uint64_t random;
	int64_t counted_ns;          /* open_ns and busy_ns are counted up to here */
	struct pool_waiter *told;    /* waiters of a closed pool */
};

static int64_t now_ns(void)
{
	return clock_mono();
}

static uint32_t roll(struct pool *p)
{
	p->random = map_hash_int(p->random, 1);
	return (uint32_t)(p->random >> 32);
}

static struct pool_view view(const struct pool *p)
{
	return (struct pool_view){
		.slot = p->slot,
		.count = p->stats.limits.max,
		.waiting = p->stats.waiting,
		.head_ns = p->first ? p->first->since_ns : 0,
		.failed_ns = p->failed_ns,
		.retry_ns = p->retry_ns,
	};
}

/* --- places -------------------------------------------------------------------------------------------------------------- */

static bool is_open(enum pool_place place)
{
	return place == POOL_IDLE || place == POOL_CHECKING || place == POOL_BUSY;
}

static void count_time(struct pool *p, int64_t now)
{
	double passed = (double)(now - p->counted_ns);

	p->stats.open_ns += passed * p->stats.open;
	p->stats.busy_ns += passed * p->stats.busy;
	p->counted_ns = now;
}

static void lift(int *most, int value)
{
	if (value > *most)
		*most = value;
}

static void move_at(struct pool *p, int i, enum pool_place to, int64_t now)
{
	struct pool_slot *s = &p->slot[i];
	struct pool_stats *t = &p->stats;

	count_time(p, now);
	t->open += is_open(to) - is_open(s->place);
	t->idle += (to == POOL_IDLE || to == POOL_CHECKING) - (s->place == POOL_IDLE || s->place == POOL_CHECKING);
	t->busy += (to == POOL_BUSY) - (s->place == POOL_BUSY);
	t->opening += (to == POOL_OPENING) - (s->place == POOL_OPENING);
	lift(&t->most_open, t->open + t->opening);
	s->place = to;
	s->since_ns = now;
	s->reported = false;
}

/* The two moves that every lease makes, without looking at what they are. */
static void move_used(struct pool *p, int i, enum pool_place to, int64_t now)
{
	struct pool_slot *s = &p->slot[i];
	int busy = to == POOL_BUSY ? 1 : -1;

	count_time(p, now);
	p->stats.busy += busy;
	p->stats.idle -= busy;
	s->place = to;
	s->since_ns = now;
	s->reported = false;
}

static void move(struct pool *p, int i, enum pool_place to)
{
	move_at(p, i, to, now_ns());
}

/* By us: the server may count it for a moment yet. */
static void shut(struct pool *p, int i)
{
	p->lease[i].up = false;
	pgwork_close(p->lease[i].work);
	move(p, i, POOL_LINGERS);
}

/* --- the queue ----------------------------------------------------------------------------------------------------------- */

static void plan_queue(struct pool *p);

static void unlink_waiter(struct pool *p, struct pool_waiter *w)
{
	*(w->before ? &w->before->next : &p->first) = w->next;
	*(w->next ? &w->next->before : &p->last) = w->before;
	w->next = w->before = NULL;
	w->waits = false;
	p->stats.waiting--;
}

static void put_who(struct pool_lease *lease, const char *who)
{
	size_t len = strnlen(who, sizeof(lease->who) - 1);

	memcpy(lease->who, who, len);
	lease->who[len] = '\0';
}

static struct pool_lease *take(struct pool *p, int i, struct pool_waiter *w, int64_t waited_ns, int64_t now)
{
	struct pool_lease *lease = &p->lease[i];

	move_used(p, i, POOL_BUSY, now);
	lift(&p->stats.most_busy, p->stats.busy);
	put_who(lease, w->who ? w->who : "?");
	p->stats.acquired++;
	quantile_add(&p->stats.acquire, waited_ns);
	return lease;
}

/* As pool_plan_take(), which would find what came back last: no need to look at all of them. */
static int pick(struct pool *p, int64_t now)
{
	struct pool_view v;
	int i = p->newest;

	p->newest = -1;
	if (i >= 0 && p->slot[i].place == POOL_IDLE && now < p->slot[i].expires_ns)
		return i;
	v = view(p);
	return pool_plan_take(&v, now);
}

static void serve(struct pool *p)
{
	if (!p->first)
		return; /* the timer was stopped when the queue became empty */
	while (p->first && p->active) {
		int64_t now = now_ns();
		int i = pick(p, now);
		struct pool_waiter *w = p->first;

		if (i < 0)
			break;
		unlink_waiter(p, w);
		w->got(w->ctx, take(p, i, w, now - w->since_ns, now), NULL);
	}
	plan_queue(p);
}

static void open_more(struct pool *p)
{
	struct pool_view v = view(p);
	int count = p->active ? pool_plan_open(&p->stats.limits, &v, now_ns()) : 0;

	for (int i = 0; i < v.count && count > 0; i++) {
		if (p->slot[i].place != POOL_EMPTY)
			continue;
		move(p, i, POOL_OPENING);
		pgwork_open(p->lease[i].work);
		count--;
	}
}

/* When the queue needs a look again: another connection for it, or the end of the first one's patience. */
static void plan_queue(struct pool *p)
{
	const struct pool_limits *l = &p->stats.limits;
	int64_t now, at;

	if (!p->first) {
		loop_timer_stop(p->queue);
		return;
	}
	now = now_ns();
	at = p->first->since_ns + (int64_t)(l->acquire_ms * 1e6);
	if (p->stats.open + p->stats.opening < l->max) {
		int64_t grow = p->first->since_ns + (int64_t)(l->grow_ms * 1e6);

		if (grow <= now) /* was looked at, and could not: after a failure, or while others log in */
			grow = now + (int64_t)(l->grow_ms * 1e6) + 1000000;
		at = grow < at ? grow : at;
	}
	/* Too early is only a look too many; to set it anew for every waiter that is served costs more than serving. */
	if (loop_timer_armed(p->queue) && p->queue_ns <= at)
		return;
	p->queue_ns = at;
	loop_timer_at(p->queue, at);
}

static void expire_waiters(struct pool *p)
{
	double limit = p->stats.limits.acquire_ms;
	int64_t now = now_ns();

	while (p->first && (double)(now - p->first->since_ns) / 1e6 >= limit) {
		struct pool_waiter *w = p->first;
		struct err why;

		unlink_waiter(p, w);
		p->stats.timeouts++;
		if (p->stats.why.code < 0 && p->stats.open == 0)
			err_set(&why, ERR_TIMEOUT, "no connection within %.3g s: %s", limit / 1000, p->stats.why.text);
		else
			err_set(&why, ERR_TIMEOUT, "no connection within %.3g s: all %d are in use", limit / 1000, p->stats.busy);
		w->got(w->ctx, NULL, &why);
	}
}

static void on_queue(void *ctx)
{
	struct pool *p = ctx;

	expire_waiters(p);
	open_more(p);
	plan_queue(p);
}

struct pool_lease *pool_acquire(struct pool *p, struct pool_waiter *w)
{
	return pool_acquire_at(p, w, now_ns());
}

struct pool_lease *pool_acquire_at(struct pool *p, struct pool_waiter *w, int64_t now)
{
	int i = p->first || !p->active ? -1 : pick(p, now);

	if (i >= 0) {
		p->stats.at_once++;
		return take(p, i, w, 0, now);
	}
	w->since_ns = now;
	w->waits = true;
	w->next = NULL;
	w->before = p->last;
	*(p->last ? &p->last->next : &p->first) = w;
	p->last = w;
	p->stats.waiting++;
	lift(&p->stats.most_waiting, p->stats.waiting);
	if (!p->active) {
		loop_timer_in(p->closing, 0);
	} else if (p->first == w) {
		open_more(p);
		plan_queue(p);
	}
	return NULL;
}

void pool_give_up(struct pool *p, struct pool_waiter *w)
{
	if (!w->waits)
		return;
	unlink_waiter(p, w);
	plan_queue(p);
}

struct pgwork *pool_work(struct pool_lease *lease)
{
	return lease->work;
}

void pool_release(struct pool *p, struct pool_lease *lease)
{
	pool_release_at(p, lease, now_ns());
}

void pool_release_at(struct pool *p, struct pool_lease *lease, int64_t now)
{
	int i = lease->index;
	struct pool_slot *s = &p->slot[i];

	if (s->place != POOL_BUSY)
		return;
	s->heard_ns = s->used_ns = now;
	if (!pgwork_is_up(lease->work)) {
		/* Lost while it was held. From inside the last answer of it, down() is yet to come. */
		move(p, i, lease->up ? POOL_LINGERS : POOL_EMPTY);
	} else if (pgwork_open_count(lease->work) > 0 || pgwork_in_transaction(lease->work)) {
		p->stats.closed_dirty++;
		log_write(p->log, LOG_WARN, "pool: a connection came back from %s in the midst of its work: closed", lease->who);
		shut(p, i);
	} else if (!p->active) {
		shut(p, i);
	} else if (s->heard_ns >= s->expires_ns) {
		p->stats.closed_old++;
		shut(p, i);
	} else {
		move_used(p, i, POOL_IDLE, now);
		p->newest = i;
	}
	serve(p);
	if (p->stats.open + p->stats.opening < p->stats.limits.min)
		open_more(p);
}

/* --- events of connections --------------------------------------------------------------------------------------------------- */

static void on_up(void *ctx)
{
	struct pool_lease *lease = ctx;
	struct pool *p = lease->pool;
	struct pool_slot *s = &p->slot[lease->index];

	lease->up = true;
	p->stats.opened++;
	p->failures = 0;
	p->retry_ns = 0;
	s->heard_ns = s->used_ns = now_ns();
	s->expires_ns = pool_plan_expiry(&p->stats.limits, roll(p), s->heard_ns);
	move(p, lease->index, POOL_IDLE);
	p->newest = lease->index;
	serve(p);
	open_more(p);
}

static void on_down(void *ctx, const struct err *why)
{
	struct pool_lease *lease = ctx;
	struct pool *p = lease->pool;
	struct pool_slot *s = &p->slot[lease->index];

	p->stats.why = *why;
	if (s->place == POOL_OPENING) {
		p->stats.failed++;
		p->failures++;
		p->failed_ns = now_ns();
		p->retry_ns = p->failed_ns + (int64_t)(pool_plan_backoff(p->failures, roll(p)) * 1e6);
	} else {
		p->stats.lost++;
	}
	lease->up = false;
	if (s->place != POOL_BUSY) /* the holder still has it */
		move(p, lease->index, POOL_EMPTY);
	log_write(p->log, LOG_WARN, "pool: %s", why->text);
	if (p->events.notice)
		p->events.notice(p->events.ctx, why);
	open_more(p);
}

static void on_checked(void *ctx, const struct pgwork_outcome *o)
{
	struct pool_lease *lease = ctx;
	struct pool *p = lease->pool;
	struct pool_slot *s = &p->slot[lease->index];

	if (s->place != POOL_CHECKING || o->why)
		return;
	s->heard_ns = now_ns();
	move(p, lease->index, POOL_IDLE);
	serve(p);
}

/* --- what time brings ---------------------------------------------------------------------------------------------------------- */

static void check(struct pool *p, int i)
{
	/* No statement at all: the shortest question there is. */
	struct pgwork_query q = {.sql = "", .done = on_checked, .ctx = &p->lease[i]};

	move(p, i, POOL_CHECKING);
	pgwork_run(p->lease[i].work, &q, 1);
}

static void tend(struct pool *p, int i, int64_t now)
{
	struct pool_view v = view(p);

	switch (pool_plan_idle(&p->stats.limits, &v, i, now)) {
	case POOL_CHECK:
		check(p, i);
		break;
	case POOL_CLOSE_OLD:
		p->stats.closed_old++;
		shut(p, i);
		break;
	case POOL_CLOSE_IDLE:
		p->stats.closed_idle++;
		shut(p, i);
		break;
	case POOL_CLOSE_SILENT:
		p->stats.closed_silent++;
		shut(p, i);
		break;
	default:
		break;
	}
}

static void describe(const struct pool *p, int i, int64_t now, struct pool_leak *out)
{
	struct clock clock;

	clock_read(&clock);
	*out = (struct pool_leak){
		.held_ms = (double)(now - p->slot[i].since_ns) / 1e6,
		.since_us = clock.wall_us - (clock.mono_ns - p->slot[i].since_ns) / 1000,
		.pid = pgwork_backend_pid(p->lease[i].work),
	};
	snprintf(out->who, sizeof(out->who), "%s", p->lease[i].who);
}

static void on_house(void *ctx)
{
	struct pool *p = ctx;
	int64_t now = now_ns();

	for (int i = 0; i < p->stats.limits.max; i++) {
		struct pool_slot *s = &p->slot[i];

		if (s->place == POOL_LINGERS && (double)(now - s->since_ns) / 1e6 >= POOL_LINGER_MS)
			move(p, i, POOL_EMPTY);
		else if (s->place == POOL_IDLE || s->place == POOL_CHECKING)
			tend(p, i, now);
		if (pool_plan_leaks(&p->stats.limits, s, now)) {
			struct pool_leak leak;

			s->reported = true;
			p->stats.leaks++;
			describe(p, i, now, &leak);
			log_write(p->log, LOG_WARN, "pool: %s has held a connection (backend %d) for %.0f s", leak.who, leak.pid,
			          leak.held_ms / 1000);
			if (p->events.leak)
				p->events.leak(p->events.ctx, &leak);
		}
	}
	open_more(p);
	if (p->active)
		loop_timer_in(p->house, HOUSE_MS);
}

/* --- life ------------------------------------------------------------------------------------------------------------------------ */

void pool_open(struct pool *p)
{
	if (p->active)
		return;
	p->active = true;
	p->failures = 0;
	p->retry_ns = 0;
	loop_timer_in(p->house, HOUSE_MS);
	open_more(p);
}

static void on_closing(void *ctx)
{
	struct pool *p = ctx;
	struct err why;

	err_set(&why, ERR_LOST, "the pool is closed");
	while (!p->active && p->first) {
		struct pool_waiter *w = p->first;

		unlink_waiter(p, w);
		w->got(w->ctx, NULL, &why);
	}
}

void pool_close(struct pool *p)
{
	if (!p->active)
		return;
	p->active = false;
	loop_timer_stop(p->house);
	loop_timer_stop(p->queue);
	for (int i = 0; i < p->stats.limits.max; i++) {
		p->lease[i].up = false;
		pgwork_close(p->lease[i].work);
		if (p->slot[i].place != POOL_BUSY)
			move(p, i, POOL_EMPTY);
	}
	loop_timer_in(p->closing, 0);
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	for (int i = 0; p->lease && i < p->stats.limits.max; i++)
		pgwork_free(p->lease[i].work);
	loop_timer_free(p->house);
	loop_timer_free(p->queue);
	loop_timer_free(p->closing);
	free(p->lease);
	free(p->slot);
	free(p);
}

int pool_new(struct pool **out, struct loop *l, const struct pool_conf *conf, const struct pool_events *events,
             struct err *why)
{
	struct pool *p = mem_alloc(sizeof(*p));
	int rc = 0;

	p->loop = l;
	p->log = conf->log;
	p->events = *events;
	p->stats.limits = conf->limits;
	pool_limits_init(&p->stats.limits);
	p->newest = -1;
	p->counted_ns = now_ns();
	p->random = map_hash_int(MAP_SEED, p->counted_ns);
	p->slot = mem_calloc((size_t)p->stats.limits.max, sizeof(*p->slot));
	p->lease = mem_calloc((size_t)p->stats.limits.max, sizeof(*p->lease));
	p->house = loop_timer_new(l, on_house, p);
	p->queue = loop_timer_new(l, on_queue, p);
	p->closing = loop_timer_new(l, on_closing, p);
	for (int i = 0; i < p->stats.limits.max && rc == 0; i++) {
		struct pgwork_events e = {.up = on_up, .down = on_down, .ctx = &p->lease[i]};

		p->lease[i].pool = p;
		p->lease[i].index = i;
		rc = pgwork_new(&p->lease[i].work, l, &conf->work, &e, why);
	}
	if (rc < 0)
		pool_free(p);
	else
		*out = p;
	return rc;
}

/* --- what it knows ---------------------------------------------------------------------------------------------------------------- */

const struct pool_stats *pool_stats(struct pool *p)
{
	count_time(p, now_ns());
	return &p->stats;
}

double pool_efficiency(const struct pool_stats *s)
{
	return s->open_ns > 0 ? s->busy_ns / s->open_ns : (double)NAN;
}

static int by_time(const void *a, const void *b)
{
	const struct pool_leak *x = a, *y = b;

	return x->held_ms < y->held_ms ? 1 : x->held_ms > y->held_ms ? -1 : 0;
}

int pool_leaks(struct pool *p, struct pool_leak *out, int room)
{
	int64_t now = now_ns();
	int found = 0;

	for (int i = 0; i < p->stats.limits.max && found < room; i++) {
		if (p->slot[i].place == POOL_BUSY && (double)(now - p->slot[i].since_ns) / 1e6 >= p->stats.limits.leak_ms)
			describe(p, i, now, &out[found++]);
	}
	if (found > 1)
		qsort(out, (size_t)found, sizeof(*out), by_time);
	return found;
}
