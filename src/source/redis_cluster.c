/* SPDX-License-Identifier: PostgreSQL */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "source/redis_cluster_private.h"

/* --- queues and flights ----------------------------------------------------------------------------------------------- */

void cluster_enqueue(struct queue *q, struct flight *f)
{
	if (!q->first)
		q->end = &q->first;
	f->queue = NULL;
	*q->end = f;
	q->end = &f->queue;
}

struct flight *cluster_take_all(struct queue *q)
{
	struct flight *all = q->first;

	q->first = NULL;
	q->end = NULL;
	return all;
}

static struct flight *make_flight(struct redis_cluster *c, int argc, const struct str *argv, redis_work_reply *fn, void *ctx)
{
	size_t bytes = 0;

	for (int i = 0; i < argc; i++)
		bytes += argv[i].len;
	struct flight *f = mem_resize(NULL, 1, sizeof(*f) + (size_t)argc * sizeof(f->argv[0]) + bytes + 1);
	*f = (struct flight){.c = c, .fn = fn, .ctx = ctx, .argc = argc};
	f->until_ns = loop_now(c->loop)->mono_ns + (int64_t)(c->deadline_ms * (double)CLOCK_MS_NS);
	char *at = (char *)&f->argv[argc];
	for (int i = 0; i < argc; i++) {
		if (argv[i].len)
			memcpy(at, argv[i].at, argv[i].len);
		f->argv[i] = (struct str){at, argv[i].len};
		at += argv[i].len;
	}
	f->next = c->flights;
	if (f->next)
		f->next->prev = f;
	c->flights = f;
	c->open++;
	return f;
}

static void unlink_flight(struct flight *f)
{
	struct redis_cluster *c = f->c;

	if (f->prev)
		f->prev->next = f->next;
	else
		c->flights = f->next;
	if (f->next)
		f->next->prev = f->prev;
	c->open--;
}

void cluster_check_drained(struct redis_cluster *c)
{
	if (!c->was_full || c->open > c->window / 2 || redis_cluster_full(c))
		return;
	c->was_full = false;
	if (c->events.drained)
		c->events.drained(c->events.ctx);
}

void cluster_finish(struct flight *f, const struct resp_reply *reply, const struct err *why)
{
	struct redis_cluster *c = f->c;

	unlink_flight(f);
	if (f->fn)
		f->fn(f->ctx, reply, why);
	free(f);
	cluster_check_drained(c);
}

void cluster_try_again(struct flight *f)
{
	struct redis_cluster *c = f->c;

	cluster_enqueue(&c->again, f);
	if (!loop_timer_armed(c->retry))
		loop_timer_in(c->retry, c->up ? CLUSTER_RETRY_MS : 0);
}

void cluster_put_off(struct flight *f)
{
	f->asking = false;
	if (f->c->hasty)
		f->until_ns = 0;
	cluster_try_again(f);
	if (f->c->hasty)
		loop_timer_in(f->c->retry, 0);
}

/* --- commands --------------------------------------------------------------------------------------------------------- */

static void on_reply(void *ctx, const struct resp_reply *reply, const struct err *why);

void cluster_hand(struct flight *f, struct node *n)
{
	const struct str asking = STR("ASKING");

	if (n->up) {
		if (f->asking)
			redis_work_send(n->work, 1, &asking, NULL, NULL);
		f->asking = false;
		redis_work_send(n->work, f->argc, f->argv, on_reply, f);
	} else if (n->opening && f->c->hasty && n->reopen_ns) {
		cluster_put_off(f);
	} else if (n->opening) {
		cluster_enqueue(&n->waiting, f);
	} else if (loop_now(f->c->loop)->mono_ns < n->reopen_ns) {
		cluster_put_off(f);
	} else if (f->c->hasty && n->reopen_ns) { /* it was lost: whether it is back is not waited for */
		cluster_open_node(n);
		cluster_put_off(f);
	} else {
		cluster_enqueue(&n->waiting, f);
		cluster_open_node(n);
	}
}

