/* SPDX-License-Identifier: PostgreSQL */
/* Where a key lives in a Redis Cluster: slots, and the texts in which servers tell who owns them. Pure. */
#ifndef SOURCE_REDIS_SLOTS_H
#define SOURCE_REDIS_SLOTS_H

#include "core/base.h"
#include "core/err.h"
#include "core/str.h"
#include "source/resp.h"

enum { REDIS_SLOTS = 16384, REDIS_NODES_MAX = 256, REDIS_HOST_MAX = 255 };

struct redis_place {
	char host[REDIS_HOST_MAX + 1]; /* "": where it was asked */
	int port;
};

/* CRC16 (XMODEM) of the key, or of what stands between its first '{' and the first '}' behind it when that is not empty,
 * modulo REDIS_SLOTS (Redis Cluster specification). */
unsigned redis_slot(struct str key);

/* "MOVED 3999 10.0.0.7:6381", "ASK 3999 [::1]:6381", "MOVED 3999 :6381"; false when it is neither or not well-formed. */
bool redis_redirect(struct str text, bool *ask, unsigned *slot, struct redis_place *to);

/* Calls fn for each range of the answer to CLUSTER SLOTS with its primary; ranges without one are passed over. ERR_PROTOCOL when it
 * is not such an answer. */
int redis_slots_read(const struct resp_reply *reply, void (*fn)(void *ctx, unsigned from, unsigned to, const struct redis_place *at),
                     void *ctx, struct err *why) MUSTCHECK;

/* Where the node of that id is, from an answer to CLUSTER NODES ("ID 10.0.0.7:6381@16381,name master ..."); false: not in it, or without an
 * address. */
bool redis_node_place(struct str nodes, struct str id, struct redis_place *to);

#endif
