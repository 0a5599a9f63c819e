/* SPDX-License-Identifier: PostgreSQL */
#include "loop/loop.h"

#include <event2/event.h>
#include <stdlib.h>

#include "core/mem.h"

/* What changes while callbacks hold a const loop: the clock is read at its first use in a turn. */
struct turn {
	struct clock now;
	bool fresh;    /* now has been read in this turn */
	bool pinned;   /* now is not the system's */
	bool happened; /* a callback ran */
};

struct deferred {
	void (*fn)(void *ctx);
	void *ctx;
};

struct shared {
	struct shared *next;
	const void *key;
	void *data;
};

struct loop {
	struct event_base *base;
	struct turn *turn;
	struct deferred *deferred;
	size_t deferred_count, deferred_room;
	void (*turn_fn)(void *ctx);
	void *turn_ctx;
	struct shared *shared;
	bool stop;
};

struct loop_fd {
	struct loop *loop;
	struct event *event; /* NULL while nothing is wanted */
	int fd;
	unsigned want;
	void (*fn)(void *ctx, unsigned got);
	void *ctx;
};

struct loop_timer {
	struct loop *loop;
	struct event *event;
	void (*fn)(void *ctx);
	void *ctx;
	bool armed; /* libevent's own answer costs as much as asking it to stop */
};

struct loop_signal {
	struct loop *loop;
	struct event *event;
	void (*fn)(void *ctx, int signo);
	void *ctx;
};

/* poll() rather than epoll: a dozen descriptors, no system call to change what is wanted, regular files on stdin work, and
 * a descriptor number that libpq closed and opened again between two calls is no stale registration. With dozens of them poll() is a
 * tenth of what a statement of a bench costs. */
static struct event_base *new_base(bool crowded)
{
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config)
		return NULL;
	event_config_avoid_method(config, crowded ? "poll" : "epoll");
	event_config_avoid_method(config, "select");
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_IGNORE_ENV);
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

static int make(struct loop **out, bool crowded, struct err *why)
{
	struct event_base *base = new_base(crowded);
	struct loop *l;

	if (!base)
		return err_set(why, ERR_IO, "cannot make an event loop (out of descriptors?)");
	l = mem_alloc(sizeof(*l));
	l->base = base;
	l->turn = mem_alloc(sizeof(*l->turn));
	*out = l;
	return 0;
}

int loop_new(struct loop **out, struct err *why)
{
	return make(out, false, why);
}

int loop_new_crowded(struct loop **out, struct err *why)
{
	return make(out, true, why);
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	event_base_free(l->base);
	while (l->shared) {
		struct shared *next = l->shared->next;

		free(l->shared->data);
		free(l->shared);
		l->shared = next;
	}
	free(l->deferred);
	free(l->turn);
	free(l);
}

