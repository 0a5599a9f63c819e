/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows that change while a warm-up runs. LISTEN comes before the snapshot, so every change that the snapshot does not have is told. A
 * key that is told is not written any more; what may have been written of it before becomes a tombstone, as bridge/store.h would
 * make it, by the same connection and so behind our own SET. XX: a key that is not there stays so.
 *
 * A security event of the kind (":!") needs no trigger, so there is always a LISTEN: it ends the warm-up at any time, and what
 * is cached under the prefix is taken out.
 */
#include <stdlib.h>
#include <string.h>

#include "bridge/store.h"
#include "bridge/warm_private.h"
#include "core/mem.h"

enum {
	SETTLE_MS = 100,           /* a commit that was seen is told within that */
	TOLD_BYTES_MAX = 4 << 20,  /* of names; beyond that all is taken for changed */
};

#define TOMBSTONE_MS "5000"

enum { SETTLE_NOT, SETTLE_WAITS, SETTLE_ASKS, SETTLE_HEARD, SETTLE_SWEEPS, SETTLE_OVER };

/* --- one key ---------------------------------------------------------------------------------------------------------- */

struct burial {
	struct warm *w;
	size_t len;
	char key[];
};

/* It may stand there as it was. */
static void note_unburied(struct warm *w, const struct resp_reply *reply, const struct err *lost)
{
	w->report.unburied++;
	if (lost)
		w->unburied_why = *lost;
	else
		err_set(&w->unburied_why, ERR_QUERY, "%.*s", (int)(reply->text.len < 200 ? reply->text.len : 200), reply->text.at);
}

static void on_unlinked(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	if (lost || reply->type == RESP_ERROR)
		note_unburied(ctx, reply, lost);
	warm_check_drained(ctx);
}

static void on_buried(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct burial *b = ctx;
	struct warm *w = b->w;
	struct str key = {b->key, b->len};

	/* no room for a tombstone: then there is none for a refill either */
	if (!lost && reply->type == RESP_ERROR)
		redis_cluster_send(w->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_unlinked, w);
	else if (lost)
		note_unburied(w, reply, lost);
	free(b);
	warm_check_drained(w);
}

static void bury(struct warm *w, struct str key)
{
	struct burial *b = mem_alloc(sizeof(*b) + key.len + 1);
	const struct str words[] = {STR("SET"), key, STR(STORE_TOMBSTONE), STR("PX"), STR(TOMBSTONE_MS), STR("XX")};

	b->w = w;
	b->len = key.len;
	memcpy(b->key, key.at, key.len);
	redis_cluster_send(w->redis, key, (int)ARRAY_LEN(words), words, on_buried, b);
}

bool warm_changed(const struct warm *w, struct str key)
{
	uint64_t value;

	return w->told.count > 0 && map_get(&w->told, map_hash(MAP_SEED, key.at, key.len), &value);
}

/* All of the kind: nothing of this snapshot may stand. */
static void all_changed(struct warm *w)
{
	w->all_changed = true;
	if (w->settle == SETTLE_OVER)
		w->settle = SETTLE_HEARD;
	warm_stop(w, NULL);
}

/* Of the kind nothing may be cached any more, changed or not. */
static void security_event(struct warm *w)
{
	struct err why;

	w->compromised = true;
	if (w->step < WARM_RUNNING) {
		warm_say_compromised(w, &why);
		warm_end(w, TASK_REFUSED, &why);
		return;
	}
	all_changed(w);
	if (w->step == WARM_AFTER) {
		w->step = WARM_DRAINING;
		warm_check_drained(w);
	}
}

