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
/* done will not be called; the thread ends by itself. NULL is accepted; not after done was called. */
void background_cancel(struct background *b);

#endif
