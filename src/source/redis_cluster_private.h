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
	REDIS_RUN_ID_MAX = 40,
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
	int number;              /* in c->node */
	struct redis_place at;
	struct redis_work *work;
	bool up, opening;
	bool owner;              /* of slots, as far as is known */
	bool importing;          /* a slot is on its way to it */
	bool used, failed;       /* it was up once; before that it could not be reached */
	char run_id[REDIS_RUN_ID_MAX + 1]; /* "": not known */
	int64_t reopen_ns;       /* not before */
	struct queue waiting;    /* until it is up */
};

/* redis_cluster_look() under way. */
struct look {
	struct look *prev, *next;
	struct redis_cluster *c;
	struct node *asked;
	redis_cluster_looked *fn;
	void *ctx;
	int waiting;             /* for nodes */
	bool moving;
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
	struct redis_cluster_watch watch; /* came NULL: nobody watches */
	int64_t changes;
	struct look *looks;
	bool many;               /* INFO says that it is one of a cluster */
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
/* Takes an answer to CLUSTER SLOTS. */
int cluster_learn(struct redis_cluster *c, struct node *asked, const struct resp_reply *reply, struct err *why) MUSTCHECK;
void cluster_node_ready(struct node *n); /* logged in, and it is known who it is */
void cluster_list_holders(struct redis_cluster *c);
void cluster_set_owner(struct redis_cluster *c, unsigned slot, struct node *n); /* as MOVED says */

/* --- redis_cluster_watch.c */
void cluster_ask_who(struct node *n); /* then cluster_node_ready() */
void cluster_tell_moved(struct redis_cluster *c, const struct node *from, const struct node *to);
void cluster_looks_free(struct redis_cluster *c);

#endif
