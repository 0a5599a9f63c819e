/* SPDX-License-Identifier: PostgreSQL */
/* For who must know what becomes of what he wrote: who it is that came back, which slots moved, what is on its way. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_cluster_private.h"
#include "source/redis_info.h"

/* --- who it is ---------------------------------------------------------------------------------------------------------- */

static void on_who(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct node *n = ctx;
	struct redis_cluster *c = n->c;
	enum redis_came how = REDIS_CAME_UNKNOWN;
	struct str id = STR(""), mode = STR("");

	if (lost)
		return; /* on_node_down() follows, or it was closed by us */
	if (reply->type == RESP_STRING) {
		if (!info_get(reply->text, "run_id", &id) || id.len > REDIS_RUN_ID_MAX)
			id = STR("");
		if (info_get(reply->text, "redis_mode", &mode))
			c->many = str_is(mode, "cluster");
	}
	if (id.len)
		how = (n->used ? str_eq(id, str_from(n->run_id)) : !n->failed) ? REDIS_CAME_SAME : REDIS_CAME_OTHER;
	else if (!n->used && !n->failed)
		how = REDIS_CAME_SAME;
	if (id.len)
		memcpy(n->run_id, id.at, id.len);
	n->run_id[id.len] = '\0';
	c->watch.came(c->watch.ctx, n->number, how);
	cluster_node_ready(n);
}

void cluster_ask_who(struct node *n)
{
	redis_work_send(n->work, 2, (const struct str[]){STR("INFO"), STR("server")}, on_who, n);
}

void cluster_tell_moved(struct redis_cluster *c, const struct node *from, const struct node *to)
{
	c->changes++;
	if (c->watch.moved)
		c->watch.moved(c->watch.ctx, from ? from->number : -1, to->number);
}

/* --- what is on its way ------------------------------------------------------------------------------------------------- */

static struct look *look_new(struct redis_cluster *c, redis_cluster_looked *fn, void *ctx)
{
	struct look *l = mem_alloc(sizeof(*l));

	*l = (struct look){.c = c, .fn = fn, .ctx = ctx, .next = c->looks};
	if (l->next)
		l->next->prev = l;
	c->looks = l;
	return l;
}

static void look_ended(struct look *l, const struct err *why)
{
	struct redis_cluster *c = l->c;

	*(l->prev ? &l->prev->next : &c->looks) = l->next;
	if (l->next)
		l->next->prev = l->prev;
	l->fn(l->ctx, c->changes, !l->moving, why);
	free(l);
}

void cluster_looks_free(struct redis_cluster *c)
{
	while (c->looks) {
		struct look *next = c->looks->next;

		free(c->looks);
		c->looks = next;
	}
}

/* CLUSTER NODES tells of the one that is asked alone where its slots go, as [93->-ID], and whence they come, as [93-<-ID]. */
static void take_line(struct look *l, struct str nodes, struct str line)
{
	struct redis_place to;
	struct node *n;
	struct err why;

	for (const char *at = memchr(line.at, '[', line.len), *end = line.at + line.len; at; at = memchr(at + 1, '[', (size_t)(end - at - 1))) {
		const char *close = memchr(at, ']', (size_t)(end - at));
		const char *arrow = close ? memmem(at, (size_t)(close - at), "->-", 3) : NULL;

		l->moving = true;
		if (!arrow || !redis_node_place(nodes, (struct str){arrow + 3, (size_t)(close - arrow - 3)}, &to))
			continue;
		if (cluster_node_at(l->c, &to, l->asked, &n, &why) == 0)
			n->importing = true;
	}
}

static void on_nodes(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct look *l = ctx;
	struct str rest, line;

	if (!lost && reply->type == RESP_STRING) {
		rest = reply->text;
		while (info_line(&rest, &line))
			if (memmem(line.at, line.len, "myself", 6))
				take_line(l, reply->text, line);
	} else if (!lost) {
		l->moving = true; /* for all we know */
	}
	if (--l->waiting > 0)
		return;
	if (l->moving)
		cluster_list_holders(l->c);
	look_ended(l, NULL);
}