void *loop_shared(struct loop *l, const void *key, size_t size)
{
	struct shared *s = l->shared;

	while (s && s->key != key)
		s = s->next;
	if (!s) {
		s = mem_alloc(sizeof(*s));
		*s = (struct shared){l->shared, key, mem_alloc(size)};
		l->shared = s;
	}
	return s->data;
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

const struct clock *loop_now(const struct loop *l)
{
	struct turn *t = l->turn;

	if (!t->fresh && !t->pinned) {
		clock_read(&t->now);
		t->fresh = true;
	}
	return &t->now;
}

void loop_pin_clock(struct loop *l, const struct clock *now)
{
	l->turn->pinned = now != NULL;
	l->turn->fresh = now != NULL;
	if (now)
		l->turn->now = *now;
}

static void run_deferred(struct loop *l)
{
	struct deferred *list = l->deferred;
	size_t count = l->deferred_count;

	/* What these defer themselves runs in the next turn, so that two which call each other cannot hold the loop. */
	l->deferred = NULL;
	l->deferred_count = l->deferred_room = 0;
	for (size_t i = 0; i < count; i++) {
		if (list[i].fn)
			list[i].fn(list[i].ctx);
	}
	free(list);
}

void loop_once(struct loop *l, bool wait)
{
	int flags = EVLOOP_ONCE;

	if (!wait || l->deferred_count > 0 || l->stop)
		flags |= EVLOOP_NONBLOCK;
	l->turn->fresh = false;
	l->turn->happened = wait || l->deferred_count > 0;
	event_base_loop(l->base, flags);
	if (l->deferred_count > 0)
		run_deferred(l);
	if (l->turn_fn && (l->turn->happened || l->turn->fresh))
		l->turn_fn(l->turn_ctx);
	l->turn->fresh = false;
}

void loop_run(struct loop *l)
{
	l->stop = false;
	while (!l->stop)
		loop_once(l, true);
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

void loop_on_turn(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	l->turn_fn = fn;
	l->turn_ctx = ctx;
}

void loop_defer(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	if (l->deferred_count == l->deferred_room) {
		l->deferred_room = l->deferred_room ? l->deferred_room * 2 : 8;
		l->deferred = mem_resize(l->deferred, l->deferred_room, sizeof(*l->deferred));
	}
	l->deferred[l->deferred_count++] = (struct deferred){fn, ctx};
}

/* --- descriptors -------------------------------------------------------------------------------------------------- */

static void fd_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_fd *w = arg;
	unsigned got = ((what & EV_READ) ? LOOP_READ : 0u) | ((what & EV_WRITE) ? LOOP_WRITE : 0u);

	(void)fd;
	w->loop->turn->happened = true;
	w->fn(w->ctx, got);
}

struct loop_fd *loop_fd_new(struct loop *l, int fd, unsigned want, void (*fn)(void *ctx, unsigned got), void *ctx)
{
	struct loop_fd *w = mem_alloc(sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->fn = fn;
	w->ctx = ctx;
	loop_fd_want(w, want);
	return w;
}

void loop_fd_want(struct loop_fd *w, unsigned want)
{
	short what = EV_PERSIST;

	if (want == w->want)
		return;
	w->want = want;
	if (w->event)
		event_free(w->event);
	w->event = NULL;
	if (!want)
		return;
	if (want & LOOP_READ)
		what |= EV_READ;
	if (want & LOOP_WRITE)
		what |= EV_WRITE;
	w->event = event_new(w->loop->base, w->fd, what, fd_event, w);
	if (!w->event || event_add(w->event, NULL) != 0)
		abort(); /* only when memory is out: poll() takes any number */
}

void loop_fd_free(struct loop_fd *w)
{
	if (!w)
		return;
	if (w->event)
		event_free(w->event);
	free(w);
}

/* --- timers ------------------------------------------------------------------------------------------------------- */

static void timer_event(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->loop->turn->happened = true;
	t->armed = false;
	t->fn(t->ctx);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *t = mem_alloc(sizeof(*t));

	t->loop = l;
	t->fn = fn;
	t->ctx = ctx;
	t->event = evtimer_new(l->base, timer_event, t);
	if (!t->event)
		abort();
	return t;
}

static void timer_arm(struct loop_timer *t, int64_t left_ns)
{
	struct timeval in;

	if (left_ns < 0)
		left_ns = 0;
	in.tv_sec = left_ns / CLOCK_SECOND_NS;
	in.tv_usec = (left_ns % CLOCK_SECOND_NS + 999) / 1000;
	if (in.tv_usec >= 1000000) {
		in.tv_sec++;
		in.tv_usec -= 1000000;
	}
	t->armed = true;
	/* libevent counts from the time it read before the callbacks of this turn, which may be long ago. */
	event_base_update_cache_time(t->loop->base);
	if (evtimer_add(t->event, &in) != 0)
		abort();
}

void loop_timer_at(struct loop_timer *t, int64_t mono_ns)
{
	struct clock now = t->loop->turn->now;

	if (!t->loop->turn->pinned)
		clock_read(&now);
	timer_arm(t, mono_ns - now.mono_ns);
}

void loop_timer_in(struct loop_timer *t, double ms)
{
	if (!(ms > 0))
		ms = 0;
	if (ms > 1e12)
		ms = 1e12;
	timer_arm(t, (int64_t)(ms * (double)CLOCK_MS_NS));
}

void loop_timer_stop(struct loop_timer *t)
{
	if (!t || !t->armed)
		return;
	evtimer_del(t->event);
	t->armed = false;
}

bool loop_timer_armed(const struct loop_timer *t)
{
	return t && t->armed;
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

/* --- signals ------------------------------------------------------------------------------------------------------ */

static void signal_event(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->loop->turn->happened = true;
	s->fn(s->ctx, (int)signo);
}

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *ctx, int signo), void *ctx)
{
	struct loop_signal *s = mem_alloc(sizeof(*s));

	s->loop = l;
	s->fn = fn;
	s->ctx = ctx;
	s->event = evsignal_new(l->base, signo, signal_event, s);
	if (!s->event || event_add(s->event, NULL) != 0)
		abort();
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	event_free(s->event);
	free(s);
}
