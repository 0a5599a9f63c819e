/* SPDX-License-Identifier: PostgreSQL */
/*
 * One call that may wait for a disk (loading a library), made in a thread of its own while the loop goes on. The thread gets
 * nothing of the loop's and all signals blocked; what it did is seen when `done` is called.
 */
#ifndef LOOP_BACKGROUND_H
#define LOOP_BACKGROUND_H

#include "loop/loop.h"

struct background;

/* Runs work() in a thread, then done(ctx) from the loop, never from inside this call. work must need no state. Where no
 * thread can be made, work() runs here and now. */
struct background *background_start(struct loop *l, void (*work)(void), void (*done)(void *ctx), void *ctx);
/* The same with something to work on: what the thread reads and writes there is seen by done(). drop(job) is called once, in
 * either thread, when nobody needs it any more: after done(), or when cancelled and worked on. */
struct background_job {
	void (*work)(void *job);
	void (*drop)(void *job);
	void *job;
};
struct background *background_start_job(struct loop *l, const struct background_job *job, void (*done)(void *ctx), void *ctx);
/* Waits until the work is done, ms at most; false: it is not. For the end of the program. done() comes as if not waited. */
bool background_wait(struct background *b, double ms);
/* done will not be called; the thread ends by itself. NULL is accepted; not after done was called. */
void background_cancel(struct background *b);

#endif
