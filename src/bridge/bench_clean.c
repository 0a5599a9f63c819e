/* SPDX-License-Identifier: PostgreSQL */
/* What a run leaves behind, taken away: its rows by the workload's own last words, its keys by their prefix. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

enum { CLEAN_MS = 300000 };

static void done(struct bench *b, bool *part)
{
	*part = true;
	if (b->rows_gone && b->keys_gone)
		bench_end(b);
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

/* Away, or not allowed to: the keys end by their time. */
static void on_swept(void *ctx, int64_t count, const struct err *why)
{
	struct bench *b = ctx;

	(void)count;
	(void)why;
	if (b->step == BENCH_CLEANING)
		done(b, &b->keys_gone);
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
	b->keys_gone = keep || !b->store;
	if (b->rows_gone && b->keys_gone) {
		bench_end(b);
		return;
	}
	if (!b->rows_gone && pgwork_is_up(b->control))
		bench_send_after(b);
	else if (!b->rows_gone)
		pgwork_open(b->control); /* sent when it is up */
	if (!b->keys_gone) {
		store_withdraw(b->store);
		store_drop_prefix(b->store, STR(""), on_swept, b);
	}
}
