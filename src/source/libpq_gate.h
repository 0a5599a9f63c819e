/* SPDX-License-Identifier: PostgreSQL */
/*
 * How much one call of libpq reads. Once a message is announced as long, libpq reads on inside one call for as long as bytes
 * come: a gigabyte, in one turn of the loop. It has no setting for that, but it reads by recv(), and the program's own recv()
 * stands before the C library's (-Wl,--export-dynamic-symbol=recv). Through it goes what is allowed, and then it says "no more
 * for now"; the descriptor stays readable, so the loop comes back. Under TLS the bytes are those on the wire.
 */
#ifndef SOURCE_LIBPQ_GATE_H
#define SOURCE_LIBPQ_GATE_H

#include "core/base.h"

/* Until libpq_gate_shut() this thread reads `most` bytes of fd at most. One gate at a time. */
void libpq_gate_open(int fd, size_t most);
/* Every descriptor reads as ever again. Returns the bytes that were read. */
size_t libpq_gate_shut(void);
/* Whether libraries meet our recv(): false in a program that was linked without the option. */
bool libpq_gate_works(void);

#endif
