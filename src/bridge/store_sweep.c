/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sweeps: all keys that begin alike, on all servers or on some, by SCAN and UNLINK.
 *
 * In a cluster keys move from one server to another while we look: one that leaves a server that has not been looked at for one that
 * has is seen by neither SCAN. So the slots are asked for before and after (redis_cluster_look()); when one has another owner or
 * is on its way, all is looked at once more, and what moved the first time is found where it is now.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/store_private.h"
#include "core/mem.h"

enum { PASSES_MAX = 2 };

static void scan_next(struct store_scan *scan, struct str cursor);
static void scan_servers(struct store_sweep *w);
static void sweep_start(struct store_sweep *w);

/* --- its life ------------------------------------------------------------------------------------------------------------------ */

static void bracket(struct store *s, const struct store_sweep *w, int by)
{
	for (int i = 0; i < s->kinds && !w->ours; i++) {
		if (w->kind < 0 || i == w->kind)
			s->class[i].sweeping += by;
	}
	if (w->kind < 0)
		s->stats.flushing = (s->flushing += by) > 0;
}

static void forget(struct store *s, int kind)
{
	for (int i = 0; i < s->kinds; i++) {
		if (kind < 0 || i == kind)
			s->class[i].epoch++;
	}
	store_forget_flights(s, kind);
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

static bool is_whole(const struct store_sweep *w)
{
	return w->kind < 0 && strcmp(w->prefix, w->store->prefix) == 0;
}

/* What servers in doubt had is gone, except where it is not. */
static void clear_doubts(struct store_sweep *w)
{
	struct store *s = w->store;

	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		struct store_server *server = &s->server[i];

		if (!w->scan[i].in)
			continue;
		server->flushing = false;
		server->doubt = w->scan[i].failed || server->again;
		if (server->again && !w->scan[i].failed)
			server->flushed_ns = 0; /* not put off */
	}
	loop_timer_in(s->reflush, 0);
}

static void doubt_failed(struct store_sweep *w)
{
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		if (w->scan[i].in && w->scan[i].failed)
			store_doubt(w->store, i, NULL);
	}
}

static void sweep_ended(struct store_sweep *w)
{
	struct store *s = w->store;
	struct err why;

	bracket(s, w, -1);
	if (w->ours)
		clear_doubts(w);
	else
		doubt_failed(w);
	if (w->failed && w->changed && !w->ours) /* where a key is now that did not go is not known */
		store_doubt(s, -1, NULL);
	err_set(&why, ERR_LOST, "Redis could not be asked for all keys that begin with %s%s%s", w->prefix, w->why.code ? ": " : "",
	        w->why.code ? w->why.text : "");
	if (!w->failed && is_whole(w))
		store_say(s, "%lld keys were dropped", (long long)w->dropped);
	tell_waiters(w, w->failed ? &why : NULL);
	w->waiters = w->next_waiters;
	w->next_waiters = NULL;
	if (w->again && !w->failed) {
		sweep_start(w);
		return;
	}
	if (w->failed)
		tell_waiters(w, &why);
	unlink_sweep(s, w);
	sweep_free(w);
}

/* --- passes --------------------------------------------------------------------------------------------------------------------- */

static void fail_all(struct store_sweep *w, const struct err *why)
{
	w->failed = true;
	w->why = *why;
	for (int i = 0; i < REDIS_NODES_MAX; i++)
		w->scan[i].failed = w->scan[i].in;
}

/* Where a key may have come from to a server that is in no doubt: that one is looked at as well. */
static void take_all_owners(struct store_sweep *w)
{
	struct store *s = w->store;

	for (int i = 0; i < redis_cluster_servers(s->redis); i++) {
		if (!redis_cluster_holds(s->redis, i) || w->scan[i].in)
			continue;
		if (w->ours && s->server[i].flushing) { /* by another sweep, which may be past it */
			s->server[i].again = true;
			continue;
		}
		w->scan[i] = (struct store_scan){.in = true};
		if (!w->ours)
			continue;
		s->server[i].doubt = s->server[i].flushing = true;
		s->server[i].again = false;
	}
}

static void on_looked_after(void *ctx, int64_t changes, bool steady, const struct err *why)
{
	struct store_sweep *w = ctx;

	w->changed = w->changed || why || changes != w->changes;
	w->unsteady = w->unsteady || !steady || w->changed;
	w->changes = changes;
	if (why)
		fail_all(w, why);
	if (w->failed || !w->unsteady || w->pass == PASSES_MAX) {
		sweep_ended(w);
		return;
	}
	take_all_owners(w);
	scan_servers(w);
}

static void on_looked_before(void *ctx, int64_t changes, bool steady, const struct err *why)
{
	struct store_sweep *w = ctx;

	w->changes = changes;
	w->unsteady = !steady || why;
	if (!w->ours)
		take_all_owners(w);
	if (why) {
		fail_all(w, why);
		sweep_ended(w);
		return;
	}
	scan_servers(w);
}

static void check_ended(struct store_sweep *w)
{
	if (w->scanning > 0 || w->unlinking > 0)
		return;
	if (redis_cluster_is_cluster(w->store->redis))
		redis_cluster_look(w->store->redis, on_looked_after, w);
	else
		sweep_ended(w);
}

