/* SPDX-License-Identifier: PostgreSQL */
/* What redis_cluster.c (commands) and redis_cluster_nodes.c (connections, who owns which slot) share. */
#ifndef SOURCE_REDIS_CLUSTER_PRIVATE_H
#define SOURCE_REDIS_CLUSTER_PRIVATE_H

#include "source/redis_cluster.h"
#include "source/redis_login.h"

enum {
	CLUSTER_HOPS_MAX = 16,     /* redirections of one command */
	CLUSTER_RETRY_MS = 50,
	CLUSTER_REFRESH_MS = 500,  /* the slots are asked for no oftener */
	CLUSTER_REOPEN_MS = 250,
};

/* A command that has no reply yet. */
struct flight {
	struct flight *prev, *next; /* all of them */
	struct flight *queue;       /* in node.waiting or cluster.again */
	struct redis_cluster *c;
	struct node *pinned;        /* redis_cluster_send_to() */
	redis_work_reply *fn;
	void *ctx;
	unsigned slot;
	int hops;
	int64_t until_ns;
	bool asking;
	int argc;
	struct str argv[];
};

struct queue {
	struct flight *first, **end;
};

struct node {
	struct redis_cluster *c;
	struct redis_place at;
	struct redis_work *work;
	bool up, opening;
	bool owner;              /* of slots, as far as is known */
	int64_t reopen_ns;       /* not before */
	struct queue waiting;    /* until it is up */
};

struct redis_cluster {
	struct loop *loop;
	struct log *log;
	struct redis_work_events events;
	struct redis_address seed_address; /* with the credentials for all nodes */
	struct source_conf where;          /* of nodes; its texts are owned by seed_address and below */
	char *text[3], *client_name;
	double deadline_ms;
	int window;
	struct node *seed;
	struct node *node[REDIS_NODES_MAX];
	int nodes;
	struct node **owner;     /* [REDIS_SLOTS]; NULL: one server */
	struct node *primary[REDIS_NODES_MAX];
	int primaries;
	bool up, was_full, hasty;
	bool refreshing, no_slots; /* no_slots: may not be asked; MOVED teaches */
	int64_t refreshed_ns;
	struct loop_timer *refresh, *retry;
	struct flight *flights;
	int open;
	struct queue again;
};

/* --- redis_cluster.c */
void cluster_enqueue(struct queue *q, struct flight *f);
struct flight *cluster_take_all(struct queue *q);
/* Ends a command: its reply(), then it is freed. From the loop only. */
void cluster_finish(struct flight *f, const struct resp_reply *reply, const struct err *why);
void cluster_try_again(struct flight *f); /* a little later */
void cluster_put_off(struct flight *f);   /* its node is not there: tried again, or told so when we are in haste */
void cluster_hand(struct flight *f, struct node *n);
void cluster_check_drained(struct redis_cluster *c);

/* --- redis_cluster_nodes.c */
/* conf's target is the node's own; credentials and TLS are the seed's. */
int cluster_make_node(struct redis_cluster *c, const struct redis_place *at, const char *target, struct node **out,
                      struct err *why) MUSTCHECK;
/* The node there, made when it is a new one. An empty host is that of `asked`. */
int cluster_node_at(struct redis_cluster *c, const struct redis_place *place, const struct node *asked, struct node **out,
                    struct err *why) MUSTCHECK;
void cluster_open_node(struct node *n);
void cluster_plan_refresh(struct redis_cluster *c);
void cluster_on_refresh(void *ctx);

#endif
