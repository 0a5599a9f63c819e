/* SPDX-License-Identifier: PostgreSQL */
/* What a run leaves behind, taken away: its rows by the workload's own last words, its keys by their prefix. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

enum { CLEAN_MS = 300000, SCAN_COUNT = 1000, KEYS_ONCE = RESP_ARGS_MAX - 1 };

static void scan(struct bench *b);

static void done(struct bench *b, bool *part)
{
	*part = true;
	if (b->rows_gone && b->keys_gone)
		bench_end(b);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

/* All keys of the run, if every key of the workload begins with one prefix up to its {run}; else there is none. */
static bool key_pattern(const struct bench *b, struct buf *out)
{
	const struct bench_workload *w = b->conf.workload;
	const char *prefix = NULL;
	size_t len = 0;

	for (int i = 0; i < w->count; i++) {
		const char *key = w->statement[i].cache.key, *place = key ? strstr(key, "{run}") : NULL;

		if (key && (!place || memchr(key, '{', (size_t)(place - key)) ||
		            (prefix && (len != (size_t)(place - key) || memcmp(prefix, key, len) != 0))))
			return false;
		if (key) {
			prefix = key;
			len = (size_t)(place - key);
		}
	}
	if (!prefix)
		return false;
	buf_add(out, prefix, len);
	buf_addf(out, "%s:*", b->run);
	return memchr(prefix, '*', len) == NULL && memchr(prefix, '[', len) == NULL && memchr(prefix, '?', len) == NULL;
}

static void unlink_keys(struct bench *b, const struct resp_reply *keys)
{
	struct str words[RESP_ARGS_MAX] = {STR("UNLINK")};

	for (int i = 0; i < keys->count; ) {
		int n = 0;

		while (i < keys->count && n < KEYS_ONCE)
			words[++n] = keys->element[i++]->text;
		redis_work_send(b->redis, n + 1, words, NULL, NULL);
	}
}

static void on_scanned(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct bench *b = ctx;

	if (b->step != BENCH_CLEANING)
		return;
	/* Away, or not allowed to: the keys end by their time. */
	if (why || reply->type != RESP_ARRAY || reply->count != 2 || reply->element[1]->type != RESP_ARRAY) {
		done(b, &b->keys_gone);
		return;
	}
	unlink_keys(b, reply->element[1]);
	snprintf(b->cursor, sizeof b->cursor, "%.*s", (int)reply->element[0]->text.len, reply->element[0]->text.at);
	if (strcmp(b->cursor, "0") == 0)
		done(b, &b->keys_gone);
	else
		scan(b);
}

static void scan(struct bench *b)
{
	struct buf pattern = BUF_INIT(1024);
	struct str words[6] = {STR("SCAN"), str_from(b->cursor), STR("MATCH"), {0}, STR("COUNT"), STR("1000")};

	if (key_pattern(b, &pattern)) {
		words[3] = buf_str(&pattern);
		redis_work_send(b->redis, 6, words, on_scanned, b);
	} else {
		done(b, &b->keys_gone);
	}
	buf_release(&pattern);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

static void on_cleaned(void *ctx, const struct pgwork_outcome *o)
{
	struct bench *b = ctx;
	char words[ERR_TEXT_MAX + 80];

	if (o->why && !o->skipped) {
		snprintf(words, sizeof words, "what this run (%s) wrote was not taken away: %s", b->run, o->why->text);
		bench_trouble(b, words);
		bench_result_fault(&b->result, words);
	}
	if (pgwork_open_count(b->control) == 0)
		done(b, &b->rows_gone);
}

void bench_send_after(struct bench *b)
{
	const struct bench_text *after = &b->conf.workload->after;
	struct pgwork_query query[BENCH_STEPS_MAX];
	const char *run = b->run;

	for (int i = 0; i < after->count; i++)
		query[i] = (struct pgwork_query){.sql = after->step[i].sql, .values = &run, .count = after->step[i].count,
		                                 .deadline_ms = CLEAN_MS, .done = on_cleaned, .ctx = b};
	pgwork_run(b->control, query, after->count);
}

void bench_clean(struct bench *b)
{
	bool keep = b->conf.keep || b->next_n == 0;

	bench_enter(b, BENCH_CLEANING);
	loop_timer_in(b->end, CLEAN_MS + 10000);
	b->rows_gone = keep || b->conf.workload->after.count == 0;
	b->keys_gone = keep || !b->redis;
	if (b->rows_gone && b->keys_gone) {
		bench_end(b);
		return;
	}
	if (!b->rows_gone && pgwork_is_up(b->control))
		bench_send_after(b);
	else if (!b->rows_gone)
		pgwork_open(b->control); /* sent when it is up */
	snprintf(b->cursor, sizeof b->cursor, "0");
	if (!b->keys_gone)
		scan(b);
}