static void key_changed(struct warm *w, struct str id)
{
	uint64_t hash, value;

	buf_clear(&w->told_key);
	buf_adds(&w->told_key, w->recipe->prefix);
	buf_addstr(&w->told_key, id);
	if (w->told_key.failed || w->told_names.len + w->told_key.len + 1 > TOLD_BYTES_MAX) {
		all_changed(w);
		return;
	}
	hash = map_hash(MAP_SEED, w->told_key.data, w->told_key.len);
	if (!map_get(&w->told, hash, &value)) {
		map_put(&w->told, hash, 1);
		buf_addstr(&w->told_names, buf_str(&w->told_key));
		buf_addc(&w->told_names, '\0');
		w->report.changed++;
	}
	bury(w, buf_str(&w->told_key));
}

void warm_on_notify(void *ctx, const char *channel, const char *payload, int pid)
{
	struct warm *w = ctx;
	size_t len = strlen(w->kind);

	(void)channel, (void)pid;
	if (!w->listens || w->step == WARM_OVER || strncmp(payload, w->kind, len) != 0 || payload[len] != ':')
		return;
	if (strcmp(payload + len, ":!") == 0)
		security_event(w);
	else if (w->step != WARM_RUNNING && w->step != WARM_DRAINING)
		return; /* before the snapshot: it has that */
	else if (strcmp(payload + len, ":*") == 0)
		all_changed(w);
	else
		key_changed(w, str_from(payload + len + 1));
}

/* --- before ----------------------------------------------------------------------------------------------------------- */

static void looked(struct warm *w)
{
	w->ears_known = true;
	warm_looked(w);
}

static void on_listening(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;

	w->listens = !outcome->why;
	w->hears = w->told_by_trigger && w->listens;
	w->deaf = w->told_by_trigger && !w->listens;
	if (outcome->why)
		task_say(&w->task, TASK_WARN, "%s cannot be listened for: %s", w->deaf ? "changes and security events" : "security events",
		         outcome->why->text);
	looked(w);
}

static void on_told(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;
	const struct pgwork_query listen = {.sql = w->listen_sql, .done = on_listening, .ctx = w, .deadline_ms = 5000};
	int len;
	const char *text = outcome->why || !outcome->result || outcome->result->rows < 1 ? NULL
	                                                                                 : pgresult_value(outcome->result, 0, 0, &len);

	w->told_by_trigger = text && len == 1 && text[0] == '1';
	pgwork_run(w->pg_eye, &listen, 1);
}

static void ask_told(struct warm *w, void (*done)(void *ctx, const struct pgwork_outcome *outcome))
{
	const char *const values[] = {w->kind};
	const struct pgwork_query query = {.sql = w->told_sql, .values = values, .count = 1, .done = done, .ctx = w, .deadline_ms = 5000};

	pgwork_run(w->pg_eye, &query, 1);
}

/* "dytallix:bridge:tx:" is of the kind "tx". */
static void find_kind(struct warm *w)
{
	const char *prefix = w->recipe->prefix, *end = prefix + strlen(prefix) - 1, *from = end;

	if (*end != ':')
		return;
	while (from > prefix && from[-1] != ':')
		from--;
	if ((size_t)(end - from) < sizeof(w->kind))
		memcpy(w->kind, from, (size_t)(end - from));
}

void warm_changes_start(struct warm *w)
{
	find_kind(w);
	if (!w->listen_sql || !w->told_sql || !w->kind[0] || w->conf.dry_run || pgwork_is_pooled(w->pg_eye))
		w->ears_known = true;
	else
		ask_told(w, on_told);
}

void warm_deafened(struct warm *w, const struct err *why)
{
	struct err said;

	if (w->listens && !w->hears)
		task_say(&w->task, TASK_WARN, "security events are not heard any more: %s", why->text);
	w->listens = false;
	if (!w->hears)
		return;
	w->hears = false;
	err_set(&said, why->code, "changes are not told any more: %.300s", why->text);
	if (w->step < WARM_RUNNING)
		warm_end(w, TASK_FAILED, &said);
	else if (w->step == WARM_RUNNING)
		warm_stop(w, &said);
}

/* --- all of them ------------------------------------------------------------------------------------------------------ */

