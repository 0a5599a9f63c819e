/* SPDX-License-Identifier: PostgreSQL */
/* Operations: from the draw to the histogram. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bench_run.h"
#include "core/mem.h"

static void begin_op(struct bench *b, struct bench_client *c, int64_t now);
void bench_push(struct bench_queue *q, struct bench_client *c)
{
	c->next = NULL;
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
}

struct bench_client *bench_pop(struct bench_queue *q)
{
	struct bench_client *c = q->first;

	if (!c)
		return NULL;
	q->first = c->next;
	if (!q->first)
		q->last = NULL;
	c->next = NULL;
	return c;
}

int64_t bench_now(void)
{
	return clock_mono();
}

static const struct bench_statement *statement_of(const struct bench_client *c)
{
	return &c->bench->conf.workload->statement[c->statement];
}

static bool running(const struct bench *b)
{
	return b->step == BENCH_WARMING || b->step == BENCH_MEASURING;
}

/* --- the figures -------------------------------------------------------------------------------------------------- */

static void count(struct bench_count *to, const struct bench_client *c, int64_t ns, bool worked)
{
	if (worked)
		quantile_add(&to->time, ns);
	else
		to->errors++;
	to->hits += c->looking && !c->missed;
	to->misses += c->missed;
	to->shared += c->joined;
}

static void record(struct bench_client *c, bool worked, int64_t now)
{
	struct bench *b = c->bench;
	int64_t ns = now - c->due_ns;

	b->errors += !worked;
	if (worked)
		quantile_add(&b->last, ns);
	b->last_hits += c->looking && !c->missed;
	b->last_misses += c->missed;
	if (b->step != BENCH_MEASURING)
		return;
	count(&b->result.statement[c->statement], c, ns, worked);
	if (worked && b->events.sample)
		b->events.sample(b->events.ctx, c->statement, ns);
}

static void fault(struct bench_client *c, const char *sqlstate, const char *text)
{
	struct bench *b = c->bench;
	char words[240];

	snprintf(words, sizeof words, "%s: %s%s%s", statement_of(c)->name, sqlstate, sqlstate[0] ? " " : "", text);
	bench_trouble(b, words);
	if (b->step != BENCH_MEASURING)
		return;
	bench_result_fault(&b->result, words);
	if (strcmp(sqlstate, "40P01") == 0)
		b->result.statement[c->statement].deadlocks++;
}

/* --- the end of an operation -------------------------------------------------------------------------------------- */

static void next(struct bench_client *c, bool worked, int64_t now)
{
	struct bench *b = c->bench;

	b->in_flight--;
	if (!worked) {
		/* An error often comes at once: without a rest a server that is down would be asked a million times. */
		bench_push(&b->resting, c);
		if (!loop_timer_armed(b->rest))
			loop_timer_in(b->rest, BENCH_REST_MS);
	} else if (running(b) && b->conf.rate <= 0) {
		bench_begin(b, c, now, now);
		return;
	} else {
		bench_push(&b->idle, c);
	}
	if (running(b) && b->conf.rate > 0)
		bench_pump(b);
	else if (b->step == BENCH_FILLING)
		bench_fill_more(b);
	else if (b->step == BENCH_DRAINING && b->in_flight == 0)
		bench_drained(b);
}

static void end_op(struct bench_client *c, bool worked, int64_t now)
{
	if (worked && statement_of(c)->writes)
		bench_keep_made(c->bench, c);
	record(c, worked, now);
	next(c, worked, now);
}

static void on_dropped(void *ctx, int64_t count, const struct err *why)
{
	(void)count;
	(void)why; /* the store flushes when it can */
	end_op(ctx, true, bench_now());
}

static void drop_value(struct bench_client *c)
{
	struct bench *b = c->bench;

	store_drop(b->store, b->kind_of[c->statement], str_from(c->value[0]), on_dropped, c);
}

/* --- the database ------------------------------------------------------------------------------------------------- */

static void on_step(void *ctx, const struct pgwork_outcome *o)
{
	struct bench_client *c = ctx;
	if (o->why && !o->skipped)
		fault(c, o->sqlstate, o->why->text);
	c->failed |= o->why != NULL;
	if (--c->left > 0)
		return;
	bench_db_release(c, o->known_ns);
	if (!c->failed && statement_of(c)->cache.drops && c->bench->store)
		drop_value(c);
	else
		end_op(c, !c->failed, o->known_ns);
}

