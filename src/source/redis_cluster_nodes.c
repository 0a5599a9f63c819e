/* SPDX-License-Identifier: PostgreSQL */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_cluster_private.h"

/* --- nodes ------------------------------------------------------------------------------------------------------------ */

static void on_node_up(void *ctx);
static void on_node_down(void *ctx, const struct err *why);

static void on_node_drained(void *ctx)
{
	struct node *n = ctx;
	struct redis_cluster *c = n->c;

	if (!c->owner && c->up && c->events.drained)
		c->events.drained(c->events.ctx);
	else if (c->owner)
		cluster_check_drained(c);
}

int cluster_make_node(struct redis_cluster *c, const struct redis_place *at, const char *target, struct node **out,
                     struct err *why)
{
	struct source_conf where = c->where;
	const struct redis_work_conf conf = {
		.conf = &where, .name = c->client_name, .deadline_ms = c->deadline_ms, .window = c->window, .log = c->log,
	};
	struct node *n = mem_alloc(sizeof(*n));
	const struct redis_work_events events = {on_node_up, on_node_down, on_node_drained, n};

	where.target = target;
	int code = redis_work_new(&n->work, c->loop, &conf, &events, why);
	if (code) {
		free(n);
		return code;
	}
	n->c = c;
	n->at = *at;
	n->number = c->nodes;
	c->node[c->nodes++] = n;
	*out = n;
	return 0;
}

int cluster_node_at(struct redis_cluster *c, const struct redis_place *place, const struct node *asked, struct node **out,
                   struct err *why)
{
	struct redis_place at = *place;
	char target[REDIS_HOST_MAX + 32];

	if (!at.host[0])
		memcpy(at.host, asked->at.host, sizeof(at.host));
	for (int i = 0; i < c->nodes; i++)
		if (c->node[i]->at.port == at.port && strcmp(c->node[i]->at.host, at.host) == 0) {
			*out = c->node[i];
			return 0;
		}
	if (c->nodes == REDIS_NODES_MAX)
		return err_set(why, ERR_TOO_BIG, "the cluster has more than %d nodes", REDIS_NODES_MAX);
	snprintf(target, sizeof(target), strchr(at.host, ':') ? "%s://[%s]:%d" : "%s://%s:%d",
	         c->seed_address.tls ? "rediss" : "redis", at.host, at.port);
	return cluster_make_node(c, &at, target, out, why);
}

void cluster_open_node(struct node *n)
{
	n->opening = true;
	redis_work_open(n->work);
}

void cluster_plan_refresh(struct redis_cluster *c)
{
	double since = (double)(loop_now(c->loop)->mono_ns - c->refreshed_ns) / (double)CLOCK_MS_NS;

	if (!c->owner || c->refreshing || c->no_slots || loop_timer_armed(c->refresh))
		return;
	loop_timer_in(c->refresh, c->refreshed_ns && since < CLUSTER_REFRESH_MS ? CLUSTER_REFRESH_MS - since : 0);
}

static void give_up(struct redis_cluster *c, const struct err *why)
{
	struct flight *lists[REDIS_NODES_MAX + 1];
	struct err each = *why;
	int count = 0;

	each.code = ERR_LOST;
	c->up = false;
	c->was_full = false;
	loop_timer_stop(c->refresh);
	for (int i = 0; i < c->nodes; i++)
		if (c->node[i]->opening) {
			c->node[i]->opening = false;
			redis_work_close(c->node[i]->work);
		}
	lists[count++] = cluster_take_all(&c->again);
	for (int i = 0; i < c->nodes; i++)
		lists[count++] = cluster_take_all(&c->node[i]->waiting);
	for (int i = 0; i < count; i++)
		for (struct flight *f = lists[i], *next; f; f = next) {
			next = f->queue;
			cluster_finish(f, NULL, &each);
		}
	if (c->events.down)
		c->events.down(c->events.ctx, why);
}

static void on_node_down(void *ctx, const struct err *why)
{
	struct node *n = ctx;
	struct redis_cluster *c = n->c;
	bool others = false;

	n->up = n->opening = false;
	n->failed = !n->used;
	n->reopen_ns = loop_now(c->loop)->mono_ns + (int64_t)CLUSTER_REOPEN_MS * CLOCK_MS_NS;
	for (int i = 0; i < c->nodes; i++)
		others = others || c->node[i]->up;
	if (!c->owner || !c->up || !others) {
		give_up(c, why);
		return;
	}
	for (struct flight *f = cluster_take_all(&n->waiting), *next; f; f = next) {
		next = f->queue;
		cluster_put_off(f); /* nothing of it has left */
	}
	cluster_plan_refresh(c);
}

/* --- slots ------------------------------------------------------------------------------------------------------------ */

struct topology {
	struct redis_cluster *c;
	struct node *asked;
	struct node **owner;
	struct err why;
};