static void sweep_start(struct store_sweep *w)
{
	struct store *s = w->store;

	bracket(s, w, 1);
	forget(s, w->kind);
	w->again = w->failed = w->unsteady = w->changed = false;
	w->why.code = 0;
	w->dropped = 0;
	w->pass = 0;
	if (!w->ours)
		memset(w->scan, 0, sizeof(w->scan));
	if (redis_cluster_is_cluster(s->redis)) {
		redis_cluster_look(s->redis, on_looked_before, w);
		return;
	}
	w->scan[0].in = true;
	scan_servers(w);
}

/* --- keys ----------------------------------------------------------------------------------------------------------------------- */

static void scan_failed(struct store_scan *scan, const struct resp_reply *reply, const struct err *why)
{
	struct store_sweep *w = scan->sweep;

	scan->failed = w->failed = true;
	if (w->why.code)
		return;
	if (why)
		w->why = *why;
	else
		err_set(&w->why, ERR_QUERY, "%.*s", reply->type == RESP_ERROR ? (int)(reply->text.len < 200 ? reply->text.len : 200) : 0,
		        reply->text.at ? reply->text.at : "");
}

static void on_unlinked(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store_scan *scan = ctx;
	struct store_sweep *w = scan->sweep;

	if (why || reply->type != RESP_INTEGER) {
		scan_failed(scan, reply, why);
	} else {
		w->dropped += reply->integer;
		w->store->stats.deletions += reply->integer;
	}
	w->unlinking--;
	check_ended(w);
}

static void drop_found(struct store_scan *scan, const struct resp_reply *keys)
{
	struct store_sweep *w = scan->sweep;
	size_t len = strlen(w->prefix);

	for (int i = 0; i < keys->count; i++) {
		struct str key = keys->element[i]->text;

		if (keys->element[i]->type != RESP_STRING || key.len < len || memcmp(key.at, w->prefix, len) != 0)
			continue;
		w->unlinking++;
		redis_cluster_send(w->store->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_unlinked, scan);
	}
}

static void on_scanned(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct store_scan *scan = ctx;
	bool good = !why && reply->type == RESP_ARRAY && reply->count == 2 && reply->element[0]->type == RESP_STRING &&
	            reply->element[1]->type == RESP_ARRAY;

	if (!good)
		scan_failed(scan, reply, why);
	else
		drop_found(scan, reply->element[1]);
	/* The UNLINKs are answered before the next SCAN: what is under way stays bounded. */
	if (good && !str_is(reply->element[0]->text, "0")) {
		scan_next(scan, reply->element[0]->text);
		return;
	}
	scan->sweep->scanning--;
	check_ended(scan->sweep);
}

static void scan_next(struct store_scan *scan, struct str cursor)
{
	struct store_sweep *w = scan->sweep;
	char count[16];

	snprintf(count, sizeof(count), "%d", STORE_SWEEP_COUNT);
	redis_cluster_send_server(w->store->redis, scan->server, 6,
	                          (const struct str[]){STR("SCAN"), cursor, STR("MATCH"), str_from(w->pattern), STR("COUNT"),
	                                               str_from(count)},
	                          on_scanned, scan);
}

static void scan_servers(struct store_sweep *w)
{
	w->pass++;
	w->scanning = w->unlinking = 0;
	for (int i = 0; i < REDIS_NODES_MAX; i++)
		w->scanning += w->scan[i].in;
	if (w->scanning == 0) {
		w->failed = true;
		err_set(&w->why, ERR_LOST, "nobody owns a slot of the cluster");
		sweep_ended(w);
		return;
	}
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		if (!w->scan[i].in)
			continue;
		w->scan[i].sweep = w;
		w->scan[i].server = i;
		scan_next(&w->scan[i], STR("0"));
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

/* --- the outside ---------------------------------------------------------------------------------------------------------------- */

static struct store_sweep *sweep_new(struct store *s, const char *prefix, int kind)
{
	struct store_sweep *w = mem_alloc(sizeof(*w));

	w->store = s;
	w->prefix = mem_strdup(prefix);
	w->pattern = store_pattern(prefix);
	w->kind = kind;
	w->next = s->sweep;
	s->sweep = w;
	return w;
}

void store_sweep(struct store *s, const char *prefix, int kind, store_done *done, void *ctx)
{
	struct store_sweep *w = s->sweep;
	struct sweep_waiter *waiter = mem_alloc(sizeof(*waiter));

	*waiter = (struct sweep_waiter){.done = done, .ctx = ctx};
	while (w && (w->ours || strcmp(w->prefix, prefix) != 0))
		w = w->next;
	if (w) { /* what it has passed may be old again: once more, for all who ask until then */
		w->again = true;
		waiter->next = w->next_waiters;
		w->next_waiters = waiter;
		forget(s, kind);
		return;
	}
	w = sweep_new(s, prefix, kind);
	w->waiters = waiter;
	sweep_start(w);
}

void store_flush_servers(struct store *s, const bool *which)
{
	struct store_sweep *w = sweep_new(s, s->prefix, -1);
	int64_t now = store_now();

	s->stats.flushes++;
	w->ours = true;
	for (int i = 0; i < REDIS_NODES_MAX; i++) {
		if (!which[i])
			continue;
		w->scan[i].in = true;
		s->server[i].flushing = true;
		s->server[i].again = false;
		s->server[i].flushed_ns = now;
	}
	sweep_start(w);
}
