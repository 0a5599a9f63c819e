/* SPDX-License-Identifier: PostgreSQL */
/*
 * The event loop: one thread, libevent underneath, the only home of libevent besides source/ streams built on it.
 *
 * A turn: wait; read the clock once; run the callbacks of what is ready (descriptors, timers, signals, resolved names); run
 * the deferred functions; run the turn function (which draws, once). Nothing in a callback may block.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include "core/base.h"
#include "core/clock.h"
#include "core/err.h"

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct event_base;

enum loop_want { LOOP_READ = 1u << 0, LOOP_WRITE = 1u << 1 };

int loop_new(struct loop **out, struct err *why) MUSTCHECK;
/* The same for dozens of descriptors that stay, as the connections of a bench: a turn costs what is ready, not what is open. No regular file
 * may be watched on it, and who cannot know that a number still means the same descriptor makes its loop_fd anew. */
int loop_new_crowded(struct loop **out, struct err *why) MUSTCHECK;
void loop_free(struct loop *l); /* everything made on it must be freed before */
/* Memory that lives as long as the loop, zeroed at first and the same for everybody who asks with that key (an address). */
void *loop_shared(struct loop *l, const void *key, size_t size);
struct event_base *loop_base(struct loop *l); /* for source/stream only */
const struct clock *loop_now(const struct loop *l); /* of this turn */
/* From now on it is *now, until the next call (replay: the recording's time); NULL: the system's again. Timers that are set
 * relative to it still run in real time. */
void loop_pin_clock(struct loop *l, const struct clock *now);
void loop_run(struct loop *l);       /* until loop_stop() */
void loop_once(struct loop *l, bool wait); /* one turn; wait = false only handles what is ready */
void loop_stop(struct loop *l);
/* Runs at the end of every turn in which anything happened. */
void loop_on_turn(struct loop *l, void (*fn)(void *ctx), void *ctx);
/* Runs once, after the callbacks of this turn: the place to free what is inside its own callback. */
void loop_defer(struct loop *l, void (*fn)(void *ctx), void *ctx);

/* Watches fd; `want` may be 0 and is changed with loop_fd_want(). `got` in the callback are loop_want bits. */
struct loop_fd *loop_fd_new(struct loop *l, int fd, unsigned want, void (*fn)(void *ctx, unsigned got), void *ctx);
void loop_fd_want(struct loop_fd *w, unsigned want);
void loop_fd_free(struct loop_fd *w); /* NULL is accepted; allowed inside its own callback; does not close fd */

struct loop_timer *loop_timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx); /* not armed */
void loop_timer_at(struct loop_timer *t, int64_t mono_ns);  /* once, then; replaces an earlier time */
void loop_timer_in(struct loop_timer *t, double ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_armed(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

struct loop_signal *loop_signal_new(struct loop *l, int signo, void (*fn)(void *ctx, int signo), void *ctx);
void loop_signal_free(struct loop_signal *s);

#endif
