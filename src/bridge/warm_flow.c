/* SPDX-License-Identifier: PostgreSQL */
/* Rows of the query to commands of Redis, held back by what the pace allows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bridge/warm_private.h"
#include "core/clean.h"
#include "core/map.h"

enum { COLUMN_KEY, COLUMN_VALUE, COLUMN_PRIORITY, COLUMN_SENSITIVE };
enum { OID_JSONB = 3802, OID_BYTEA = 17, OID_TEXT = 25, OID_VARCHAR = 1043, OID_JSON = 114, OID_BOOL = 16, OID_NAME = 19 };

/* --- the pace --------------------------------------------------------------------------------------------------------- */

double warm_effective_rate(const struct warm *w)
{
	return w->rate * w->factor;
}

static int window_now(const struct warm *w)
{
	int window = (int)(w->window * w->factor);

	return window < WARM_WINDOW_LEAST ? WARM_WINDOW_LEAST : window;
}

/* What was not used up is lost, but for two ticks of the clock: Redis serves nobody else while it works off what came at once, and
 * nobody else has this core while we compress. */
static void fill_tokens(struct warm *w)
{
	int64_t now = loop_now(w->loop)->mono_ns;
	double rate = warm_effective_rate(w), most = fmax(1, fmin(window_now(w), rate * WARM_BURST_MS / 1000));

	w->tokens += (double)(now - w->tokens_ns) / (double)CLOCK_SECOND_NS * rate;
	w->tokens = fmin(w->tokens, most);
	w->tokens_ns = now;
}

/* Whether the next row has to wait. Arms what will wake it up where no reply does. */
static bool must_wait(struct warm *w)
{
	if (w->conf.dry_run || w->stopping)
		return false;
	if (w->memory_hold || redis_cluster_full(w->redis) || redis_cluster_open_count(w->redis) >= window_now(w))
		return true;
	if (!(w->rate > 0))
		return false;
	fill_tokens(w);
	if (w->tokens >= 1)
		return false;
	if (!loop_timer_armed(w->pace))
		loop_timer_in(w->pace, fmax(1, fmin(200, (1 - w->tokens) / warm_effective_rate(w) * 1000)));
	return true;
}

void warm_flow_resume(struct warm *w)
{
	if (!w->held || w->streamed || must_wait(w))
		return;
	w->held = false;
	pgwork_more(w->pg);
}

/* --- one row ---------------------------------------------------------------------------------------------------------- */

static bool is_text_type(unsigned oid)
{
	return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_NAME;
}

static int learn_columns(struct warm *w, const struct pgresult *rows, struct err *why)
{
	static const char *const names[] = {"key", "value", "priority", "sensitive"};

	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		w->column[i] = -1;
		for (int c = 0; c < rows->columns; c++)
			if (strcmp(pgresult_name(rows, c), names[i]) == 0)
				w->column[i] = c;
		if (w->column[i] < 0 && i != COLUMN_SENSITIVE)
			return err_set(why, ERR_INVALID, "recipe %s: its query yields no column %s", w->recipe->name, names[i]);
	}
	unsigned value = pgresult_type(rows, w->column[COLUMN_VALUE]);
	w->is_jsonb = value == OID_JSONB;
	if (!is_text_type(value) && value != OID_JSON && value != OID_JSONB && value != OID_BYTEA)
		return err_set(why, ERR_INVALID, "recipe %s: value must be text, json, jsonb or bytea", w->recipe->name);
	if (!is_text_type(pgresult_type(rows, w->column[COLUMN_KEY])) || !is_text_type(pgresult_type(rows, w->column[COLUMN_PRIORITY])))
		return err_set(why, ERR_INVALID, "recipe %s: key and priority must be text", w->recipe->name);
	if (w->column[COLUMN_SENSITIVE] >= 0 && pgresult_type(rows, w->column[COLUMN_SENSITIVE]) != OID_BOOL)
		return err_set(why, ERR_INVALID, "recipe %s: sensitive must be boolean", w->recipe->name);
	w->columns_known = true;
	return 0;
}

static struct str field(const struct warm *w, const struct pgresult *rows, int row, int which)
{
	int len = 0;
	const char *at = pgresult_value(rows, row, w->column[which], &len);

	return (struct str){at, at ? (size_t)len : 0};
}

static void on_set(void *ctx, const struct resp_reply *reply, const struct err *lost);

/* Every key has a TTL; a part of it is taken off by the key's hash, so that what was written together does not expire together. */
static int ttl_of(const struct warm *w, int priority, struct str key)
{
	double whole = w->recipe->ttl_s[priority];
	double part = (double)(map_hash(w->seed, key.at, key.len) >> 11) / 9007199254740992.0;
	double ttl = whole * (1 - w->recipe->jitter * part);

	return ttl < 1 ? 1 : (int)ttl;
}