static void scan_on(struct warm *w, struct str cursor);

static void on_swept(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct warm *w = ctx;

	w->sweep_failed = w->sweep_failed || lost || reply->type == RESP_ERROR;
	warm_check_drained(w);
}

static void on_scanned(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct warm *w = ctx;

	if (lost || reply->type != RESP_ARRAY || reply->count != 2 || reply->element[1]->type != RESP_ARRAY) {
		w->settle = SETTLE_OVER;
		w->sweep_failed = true;
		warm_check_drained(w);
		return;
	}
	const struct resp_reply *keys = reply->element[1];
	for (int i = 0; i < keys->count; i++) {
		struct str key = keys->element[i]->text;
		redis_cluster_send(w->redis, key, 2, (const struct str[]){STR("UNLINK"), key}, on_swept, w);
	}
	bool last = str_is(reply->element[0]->text, "0");
	w->sweep_node += last;
	scan_on(w, last ? STR("0") : reply->element[0]->text);
}

static void scan_on(struct warm *w, struct str cursor)
{
	struct buf pattern = BUF_INIT(3 * RECIPE_PREFIX_MAX);

	if (w->sweep_node >= redis_cluster_nodes(w->redis)) {
		w->settle = SETTLE_OVER;
		warm_check_drained(w);
		return;
	}
	for (const char *at = w->recipe->prefix; *at; at++) {
		if (strchr("*?[]\\", *at))
			buf_addc(&pattern, '\\');
		buf_addc(&pattern, *at);
	}
	buf_addc(&pattern, '*');
	const struct str words[] = {STR("SCAN"), cursor, STR("MATCH"), buf_str(&pattern), STR("COUNT"), STR("500")};
	redis_cluster_send_to(w->redis, w->sweep_node, (int)ARRAY_LEN(words), words, on_scanned, w);
	buf_release(&pattern);
}

/* --- after ------------------------------------------------------------------------------------------------------------ */

static void on_asked(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;

	(void)outcome;
	w->settle = SETTLE_HEARD;
	warm_check_drained(w);
}

/* In a cluster a SET that was sent to another node may have come behind its tombstone; and what was refused may do now. */
static void bury_again(struct warm *w)
{
	w->report.unburied = 0;
	for (size_t at = 0; at < w->told_names.len;) {
		struct str key = str_from(w->told_names.data + at);
		bury(w, key);
		at += key.len + 1;
	}
}

bool warm_settles(struct warm *w)
{
	/* a Redis that is gone keeps what it has; a database that is gone says nothing more */
	if (!redis_cluster_is_up(w->redis) || (w->settle == SETTLE_NOT && !w->listens && !w->all_changed))
		return false;
	if (w->settle == SETTLE_NOT) {
		w->settle = SETTLE_WAITS;
		loop_timer_in(w->watch, SETTLE_MS);
	} else if (w->settle == SETTLE_HEARD && w->all_changed) {
		w->settle = SETTLE_SWEEPS;
		w->sweep_node = 0;
		w->sweep_failed = false;
		scan_on(w, STR("0"));
	} else if (w->settle == SETTLE_HEARD) {
		w->settle = SETTLE_OVER;
		if (!w->told_names.len || (!redis_cluster_is_cluster(w->redis) && !w->report.unburied))
			return false;
		bury_again(w);
	} else {
		return w->settle != SETTLE_OVER;
	}
	return true;
}

bool warm_swept(const struct warm *w)
{
	return w->settle == SETTLE_OVER && !w->sweep_failed && redis_cluster_is_up(w->redis);
}

void warm_settle_on(struct warm *w)
{
	if (w->settle != SETTLE_WAITS)
		return;
	w->settle = SETTLE_ASKS;
	if (pgwork_is_up(w->pg_eye)) {
		ask_told(w, on_asked);
	} else {
		w->settle = SETTLE_HEARD;
		warm_check_drained(w);
	}
}
