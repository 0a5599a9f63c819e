/* SPDX-License-Identifier: PostgreSQL */
/* Bytes on their way to a terminal: what it does not take now waits here, so that nobody waits for it. */
#ifndef UI_OUTQ_H
#define UI_OUTQ_H

#include "core/base.h"

struct outq;

struct outq *outq_new(int fd); /* fd is borrowed */
void outq_free(struct outq *q); /* NULL is accepted; what was not sent is lost */
void outq_add(struct outq *q, const void *bytes, size_t len);
void outq_text(struct outq *q, const char *text);
/* Sends what the terminal takes, waiting up to wait_ms in all for it. True when nothing is left (or the terminal is gone). */
bool outq_flush(struct outq *q, int wait_ms);

#endif