static void send_key(struct warm *w, int priority)
{
	struct str key = buf_str(&w->key);
	char ttl[16];
	bool set = w->conf.overwrite || w->recipe->mode == RECIPE_SET;
	struct str words[] = {STR("SET"), key, buf_str(&w->value), STR("EX"), {ttl, 0}, STR("NX")};

	words[4].len = (size_t)snprintf(ttl, sizeof(ttl), "%d", ttl_of(w, priority, key));
	redis_cluster_send(w->redis, key, set ? 5 : 6, words, on_set, &w->slot[priority]);
	w->sent++;
	w->sent_bytes += (int64_t)(w->key.len + w->value.len) + WARM_KEY_COST;
	w->tokens -= 1;
}

/* True when the row may go on to the cache. */
static bool judge(struct warm *w, struct str value, bool sensitive)
{
	const char *found;

	if (sensitive) {
		w->report.sensitive++;
		return false;
	}
	found = deny_finds(&w->deny, buf_str(&w->key), value);
	if (!found)
		return true;
	if (w->report.denied++ == 0)
		snprintf(w->report.denied_by, sizeof(w->report.denied_by), "%s", found);
	return false;
}

static int take_row(struct warm *w, const struct pgresult *rows, int row, struct err *why)
{
	struct str key = field(w, rows, row, COLUMN_KEY), value = field(w, rows, row, COLUMN_VALUE);
	struct str priority = field(w, rows, row, COLUMN_PRIORITY), sensitive = {NULL, 0};
	int level = recipe_priority_find(priority);

	w->report.rows++;
	if (!key.at || key.len == 0 || key.len + strlen(w->recipe->prefix) > WARM_KEY_MAX || !value.at)
		return err_set(why, ERR_INVALID, "recipe %s: row %lld has no %s", w->recipe->name, (long long)w->report.rows,
		               value.at ? "key of 1 byte to 1 kB" : "value");
	if (level < 0) {
		struct buf clean = BUF_INIT(200);
		clean_text(&clean, priority.at ? priority.at : "NULL", priority.at ? priority.len < 40 ? priority.len : 40 : 4, CLEAN_LINE);
		err_set(why, ERR_INVALID, "recipe %s: row %lld: priority %s is none of low, medium, high, critical", w->recipe->name,
		        (long long)w->report.rows, buf_text(&clean));
		buf_release(&clean);
		return ERR_INVALID;
	}
	if (w->is_jsonb && value.len) { /* the first byte is the format's version */
		value.at++;
		value.len--;
	}
	buf_clear(&w->key);
	buf_adds(&w->key, w->recipe->prefix);
	buf_addstr(&w->key, key);
	if (warm_changed(w, buf_str(&w->key)))
		return 0;
	if (w->column[COLUMN_SENSITIVE] >= 0)
		sensitive = field(w, rows, row, COLUMN_SENSITIVE);
	/* unknown is taken for yes */
	if (!judge(w, value, w->column[COLUMN_SENSITIVE] >= 0 && (!sensitive.at || sensitive.len == 0 || sensitive.at[0])))
		return 0;
	if (codec_encode(w->codec, buf_str(&w->key), value, &w->value, why) || (int64_t)w->value.len > w->recipe->value_limit) {
		w->report.too_big++;
		return 0;
	}
	w->report.raw_bytes += (int64_t)value.len;
	w->report.stored_bytes += (int64_t)w->value.len;
	w->report.largest = (int64_t)w->value.len > w->report.largest ? (int64_t)w->value.len : w->report.largest;
	if (w->conf.dry_run) {
		w->report.written++;
		w->report.by_priority[level]++;
	} else {
		send_key(w, level);
	}
	return 0;
}

/* Whether an earlier snapshot has brought it. Counted, not remembered: where rows came or went meanwhile some are written twice, which
 * NX does not mind, or not at all, which is a miss. */
static bool is_done(struct warm *w)
{
	if (w->skipped >= w->skip)
		return false;
	w->skipped++;
	return true;
}

static bool on_rows(void *ctx, const struct pgresult *rows)
{
	struct warm *w = ctx;
	struct err why;

	if (w->renewing)
		return true;
	if (!w->columns_known && !w->stopping && learn_columns(w, rows, &why))
		warm_stop(w, &why);
	for (int row = 0; row < rows->rows && !w->stopping; row++) {
		if (is_done(w))
			continue;
		if (w->report.rows >= w->limit)
			warm_stop(w, NULL);
		else if (take_row(w, rows, row, &why))
			warm_stop(w, &why);
	}
	if (!w->stopping && warm_over_memory(w, true))
		w->memory_hold = true; /* by our own count; the next INFO says what is true */
	w->held = w->skipped >= w->skip && must_wait(w);
	return !w->held;
}