static void ask_nodes(struct look *l)
{
	struct redis_cluster *c = l->c;
	struct node *owner[REDIS_NODES_MAX];
	int count = 0;

	for (int i = 0; i < c->nodes; i++) {
		c->node[i]->importing = false;
		if (c->node[i]->owner)
			owner[count++] = c->node[i];
	}
	cluster_list_holders(c);
	if (count == 0) {
		look_ended(l, NULL);
		return;
	}
	l->waiting = count;
	for (int i = 0; i < count; i++)
		redis_cluster_send_server(c, owner[i]->number, 2, (const struct str[]){STR("CLUSTER"), STR("NODES")}, on_nodes, l);
}

static void on_slots_looked(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct look *l = ctx;
	struct redis_cluster *c = l->c;
	struct err why = {0};

	if (lost)
		why = *lost;
	else if (c->no_slots && c->many)
		err_set(&why, ERR_QUERY, "%s: which servers its cluster has may not be asked (CLUSTER SLOTS)", redis_cluster_name(c));
	else if (reply->type == RESP_ERROR && !c->no_slots)
		err_set(&why, ERR_QUERY, "%s: CLUSTER SLOTS: %.*s", redis_cluster_name(c),
		        (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
	else if (!c->owner || !c->up)
		err_set(&why, ERR_LOST, "%s: not connected", redis_cluster_name(c));
	else if (reply->type == RESP_ARRAY && cluster_learn(c, l->asked, reply, &why) == 0)
		c->refreshed_ns = loop_now(c->loop)->mono_ns;
	if (why.code)
		look_ended(l, &why);
	else if (c->no_slots)
		look_ended(l, NULL); /* one server that keeps this to itself */
	else
		ask_nodes(l);
}

static void on_looked_at_one(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	(void)reply;
	look_ended(ctx, lost);
}

void redis_cluster_look(struct redis_cluster *c, redis_cluster_looked *fn, void *ctx)
{
	struct look *l = look_new(c, fn, ctx);

	l->asked = c->seed;
	if (!c->owner) { /* what matters is that it is told from the loop */
		redis_work_send(c->seed->work, 1, (const struct str[]){STR("PING")}, on_looked_at_one, l);
		return;
	}
	for (int i = 0; i < c->nodes; i++)
		if (c->node[i]->up) {
			l->asked = c->node[i];
			break;
		}
	redis_work_send(l->asked->work, 2, (const struct str[]){STR("CLUSTER"), STR("SLOTS")}, on_slots_looked, l);
}

/* --- the outside -------------------------------------------------------------------------------------------------------- */

void redis_cluster_watch(struct redis_cluster *c, const struct redis_cluster_watch *watch)
{
	c->watch = *watch;
}

int redis_cluster_servers(const struct redis_cluster *c)
{
	return c->nodes;
}

static const struct node *node_of(const struct redis_cluster *c, int server)
{
	return server >= 0 && server < c->nodes ? c->node[server] : NULL;
}

int redis_cluster_server_of(const struct redis_cluster *c, struct str key)
{
	const struct node *n;

	if (!c->owner)
		return 0;
	n = c->owner[redis_slot(key)];
	return n ? n->number : -1;
}

bool redis_cluster_owns(const struct redis_cluster *c, int server)
{
	return c->owner ? node_of(c, server) && node_of(c, server)->owner : server == 0;
}

bool redis_cluster_holds(const struct redis_cluster *c, int server)
{
	return redis_cluster_owns(c, server) || (c->owner && node_of(c, server) && node_of(c, server)->importing);
}

bool redis_cluster_server_up(const struct redis_cluster *c, int server)
{
	return c->up && node_of(c, server) && node_of(c, server)->up;
}

void redis_cluster_wake(struct redis_cluster *c, int server)
{
	if (c->up && node_of(c, server) && !c->node[server]->up && !c->node[server]->opening)
		cluster_open_node(c->node[server]);
}

const char *redis_cluster_server_name(const struct redis_cluster *c, int server)
{
	return redis_work_name(node_of(c, server) ? node_of(c, server)->work : c->seed->work);
}
