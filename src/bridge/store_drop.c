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

static void reply_words(const struct resp_reply *reply, struct err *why)
{
	err_set(why, ERR_QUERY, "%.*s", (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
}

static void drop_ended(struct drop *d, const struct err *why)
{
	struct store *s = d->call.store;

	if (why) {
		s->stats.redis_errors++;
		store_doubt_key(s, (struct str){d->key, d->len}, why);
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
	store_sweep(s, buf_text(&prefix), kind_of(s, rest), done, ctx);
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
		store_doubt(s, -1, NULL);
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