void bench_got(struct bench_client *c, int64_t now, const struct err *why)
{
	const struct bench_text *text = bench_statement_text(statement_of(c), c->bench->conf.variant);
	const char *values[BENCH_STEPS_MAX][BENCH_PARAMS_MAX];
	struct pgwork_query query[BENCH_STEPS_MAX];

	if (why) {
		fault(c, "", why->text);
		end_op(c, false, now);
		return;
	}
	c->left = text->count;
	c->sent_ns = now;
	if (c->bench->step == BENCH_MEASURING)
		quantile_add(&c->bench->result.wait, c->sent_ns - c->asked_ns);
	c->cancelled = false;
	for (int i = 0; i < text->count; i++) {
		const struct bench_step *step = &text->step[i];

		for (int k = 0; k < step->count; k++)
			values[i][k] = c->value[step->param[k]];
		query[i] = (struct pgwork_query){
			.sql = step->sql, .name = step->name, .values = values[i], .count = step->count,
			.done = on_step, .ctx = c, .now_ns = now,
		};
	}
	pgwork_run(pool_work(c->lease), query, text->count);
}

/* One look a second at all of them: a timer for each statement would cost more than what it guards against. */
void bench_cancel_late(struct bench *b)
{
	int64_t limit = bench_now() - (int64_t)(b->conf.timeout_ms * 1e6);

	for (int i = 0; i < b->conf.clients; i++) {
		struct bench_client *c = &b->client[i];

		if (c->lease && !c->cancelled && c->sent_ns < limit) {
			c->cancelled = true;
			pgwork_cancel(pool_work(c->lease));
		}
	}
}

static void ask_database(struct bench_client *c, int64_t now)
{
	c->asked_ns = now;
	bench_db_acquire(c, now);
}

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static void on_got(void *ctx, const struct store_answer *answer, const struct err *why)
{
	struct bench_client *c = ctx;

	if (why)
		fault(c, "", why->text);
	c->missed = why || answer->from != STORE_CACHE;
	c->joined = !why && answer->joined;
	end_op(c, !why, bench_now());
}

static void begin_op(struct bench *b, struct bench_client *c, int64_t now)
{
	const struct bench_statement *s = statement_of(c);

	b->in_flight++;
	c->missed = c->failed = c->joined = false;
	c->looking = b->store && s->cache.kind && !s->cache.drops;
	if (c->looking)
		store_get(b->store, b->kind_of[c->statement], str_from(c->value[0]), on_got, c);
	else
		ask_database(c, now);
}

/* --- beginnings --------------------------------------------------------------------------------------------------- */

enum { DRAWS_MAX = 64 };

void bench_begin(struct bench *b, struct bench_client *c, int64_t due_ns, int64_t now)
{
	int draws = 0;

	c->due_ns = due_ns;
	do {
		c->n = b->next_n++;
		c->statement = bench_alias_draw(&b->mix, &b->rng);
	} while (!bench_draw_values(b, c) && ++draws < DRAWS_MAX);
	if (draws < DRAWS_MAX) {
		begin_op(b, c, now);
		return;
	}
	bench_push(&b->resting, c);
	if (!loop_timer_armed(b->rest))
		loop_timer_in(b->rest, BENCH_REST_MS);
}

void bench_pump(struct bench *b)
{
	int64_t now = bench_now();
	struct bench_client *c;

	while (b->next_due_ns <= now && (c = bench_pop(&b->idle)) != NULL) {
		int64_t due = b->next_due_ns;

		b->next_due_ns += (int64_t)bench_gap_ns(&b->rng, b->conf.rate);
		bench_begin(b, c, due, now);
	}
	if (b->idle.first)
		loop_timer_at(b->due, b->next_due_ns);
}

/* Walks over the statements that have something to fill. */
void bench_fill_more(struct bench *b)
{
	const struct bench_workload *w = b->conf.workload;
	struct bench_client *c;

	while (b->fill_statement < w->count && (c = bench_pop(&b->idle)) != NULL) {
		const struct bench_statement *s = &w->statement[b->fill_statement];

		c->statement = b->fill_statement;
		c->due_ns = bench_now();
		if (s->cache.fill > 0 && s->weight > 0 && bench_fill_value(b, c, b->fill_at)) {
			b->fill_at++;
			begin_op(b, c, c->due_ns);
			continue;
		}
		b->fill_statement++;
		b->fill_at = 0;
		bench_push(&b->idle, c);
	}
	if (b->fill_statement == w->count && b->in_flight == 0)
		bench_filled(b);
}