static void dispatch(struct flight *f)
{
	struct redis_cluster *c = f->c;
	struct node *n = f->pinned ? f->pinned : c->owner[f->slot];

	if (n) {
		cluster_hand(f, n);
		return;
	}
	cluster_plan_refresh(c);
	cluster_put_off(f);
}

static void on_retry(void *ctx)
{
	struct redis_cluster *c = ctx;
	int64_t now = loop_now(c->loop)->mono_ns;
	struct err why;

	for (struct flight *f = cluster_take_all(&c->again), *next; f; f = next) {
		next = f->queue;
		if (!c->up)
			err_set(&why, ERR_LOST, "%s: not connected", redis_cluster_name(c));
		else if (now >= f->until_ns)
			err_set(&why, f->until_ns ? ERR_TIMEOUT : ERR_LOST, "%s: no node answers for slot %u", redis_cluster_name(c), f->slot);
		if (!c->up || now >= f->until_ns)
			cluster_finish(f, NULL, &why);
		else
			dispatch(f);
	}
}

/* True when the command is under way again. */
static bool redirected(struct flight *f, const struct resp_reply *reply)
{
	struct redis_cluster *c = f->c;
	struct redis_place place;
	struct node *n;
	unsigned slot;
	bool ask;

	if (f->pinned || !c->up || reply->type != RESP_ERROR || f->hops++ >= CLUSTER_HOPS_MAX)
		return false;
	if (c->hasty && redis_says(reply, "CLUSTERDOWN")) {
		cluster_plan_refresh(c);
		return false;
	}
	if (redis_says(reply, "TRYAGAIN") || redis_says(reply, "CLUSTERDOWN")) {
		if (loop_now(c->loop)->mono_ns >= f->until_ns)
			return false;
		f->hops--; /* these are bounded by time */
		cluster_plan_refresh(c);
		cluster_try_again(f);
		return true;
	}
	if (!redis_redirect(reply->text, &ask, &slot, &place) ||
	    cluster_node_at(c, &place, c->owner[f->slot] ? c->owner[f->slot] : c->seed, &n, NULL))
		return false;
	f->asking = ask;
	if (!ask) {
		cluster_set_owner(c, slot, n);
		cluster_plan_refresh(c);
	}
	cluster_hand(f, n);
	return true;
}

static void on_reply(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct flight *f = ctx;

	if (why || !redirected(f, reply))
		cluster_finish(f, reply, why);
}

/* --- the outside ------------------------------------------------------------------------------------------------------ */

int redis_cluster_new(struct redis_cluster **out, struct loop *l, const struct redis_work_conf *conf,
                      const struct redis_work_events *events, struct err *why)
{
	struct redis_cluster *c = mem_alloc(sizeof(*c));
	const struct source_conf *where = conf->conf;
	struct redis_place at = {.port = 0};
	int code = redis_login_address(&c->seed_address, where, why);

	if (code) {
		free(c);
		return code;
	}
	struct redis_address *a = &c->seed_address;
	c->loop = l;
	c->log = conf->log;
	c->events = *events;
	c->client_name = mem_strdup(conf->name ? conf->name : "dytop");
	c->deadline_ms = conf->deadline_ms > 0 ? conf->deadline_ms : 5000;
	c->window = conf->window > 0 ? conf->window : 1000;
	c->where = (struct source_conf){
		.kind = PANEL_REDIS, .password = a->password, .redis_user = a->user, .tls_insecure = where->tls_insecure,
		.tls_ca = c->text[0] = mem_strdup(where->tls_ca), .tls_cert = c->text[1] = mem_strdup(where->tls_cert),
		.tls_key = c->text[2] = mem_strdup(where->tls_key), .connect_timeout_ms = where->connect_timeout_ms,
	};
	c->refresh = loop_timer_new(l, cluster_on_refresh, c);
	c->retry = loop_timer_new(l, on_retry, c);
	snprintf(at.host, sizeof(at.host), "%s", a->host ? a->host : "localhost");
	at.port = a->port;
	code = cluster_make_node(c, &at, where->target ? where->target : "", &c->seed, why);
	if (code) {
		redis_cluster_free(c);
		return code;
	}
	*out = c;
	return 0;
}