static void on_range(void *ctx, unsigned from, unsigned to, const struct redis_place *at)
{
	struct topology *t = ctx;
	struct node *n;

	if (t->why.code || cluster_node_at(t->c, at, t->asked, &n, &t->why))
		return;
	for (unsigned slot = from; slot <= to && slot < REDIS_SLOTS; slot++)
		t->owner[slot] = n;
}

void cluster_list_holders(struct redis_cluster *c)
{
	c->primaries = 0;
	for (int i = 0; i < c->nodes; i++) {
		struct node *n = c->node[i];
		if (n->owner || n->importing) {
			c->primary[c->primaries++] = n;
			if (!n->up && !n->opening)
				cluster_open_node(n);
		} else if (n->up && c->primaries && redis_work_open_count(n->work) == 0 && !n->waiting.first && n != c->seed) {
			n->up = false;
			redis_work_close(n->work);
		}
	}
}

static void note_primaries(struct redis_cluster *c)
{
	for (int i = 0; i < c->nodes; i++)
		c->node[i]->owner = false;
	for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
		if (c->owner[slot])
			c->owner[slot]->owner = true;
	cluster_list_holders(c);
}

void cluster_set_owner(struct redis_cluster *c, unsigned slot, struct node *n)
{
	struct node *was = c->owner[slot];

	if (was == n)
		return;
	c->owner[slot] = n;
	if (!n->owner && !n->importing)
		c->primary[c->primaries++] = n;
	n->owner = true;
	cluster_tell_moved(c, was, n);
}

int cluster_learn(struct redis_cluster *c, struct node *asked, const struct resp_reply *reply, struct err *why)
{
	struct topology t = {.c = c, .asked = asked, .owner = mem_calloc(REDIS_SLOTS, sizeof(*t.owner))};
	int code = redis_slots_read(reply, on_range, &t, why);
	struct node **was = c->owner;

	if (!code && t.why.code) {
		*why = t.why;
		code = t.why.code;
	}
	if (code) {
		free(t.owner);
		return code;
	}
	c->owner = t.owner;
	note_primaries(c);
	for (unsigned slot = 0; was && slot < REDIS_SLOTS; slot++)
		if (t.owner[slot] && t.owner[slot] != was[slot])
			cluster_tell_moved(c, was[slot], t.owner[slot]);
	free(was);
	if (c->watch.owners)
		c->watch.owners(c->watch.ctx);
	return 0;
}

static void go_up(struct redis_cluster *c)
{
	c->up = true;
	if (c->events.up)
		c->events.up(c->events.ctx);
}

/* The first answer to CLUSTER SLOTS: what is it that we are connected to? */
static void on_first_slots(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct node *n = ctx;
	struct redis_cluster *c = n->c;
	struct err why;

	if (lost)
		return; /* on_node_down() follows */
	c->no_slots = redis_says(reply, "NOPERM");
	if (c->no_slots || reply->type != RESP_ARRAY) { /* not a cluster, as far as we may know */
		free(c->owner);
		c->owner = NULL;
		c->primary[0] = n;
		c->primaries = 1;
	}
	if (c->no_slots) {
		c->owner = mem_calloc(REDIS_SLOTS, sizeof(*c->owner));
		for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
			c->owner[slot] = n;
		n->owner = true;
	} else if (reply->type == RESP_ARRAY) {
		c->refreshed_ns = loop_now(c->loop)->mono_ns;
		if (cluster_learn(c, n, reply, &why)) {
			redis_work_close(n->work);
			n->up = false;
			give_up(c, &why);
			return;
		}
	}
	go_up(c);
}

static void on_slots(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct node *n = ctx;
	struct redis_cluster *c = n->c;
	struct err why;

	c->refreshing = false;
	c->refreshed_ns = loop_now(c->loop)->mono_ns;
	if (!c->up || !c->owner)
		return;
	if (lost)
		cluster_plan_refresh(c);
	else if (reply->type == RESP_ARRAY && cluster_learn(c, n, reply, &why))
		log_write(c->log, LOG_WARN, "%s: %s", redis_work_name(n->work), why.text);
}

static void ask_slots(struct node *n, redis_work_reply *fn)
{
	const struct str words[] = {STR("CLUSTER"), STR("SLOTS")};

	redis_work_send(n->work, 2, words, fn, n);
}

void cluster_on_refresh(void *ctx)
{
	struct redis_cluster *c = ctx;

	for (int i = 0; i < c->nodes && c->up; i++)
		if (c->node[i]->up) {
			c->refreshing = true;
			ask_slots(c->node[i], on_slots);
			return;
		}
}

void cluster_node_ready(struct node *n)
{
	struct redis_cluster *c = n->c;

	n->up = n->used = true;
	n->opening = false;
	if (!c->up) {
		if (n == c->seed)
			ask_slots(n, on_first_slots);
		return;
	}
	for (struct flight *f = cluster_take_all(&n->waiting), *next; f; f = next) {
		next = f->queue;
		cluster_hand(f, n);
	}
}

static void on_node_up(void *ctx)
{
	struct node *n = ctx;

	if (n->c->watch.came)
		cluster_ask_who(n);
	else
		cluster_node_ready(n);
}
