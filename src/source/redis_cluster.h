/* SPDX-License-Identifier: PostgreSQL */
/*
 * Redis that does things, one server or a cluster: redis_work's send with the key that decides where a command goes. Whether it is a
 * cluster is asked once logged in (CLUSTER SLOTS); one server costs nothing more than redis_work itself.
 *
 * In a cluster: MOVED and ASK are followed, TRYAGAIN, CLUSTERDOWN and a node that is not there are tried again until the
 * deadline; the slots are asked for anew when one moved or a node went away. Commands for one key stay in order unless their slot
 * moves. A command that left and lost its reply is not sent again. SELECT is not known to a cluster: a database in the
 * address is refused by the server.
 *
 * Every command gets exactly one reply(); callbacks come from the loop, never from inside a call of this header; freed in its
 * own callbacks only by loop_defer().
 */
#ifndef SOURCE_REDIS_CLUSTER_H
#define SOURCE_REDIS_CLUSTER_H

#include "source/redis_slots.h"
#include "source/redis_work.h"

struct redis_cluster;

/* conf and events as of redis_work. window: replies open at all nodes together. deadline_ms: also of what is tried again. up():
 * the first server is there and what it is is known. down(): that failed, or no node is connected any more. */
int redis_cluster_new(struct redis_cluster **out, struct loop *l, const struct redis_work_conf *conf,
                      const struct redis_work_events *events, struct err *why) MUSTCHECK;
void redis_cluster_free(struct redis_cluster *c); /* NULL is accepted; open commands get no reply() */
/* For who has another place to ask: what would be tried again (CLUSTERDOWN, a node that was lost) fails at once, with that error
 * reply or ERR_LOST. MOVED, ASK and TRYAGAIN are followed as ever. */
void redis_cluster_hasty(struct redis_cluster *c);
void redis_cluster_open(struct redis_cluster *c);
void redis_cluster_close(struct redis_cluster *c); /* open commands get ERR_LOST from the loop; no down() */
bool redis_cluster_is_up(const struct redis_cluster *c);
/* Queues a command for the node of that key; words are copied. All its keys must be of that key's slot. */
void redis_cluster_send(struct redis_cluster *c, struct str key, int argc, const struct str *argv, redis_work_reply *reply, void *ctx);
int redis_cluster_open_count(const struct redis_cluster *c);
bool redis_cluster_full(const struct redis_cluster *c);
const char *redis_cluster_name(const struct redis_cluster *c); /* "cache1:6379", of the one that was given; raw */

bool redis_cluster_is_cluster(const struct redis_cluster *c); /* once up */
/* Servers that own slots (one server: 1; 0 when not up), and a command to one of them, whatever its keys: INFO, SCAN. */
int redis_cluster_nodes(const struct redis_cluster *c);
void redis_cluster_send_to(struct redis_cluster *c, int node, int argc, const struct str *argv, redis_work_reply *reply, void *ctx);
const char *redis_cluster_node_name(const struct redis_cluster *c, int node); /* raw */

/*
 * For who must know what becomes of what he wrote (the cache-first store): every server that became known has a number, from 0 (the
 * one that was given), which it keeps; they are fewer than REDIS_NODES_MAX.
 */
enum redis_came {
	REDIS_CAME_SAME,    /* the process it was when it was used last (INFO run_id); or its first login, and no one before that failed */
	REDIS_CAME_OTHER,   /* another one, with the data that it had saved, or that of a replica, or none; or nobody knows */
	REDIS_CAME_UNKNOWN, /* it does not let us ask (ACL): it may be another one */
};

struct redis_cluster_watch {
	void (*came)(void *ctx, int server, enum redis_came how); /* logged in; no command of anybody has been sent to it yet */
	/* A slot has another owner: its keys were moved over, or a replica took over what it has of them. from -1: it had none. */
	void (*moved)(void *ctx, int from, int to);
	void (*owners)(void *ctx); /* who owns slots was learned, perhaps anew; after all moved() of that */
	void *ctx;
};

/* Before redis_cluster_open(). It costs one INFO for each login. */
void redis_cluster_watch(struct redis_cluster *c, const struct redis_cluster_watch *watch);
int redis_cluster_servers(const struct redis_cluster *c); /* how many have a number */
int redis_cluster_server_of(const struct redis_cluster *c, struct str key); /* -1: nobody owns its slot */
bool redis_cluster_owns(const struct redis_cluster *c, int server);  /* slots; one server: it does */
bool redis_cluster_holds(const struct redis_cluster *c, int server); /* owns slots, or takes one over, as the last look showed */
bool redis_cluster_server_up(const struct redis_cluster *c, int server);
void redis_cluster_wake(struct redis_cluster *c, int server); /* connects, when it is not tried anyhow */
const char *redis_cluster_server_name(const struct redis_cluster *c, int server); /* raw */
void redis_cluster_send_server(struct redis_cluster *c, int server, int argc, const struct str *argv, redis_work_reply *reply,
                               void *ctx);

/* changes: counts slots that got another owner. steady: no slot is on its way from one server to another, as far as those that can be
 * reached say. why: the slots could not be asked for; NULL else. */
typedef void redis_cluster_looked(void *ctx, int64_t changes, bool steady, const struct err *why);
/* Asks who owns what, now: CLUSTER SLOTS of one, CLUSTER NODES of each owner. One server: told so at once, from the loop. */
void redis_cluster_look(struct redis_cluster *c, redis_cluster_looked *fn, void *ctx);

#endif
