/* SPDX-License-Identifier: PostgreSQL */
/* Invalidation: one key, all that begin alike, and what the database tells. */
#include <stdlib.h>
#include <string.h>

#include "bridge/store_private.h"
#include "core/mem.h"

/* --- one key ------------------------------------------------------------------------------------------------------------------ */

struct drop {
	struct store_call call;
	store_done *done;
	void *ctx;
	size_t len;
	char key[];
};

static void flush(struct store *s)
{
	s->missed = false;
	s->flushed_ns = store_now();
	store_drop_prefix(s, STR(""), NULL, NULL);
}

void store_miss(struct store *s, const struct err *why)
{
	double since_ms = (double)(store_now() - s->flushed_ns) / 1e6;

	if (s->missed)
		return;
	if (why)
		store_say(s, "an invalidation did not reach Redis, all will be dropped: %s", why->text);
	s->missed = true;
	/* One that refuses everything is not asked all the time. */
	loop_timer_in(s->reflush, s->flushed_ns && since_ms < STORE_REFLUSH_MS ? STORE_REFLUSH_MS - since_ms : 0);
}

void store_reflush(void *ctx)
{
	struct store *s = ctx;

	if (s->missed && redis_cluster_is_up(s->redis))
		flush(s);
}

static void reply_words(const struct resp_reply *reply, struct err *why)
{
	err_set(why, ERR_QUERY, "%.*s", (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
}

static void drop_ended(struct drop *d, const struct err *why)
{
	struct store *s = d->call.store;

	if (why) {
		s->stats.redis_errors++;
		store_miss(s, why);
	} else {
		s->stats.deletions++;
	}
	if (d->done)
		d->done(d->ctx, why ? 0 : 1, why);
	store_call_free(&d->call);
}

static void on_gone(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct err reason;

	if (!why && reply->type == RESP_ERROR) {
		reply_words(reply, &reason);
		why = &reason;
	}
	drop_ended(ctx, why);
}

static void on_dropped(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct drop *d = ctx;
	struct str key = {d->key, d->len};

	/* No room for a tombstone: then there is none for refills either. */
	if (!why && reply->type == RESP_ERROR)
		redis_cluster_send(d->call.store->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_gone, d);
	else
		drop_ended(d, why);
}

void store_drop(struct store *s, int kind, struct str id, store_done *done, void *ctx)
{
	size_t prefix = strlen(s->prefix) + strlen(s->kind[kind].name) + 1;
	struct drop *d = store_call_new(s, sizeof(*d) + prefix + id.len + 1);
	struct str key = {d->key, prefix + id.len};
	char ttl[24];

	d->done = done;
	d->ctx = ctx;
	d->len = key.len;
	snprintf(d->key, prefix + 1, "%s%s:", s->prefix, s->kind[kind].name);
	if (id.len)
		memcpy(d->key + prefix, id.at, id.len);
	store_forget_key(s, key);
	snprintf(ttl, sizeof(ttl), "%.0f", s->tombstone_ms);
	redis_cluster_send(s->redis, key, 5,
	                   (const struct str[]){STR("SET"), key, STR(STORE_TOMBSTONE), STR("PX"), str_from(ttl)}, on_dropped, d);
}

/* --- all that begin alike ----------------------------------------------------------------------------------------------------- */

/* Of one node. */
struct scan {
	struct store_call call;
	struct store_sweep *sweep;
	int node;
};

static void scan_next(struct scan *scan, struct str cursor);

static void bracket(struct store *s, int kind, int by)
{
	for (int i = 0; i < s->kinds; i++) {
		if (kind < 0 || i == kind)
			s->class[i].sweeping += by;
	}
	if (kind < 0)
		s->stats.flushing = by > 0;
}

static void unlink_sweep(struct store *s, struct store_sweep *w)
{
	for (struct store_sweep **at = &s->sweep; *at; at = &(*at)->next) {
		if (*at == w) {
			*at = w->next;
			return;
		}
	}
}

static void sweep_free(struct store_sweep *w)
{
	struct sweep_waiter *const lists[] = {w->waiters, w->next_waiters};

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (struct sweep_waiter *at = lists[i]; at;) {
			struct sweep_waiter *next = at->next;

			free(at);
			at = next;
		}
	}
	free(w->prefix);
	free(w->pattern);
	free(w);
}

void store_sweeps_free(struct store *s)
{
	while (s->sweep) {
		struct store_sweep *next = s->sweep->next;

		sweep_free(s->sweep);
		s->sweep = next;
	}
}

static void sweep_start(struct store_sweep *w);

static void tell_waiters(struct store_sweep *w, const struct err *why)
{
	struct sweep_waiter *at = w->waiters;

	w->waiters = NULL;
	while (at) {
		struct sweep_waiter *next = at->next;

		if (at->done)
			at->done(at->ctx, w->dropped, why);
		free(at);
		at = next;
	}
}

static void sweep_ended(struct store_sweep *w)
{
	struct store *s = w->store;
	bool whole = w->kind < 0 && strcmp(w->prefix, s->prefix) == 0;
	struct err why;

	bracket(s, w->kind, -1);
	if (w->failed) {
		err_set(&why, ERR_LOST, "Redis could not be asked for all keys that begin with %s", w->prefix);
		tell_waiters(w, &why);
		store_miss(s, NULL);
	} else {
		if (whole)
			store_say(s, "%lld keys were dropped", (long long)w->dropped);
		tell_waiters(w, NULL);
	}
	if (w->again && !w->failed) {
		w->again = false;
		w->waiters = w->next_waiters;
		w->next_waiters = NULL;
		w->dropped = 0;
		sweep_start(w);
		return;
	}
	w->waiters = w->next_waiters;
	w->next_waiters = NULL;
	if (w->failed)
		tell_waiters(w, &why);
	unlink_sweep(s, w);
	sweep_free(w);
}

static void node_ended(struct scan *scan, bool failed)
{
	struct store_sweep *w = scan->sweep;

	w->failed = w->failed || failed;
	store_call_free(&scan->call);
	w->nodes--;
	if (w->nodes == 0 && w->unlinking == 0)
		sweep_ended(w);
}

static void on_unlinked(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store_sweep *w = ctx;

	if (why || reply->type != RESP_INTEGER) {
		w->failed = true;
	} else {
		w->dropped += reply->integer;
		w->store->stats.deletions += reply->integer;
	}
	w->unlinking--;
	if (w->nodes == 0 && w->unlinking == 0)
		sweep_ended(w);
}

static void drop_found(struct store_sweep *w, const struct resp_reply *keys)
{
	struct store *s = w->store;
	size_t len = strlen(w->prefix);

	for (int i = 0; i < keys->count; i++) {
		struct str key = keys->element[i]->text;

		if (keys->element[i]->type != RESP_STRING || key.len < len || memcmp(key.at, w->prefix, len) != 0)
			continue;
		w->unlinking++;
		redis_cluster_send(s->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_unlinked, w);
	}
}

static void on_scanned(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct scan *scan = ctx;

	if (why || reply->type != RESP_ARRAY || reply->count != 2 || reply->element[0]->type != RESP_STRING ||
	    reply->element[1]->type != RESP_ARRAY) {
		node_ended(scan, true);
		return;
	}
	drop_found(scan->sweep, reply->element[1]);
	/* The UNLINKs are answered before the next SCAN: what is under way stays bounded. */
	if (str_is(reply->element[0]->text, "0"))
		node_ended(scan, false);
	else
		scan_next(scan, reply->element[0]->text);
}

static void scan_next(struct scan *scan, struct str cursor)
{
	struct store_sweep *w = scan->sweep;
	char count[16];

	snprintf(count, sizeof(count), "%d", STORE_SWEEP_COUNT);
	redis_cluster_send_to(w->store->redis, scan->node, 6,
	                      (const struct str[]){STR("SCAN"), cursor, STR("MATCH"), str_from(w->pattern), STR("COUNT"),
	                                           str_from(count)},
	                      on_scanned, scan);
}

static void sweep_start(struct store_sweep *w)
{
	struct store *s = w->store;
	int nodes = redis_cluster_nodes(s->redis);

	bracket(s, w->kind, 1);
	for (int i = 0; i < s->kinds; i++) {
		if (w->kind < 0 || i == w->kind)
			s->class[i].epoch++;
	}
	store_forget_flights(s, w->kind);
	w->failed = nodes == 0;
	w->nodes = nodes > 0 ? nodes : 1;
	for (int i = 0; i < w->nodes; i++) {
		struct scan *scan = store_call_new(s, sizeof(*scan));

		scan->sweep = w;
		scan->node = i;
		scan_next(scan, STR("0"));
	}
}

char *store_pattern(const char *prefix)
{
	struct buf out = BUF_INIT(8192);

	for (const char *at = prefix; *at; at++) {
		if (strchr("*?[]\\", *at))
			buf_addc(&out, '\\');
		buf_addc(&out, *at);
	}
	buf_addc(&out, '*');
	return buf_take(&out);
}

static void sweep(struct store *s, const char *prefix, int kind, store_done *done, void *ctx)
{
	struct store_sweep *w = s->sweep;
	struct sweep_waiter *waiter = mem_alloc(sizeof(*waiter));

	*waiter = (struct sweep_waiter){.done = done, .ctx = ctx};
	while (w && strcmp(w->prefix, prefix) != 0)
		w = w->next;
	if (w) { /* what it has passed may be old again: once more, for all who ask until then */
		w->again = true;
		waiter->next = w->next_waiters;
		w->next_waiters = waiter;
		store_forget_flights(s, kind);
		for (int i = 0; i < s->kinds; i++) {
			if (kind < 0 || i == kind)
				s->class[i].epoch++;
		}
		return;
	}
	w = mem_alloc(sizeof(*w));
	w->store = s;
	w->prefix = mem_strdup(prefix);
	w->pattern = store_pattern(prefix);
	w->kind = kind;
	w->waiters = waiter;
	w->next = s->sweep;
	s->sweep = w;
	sweep_start(w);
}

/* Which kind's keys those are, when they are of one. */
static int kind_of(const struct store *s, struct str rest)
{
	for (int i = 0; i < s->kinds; i++) {
		size_t len = strlen(s->kind[i].name);

		if (rest.len > len && rest.at[len] == ':' && memcmp(rest.at, s->kind[i].name, len) == 0)
			return i;
	}
	return -1;
}

void store_drop_prefix(struct store *s, struct str rest, store_done *done, void *ctx)
{
	struct buf prefix = BUF_INIT(8192);

	buf_adds(&prefix, s->prefix);
	buf_addstr(&prefix, rest);
	if (rest.len == 0)
		s->stats.flushes++;
	sweep(s, buf_text(&prefix), kind_of(s, rest), done, ctx);
	buf_release(&prefix);
}

void store_security_event(struct store *s, int kind, store_done *done, void *ctx)
{
	struct buf rest = BUF_INIT(100);

	s->class[kind].banned = true;
	buf_addf(&rest, "%s:", s->kind[kind].name);
	store_drop_prefix(s, buf_str(&rest), done, ctx);
	buf_release(&rest);
}

void store_redis_up(void *ctx)
{
	struct store *s = ctx;

	s->stats.redis_up = true;
	s->no_scripts = false; /* it may be another one */
	s->retry_ms = STORE_RETRY_MS;
	if (s->stats.redis_lost > 0)
		store_say(s, "Redis is back");
	if (s->missed)
		flush(s);
	if (s->events.redis)
		s->events.redis(s->events.ctx, NULL);
}

/* --- what the database tells ---------------------------------------------------------------------------------------------------- */

static void on_notify(void *ctx, const char *channel, const char *payload, int pid)
{
	struct store *s = ctx;
	const char *colon = strchr(payload, ':');
	int kind = colon ? store_kind(s, (struct str){payload, (size_t)(colon - payload)}) : -1;

	(void)channel;
	(void)pid;
	s->stats.events++;
	if (kind < 0)
		return; /* of a kind that is not kept here */
	if (strcmp(colon + 1, "!") == 0) {
		if (!s->class[kind].banned)
			store_say(s, "security event: %s is not cached any more", s->kind[kind].name);
		store_security_event(s, kind, NULL, NULL);
	} else if (strcmp(colon + 1, "*") == 0) {
		store_drop_prefix(s, (struct str){payload, (size_t)(colon + 1 - payload)}, NULL, NULL);
	} else {
		store_drop(s, kind, str_from(colon + 1), NULL, NULL);
	}
}

static void on_listening(void *ctx, const struct pgwork_outcome *o)
{
	struct store *s = ctx;

	if (o->why) {
		s->deaf = true;
		store_say(s, "cannot listen for changes: %s", o->why->text);
		return;
	}
	if (pgwork_is_pooled(s->listener)) {
		s->deaf = true;
		store_say(s, "cannot listen for changes through a pooler: give the listener the server's own address");
		return;
	}
	s->stats.listening = true;
	s->listen_retry_ms = STORE_RETRY_MS;
	if (s->deaf || s->flush_at_start || store_now() - s->opened_ns > STORE_PROMPT_MS * CLOCK_MS_NS) {
		if (!s->flush_at_start)
			store_say(s, "listens %s; what changed meanwhile is not known, so all is dropped",
			          s->stats.listener_lost ? "again" : "only now");
		s->missed = true;
		loop_timer_in(s->reflush, 0);
	}
	s->deaf = s->flush_at_start = false;
	s->opened_ns = INT64_MAX;
}

static void on_listener_up(void *ctx)
{
	struct store *s = ctx;
	struct pgwork_query q = {.sql = s->listen_sql, .deadline_ms = STORE_BEAT_MS, .done = on_listening, .ctx = s};

	pgwork_run(s->listener, &q, 1);
	loop_timer_in(s->beat, STORE_BEAT_MS);
}

static void on_listener_down(void *ctx, const struct err *why)
{
	struct store *s = ctx;

	loop_timer_stop(s->beat);
	if (s->stats.listening) {
		s->stats.listener_lost++;
		store_say(s, "does not hear of changes any more: %s", why->text);
	}
	s->stats.listening = false;
	s->deaf = true;
	loop_timer_in(s->listen_retry, s->listen_retry_ms);
	s->listen_retry_ms = s->listen_retry_ms * 2 < STORE_RETRY_MAX_MS ? s->listen_retry_ms * 2 : STORE_RETRY_MAX_MS;
}

static void on_listen_retry(void *ctx)
{
	pgwork_open(((struct store *)ctx)->listener);
}

static void on_beat(void *ctx)
{
	struct store *s = ctx;
	/* No statement at all: a connection that is half dead is found out by its deadline. */
	struct pgwork_query q = {.sql = "", .deadline_ms = STORE_BEAT_MS};

	pgwork_run(s->listener, &q, 1);
	loop_timer_in(s->beat, STORE_BEAT_MS);
}

int store_listen(struct store *s, const struct pgwork_conf *conf, const char *sql, struct err *why)
{
	struct pgwork_events events = {.up = on_listener_up, .down = on_listener_down, .notify = on_notify, .ctx = s};

	s->listen_sql = mem_strdup(sql);
	s->listen_retry = loop_timer_new(s->loop, on_listen_retry, s);
	s->beat = loop_timer_new(s->loop, on_beat, s);
	return pgwork_new(&s->listener, s->loop, conf, &events, why);
}