static void run_query(struct warm *w);

static void on_query(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;

	w->held = false;
	if (w->renewing && !w->stopping) {
		w->renewing = false;
		if (pgwork_is_up(w->pg)) {
			w->report.renewed++;
			run_query(w);
			return;
		}
	}
	w->streamed = true;
	if (outcome->why && !w->stopping) {
		w->failure = *outcome->why;
		err_prefix(&w->failure, "recipe %s", w->recipe->name);
	}
	warm_check_drained(w);
}

/* --- replies ---------------------------------------------------------------------------------------------------------- */

static bool says(const struct resp_reply *reply, const char *prefix)
{
	size_t len = strlen(prefix);

	return reply->text.len >= len && memcmp(reply->text.at, prefix, len) == 0;
}

/* Redis said no. Some answers would be the same for every key. */
static void take_error(struct warm *w, const struct resp_reply *reply)
{
	static const char *const final[] = {"NOPERM", "NOAUTH", "READONLY", "MISCONF", "MASTERDOWN", "CLUSTERDOWN", "ERR syntax"};
	struct buf text = BUF_INIT(300);
	bool ends = ++w->report.failed > WARM_ERRORS_MAX;

	if (says(reply, "OOM")) {
		w->report.stopped_memory = true;
		warm_stop(w, NULL);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(final); i++)
		ends = ends || says(reply, final[i]);
	clean_text(&text, reply->text.at, reply->text.len < 200 ? reply->text.len : 200, CLEAN_LINE);
	err_set(&w->refused, says(reply, "NOPERM") ? ERR_PRIVILEGE : ERR_QUERY, "%s: %s", redis_cluster_name(w->redis), buf_text(&text));
	buf_release(&text);
	if (ends)
		warm_stop(w, &w->refused);
}

static void on_set(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct warm_slot *slot = ctx;
	struct warm *w = slot->w;

	if (lost && lost->code == ERR_TOO_BIG) {
		w->report.failed++;
	} else if (lost) {
		w->report.unknown++;
		warm_stop(w, lost);
	} else if (reply->type == RESP_STATUS) {
		w->report.written++;
		w->report.by_priority[slot->priority]++;
	} else if (reply->type == RESP_NIL) {
		w->report.there++;
		w->report.by_priority[slot->priority]++;
	} else if (reply->type == RESP_ERROR) {
		take_error(w, reply);
	} else {
		w->report.failed++;
	}
	if (w->streamed)
		warm_check_drained(w);
	else if (w->held && redis_cluster_open_count(w->redis) <= window_now(w) / 2)
		warm_flow_resume(w);
}

/* --- start ------------------------------------------------------------------------------------------------------------ */

void warm_read_only(struct warm *w, struct pgwork *pg, const struct pgwork_query *query)
{
	const struct pgwork_query end = {.sql = w->end_sql}, all[] = {{.sql = w->begin_sql}, *query, end};

	if (!pgwork_is_pooled(pg)) {
		pgwork_run(pg, query, 1);
		return;
	}
	pgwork_run(pg, all, (int)ARRAY_LEN(all));
	pgwork_run(pg, &end, 1); /* when the query fails what follows it is skipped */
}

static void run_query(struct warm *w)
{
	char limit[24];
	const char *const values[] = {limit};
	const struct pgwork_query query = {
		.sql = w->recipe->query, .values = values, .count = w->recipe->query_limit ? 1 : 0, .binary = true, .stream = true,
		.single = w->rate > 0, .rows = on_rows, .done = on_query, .ctx = w,
	};

	snprintf(limit, sizeof(limit), "%lld", (long long)w->limit);
	w->snapshot_ns = loop_now(w->loop)->mono_ns;
	w->skip = w->report.rows;
	w->skipped = 0;
	w->columns_known = false;
	warm_read_only(w, w->pg, &query);
}

void warm_flow_start(struct warm *w)
{
	w->tokens_ns = loop_now(w->loop)->mono_ns;
	w->tokens = 0;
	w->factor = 1;
	run_query(w);
}

void warm_renew_if_old(struct warm *w)
{
	double age = (double)(loop_now(w->loop)->mono_ns - w->snapshot_ns) / (double)CLOCK_MS_NS;

	if (w->step != WARM_RUNNING || w->streamed || w->stopping || w->renewing || w->conf.dry_run || w->skipped < w->skip ||
	    !(w->recipe->snapshot_ms > 0) || age < w->recipe->snapshot_ms)
		return;
	w->renewing = true;
	pgwork_cancel(w->pg);
	if (w->held)
		pgwork_more(w->pg);
	w->held = false;
}
