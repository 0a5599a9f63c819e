/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes to a file, by a thread of its own: a disk that is slow or gone holds up the thread and nobody else. What waits for the
 * disk is bounded: beyond it nothing more is taken, and the giver says so. The thread gets nothing of the loop's and all
 * signals blocked. Nothing is synced: what the system has taken survives the end of the program, not that of the machine.
 */
#ifndef LOOP_WRITER_H
#define LOOP_WRITER_H

#include "core/base.h"

struct writer;

/* Takes fd over. most: bytes that may wait. Where no thread can be made, writer_put() writes. */
struct writer *writer_new(int fd, size_t most);
/* Takes all of the bytes or none, at once. False: no room (what is larger than all room is taken when nothing waits), or
 * writing has failed. */
bool writer_put(struct writer *w, const char *bytes, size_t len);
/* errno of the first write that failed, after which nothing more is written; 0 while it goes well. */
int writer_failure(struct writer *w);
size_t writer_waiting(struct writer *w); /* bytes */
/* Writes what waits and closes, ms at most; frees. 0, errno, or ETIMEDOUT: *left bytes waited for the disk in vain (some of
 * them may still get there while the program goes on). */
int writer_close(struct writer *w, double ms, size_t *left) MUSTCHECK;

#endif