void redis_cluster_free(struct redis_cluster *c)
{
	if (!c)
		return;
	for (int i = 0; i < c->nodes; i++) {
		redis_work_free(c->node[i]->work);
		free(c->node[i]);
	}
	for (struct flight *f = c->flights, *next; f; f = next) {
		next = f->next;
		free(f);
	}
	cluster_looks_free(c);
	loop_timer_free(c->refresh);
	loop_timer_free(c->retry);
	redis_address_release(&c->seed_address);
	for (size_t i = 0; i < ARRAY_LEN(c->text); i++)
		free(c->text[i]);
	free(c->client_name);
	free(c->owner);
	free(c);
}

void redis_cluster_hasty(struct redis_cluster *c)
{
	c->hasty = true;
}

void redis_cluster_open(struct redis_cluster *c)
{
	if (!c->up && !c->seed->opening && !c->seed->up)
		cluster_open_node(c->seed);
}

void redis_cluster_close(struct redis_cluster *c)
{
	c->up = false;
	c->was_full = false;
	loop_timer_stop(c->refresh);
	for (int i = 0; i < c->nodes; i++) {
		struct node *n = c->node[i];
		n->up = n->opening = false;
		redis_work_close(n->work);
		for (struct flight *f = cluster_take_all(&n->waiting), *next; f; f = next) {
			next = f->queue;
			cluster_try_again(f);
		}
	}
	if (c->again.first)
		loop_timer_in(c->retry, 0);
}

bool redis_cluster_is_up(const struct redis_cluster *c)
{
	return c->up;
}

bool redis_cluster_is_cluster(const struct redis_cluster *c)
{
	return c->owner != NULL;
}

void redis_cluster_send(struct redis_cluster *c, struct str key, int argc, const struct str *argv, redis_work_reply *reply, void *ctx)
{
	if (!c->owner) { /* not up: it says so itself */
		redis_work_send(c->seed->work, argc, argv, reply, ctx);
		return;
	}
	struct flight *f = make_flight(c, argc, argv, reply, ctx);
	f->slot = redis_slot(key);
	if (redis_cluster_full(c))
		c->was_full = true;
	if (c->up)
		dispatch(f);
	else
		cluster_try_again(f);
}

static void send_to_node(struct redis_cluster *c, struct node *n, int argc, const struct str *argv, redis_work_reply *reply, void *ctx)
{
	if (!c->owner) {
		redis_work_send(c->seed->work, argc, argv, reply, ctx);
		return;
	}
	struct flight *f = make_flight(c, argc, argv, reply, ctx);
	f->pinned = n;
	if (c->up)
		dispatch(f);
	else
		cluster_try_again(f);
}

void redis_cluster_send_to(struct redis_cluster *c, int node, int argc, const struct str *argv, redis_work_reply *reply, void *ctx)
{
	send_to_node(c, node >= 0 && node < c->primaries ? c->primary[node] : c->seed, argc, argv, reply, ctx);
}

void redis_cluster_send_server(struct redis_cluster *c, int server, int argc, const struct str *argv, redis_work_reply *reply,
                               void *ctx)
{
	send_to_node(c, server >= 0 && server < c->nodes ? c->node[server] : c->seed, argc, argv, reply, ctx);
}

int redis_cluster_open_count(const struct redis_cluster *c)
{
	return c->owner ? c->open : redis_work_open_count(c->seed->work);
}

bool redis_cluster_full(const struct redis_cluster *c)
{
	if (!c->owner)
		return redis_work_full(c->seed->work);
	if (c->open >= c->window)
		return true;
	for (int i = 0; i < c->primaries; i++)
		if (c->primary[i]->up && redis_work_full(c->primary[i]->work))
			return true;
	return false;
}

int redis_cluster_nodes(const struct redis_cluster *c)
{
	return c->up ? c->primaries : 0;
}

const char *redis_cluster_node_name(const struct redis_cluster *c, int node)
{
	return redis_work_name(node >= 0 && node < c->primaries ? c->primary[node]->work : c->seed->work);
}

const char *redis_cluster_name(const struct redis_cluster *c)
{
	return redis_work_name(c->seed->work);
}
