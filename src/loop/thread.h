/* SPDX-License-Identifier: PostgreSQL */
/* Threads of this program: each does one thing that may wait for a disk, and shares nothing with the loop but what it is given. */
#ifndef LOOP_THREAD_H
#define LOOP_THREAD_H

#include "core/base.h"

/* Runs run(arg) in a detached thread with all signals blocked (they are the loop's). False: none can be made. */
bool thread_start(void *(*run)(void *arg), void *arg);

#endif
