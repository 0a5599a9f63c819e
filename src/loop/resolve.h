/* SPDX-License-Identifier: PostgreSQL */
/*
 * Names to addresses without waiting, through the system's own resolver (nsswitch, hosts, DNS), so a name means here what
 * it means to psql. A lookup that is given up on is finished and thrown away in the background.
 */
#ifndef LOOP_RESOLVE_H
#define LOOP_RESOLVE_H

#include <sys/socket.h>

#include "loop/loop.h"

enum { RESOLVE_MAX = 8 };

struct resolve_address {
	struct sockaddr_storage addr;
	socklen_t len;
	char text[64]; /* numeric form, for hostaddr= and messages */
};

struct resolve;
/* fn is called once from the loop, never from inside this call: count > 0 addresses, or count 0 with the reason.
 * deadline_ms bounds it. A numeric address resolves too. */
struct resolve *resolve_start(struct loop *l, const char *host, int port, double deadline_ms,
                              void (*fn)(void *ctx, const struct resolve_address *found, int count, const struct err *why),
                              void *ctx);
void resolve_cancel(struct resolve *r); /* fn will not be called; NULL is accepted */

#endif
