/* SPDX-License-Identifier: PostgreSQL */
/* Generated rows into the tables: in transactions of some thousand rows, each with the mark of how far it got. */
#include <inttypes.h>
#include <stdio.h>

#include "bridge/schema_private.h"

enum { CHUNK_ROWS = 20000, FILL_BYTES = 48 << 10 };

static void next_chunk(struct schema *s);

static int fill(struct schema *s, struct buf *out, void (*row)(const struct rows_load *load, int64_t number, struct buf *out),
                struct err *why)
{
	size_t begin = out->len;

	if (s->cancelled)
		return err_set(why, ERR_LOST, "cancelled");
	while (s->row <= s->chunk_last && out->len - begin < FILL_BYTES && !out->failed)
		row(&s->load.load, s->row++, out);
	return s->row <= s->chunk_last || out->len > begin;
}

static int fill_transactions(void *ctx, struct buf *out, struct err *why)
{
	return fill(ctx, out, rows_transaction, why);
}

static int fill_signatures(void *ctx, struct buf *out, struct err *why)
{
	return fill(ctx, out, rows_signatures, why);
}

static void committed(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	s->load.done = s->chunk_last;
	next_chunk(s);
}

static void marked(struct schema *s, const struct pgwork_outcome *outcome)
{
	struct err why = {0};

	if (schema_failed(s, outcome))
		return;
	if (outcome->affected != 1) {
		err_set(&why, ERR_BUSY, "somebody else has loaded rows meanwhile; nothing of this part is kept");
		schema_fail(s, &why);
		return;
	}
	schema_ask(s, "COMMIT", NULL, 0, committed);
}

static void signed_rows(void *ctx, const struct pgwork_outcome *outcome)
{
	struct schema *s = ctx;
	char load[24], before[24], after[24];
	const char *values[] = {load, before, after};

	if (s->ended || schema_failed(s, outcome))
		return;
	snprintf(load, sizeof load, "%" PRId64, s->load.number);
	snprintf(before, sizeof before, "%" PRId64, s->load.done);
	snprintf(after, sizeof after, "%" PRId64, s->chunk_last);
	schema_ask(s, schema_query_text(s, "load_done"), values, 3, marked);
}

static void copied(void *ctx, const struct pgwork_outcome *outcome)
{
	struct schema *s = ctx;

	if (s->ended || schema_failed(s, outcome))
		return;
	s->row = s->chunk_first;
	pgwork_copy(s->work, schema_query_text(s, "copy_signatures"), fill_signatures, signed_rows, s);
}

static void began(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	s->row = s->chunk_first;
	pgwork_copy(s->work, schema_query_text(s, "copy_transactions"), fill_transactions, copied, s);
}

static void begun_load(struct schema *s, const struct pgwork_outcome *outcome)
{
	if (schema_failed(s, outcome))
		return;
	if (outcome->result->rows == 1 && outcome->result->columns >= 7)
		s->load = report_load(outcome->result, 0);
	next_chunk(s);
}

/* The next numbers get a load of their own: 90 days that end now. */
static void begin_load(struct schema *s)
{
	char first[24], last[24], seed[24];
	const char *values[] = {first, last, seed};

	snprintf(first, sizeof first, "%" PRId64, s->load.done + 1);
	snprintf(last, sizeof last, "%" PRId64, s->conf.rows);
	snprintf(seed, sizeof seed, "%" PRId64, (int64_t)s->conf.seed);
	schema_ask(s, schema_query_text(s, "load_begin"), values, 3, begun_load);
}

static void next_chunk(struct schema *s)
{
	char phase[100];
	int64_t from = schema_rows_there(&s->report);

	if (s->load.done >= s->conf.rows) {
		s->loaded(s, NULL);
		return;
	}
	if (s->cancelled) {
		schema_fail(s, &(struct err){.code = ERR_LOST});
		return;
	}
	if (s->load.done >= s->load.load.last) {
		begin_load(s);
		return;
	}
	s->chunk_first = s->load.done + 1;
	s->chunk_last = s->load.done + CHUNK_ROWS;
	if (s->chunk_last > s->load.load.last)
		s->chunk_last = s->load.load.last;
	if (s->chunk_last > s->conf.rows)
		s->chunk_last = s->conf.rows;
	snprintf(phase, sizeof phase, "loading: %" PRId64 " of %" PRId64 " transactions", s->load.done, s->conf.rows);
	schema_progress(s, (double)(s->load.done - from) / (double)(s->conf.rows - from), phase);
	schema_ask(s, "BEGIN", NULL, 0, began);
}

void schema_load_rows(struct schema *s, schema_next *done)
{
	s->loaded = done;
	s->load = (struct schema_load){0};
	for (int i = 0; i < s->report.load_count; i++)
		if (s->report.load[i].done > 0 || s->report.load[i].done < s->report.load[i].load.last)
			s->load = s->report.load[i]; /* in order: the last one decides */
	next_chunk(s);
}
