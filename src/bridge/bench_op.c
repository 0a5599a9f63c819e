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
	to->shared += c->missed && !c->asked;
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

static void end_one(struct bench_client *c, bool worked, int64_t now)
{
	if (worked && statement_of(c)->writes)
		bench_keep_made(c->bench, c);
	record(c, worked, now);
	c->flight = NULL;
	next(c, worked, now);
}

/* Those who wait for the same key first: they get this answer. */
static void finish(struct bench_client *c, bool worked, int64_t now)
{
	struct bench_flight *f = c->flight;
	struct bench_client *other;

	if (f) {
		map_remove(&c->bench->flights, f->hash);
		while ((other = bench_pop(&f->waits)) != NULL)
			end_one(other, worked, now);
	}
	end_one(c, worked, now);
	free(f);
}

static void on_dropped(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	(void)reply;
	(void)why; /* the cache is away: its values end by their time */
	finish(ctx, true, bench_now());
}

static void drop_key(struct bench_client *c)
{
	struct str words[2] = {STR("UNLINK")};

	buf_clear(&c->key);
	bench_key_fill(&c->key, statement_of(c), c->bench->run, c->value);
	words[1] = buf_str(&c->key);
	redis_work_send(c->bench->redis, 2, words, on_dropped, c);
}

/* --- the database ------------------------------------------------------------------------------------------------- */

static void keep_value(struct bench_client *c, const struct pgresult *r)
{
	const struct bench_statement *s = statement_of(c);
	struct str words[6] = {STR("SET"), buf_str(&c->key), {0}, STR("PX"), {0}, STR("NX")};
	char ttl[24];
	int len = 0;
	const char *value = r && r->rows > 0 ? pgresult_value(r, 0, 0, &len) : NULL;

	if (!value)
		return;
	snprintf(ttl, sizeof ttl, "%lld", (long long)s->cache.ttl_ms);
	words[2] = (struct str){value, (size_t)len};
	words[4] = str_from(ttl);
	redis_work_send(c->bench->redis, 6, words, NULL, NULL);
}

static void on_step(void *ctx, const struct pgwork_outcome *o)
{
	struct bench_client *c = ctx;
	struct bench *b = c->bench;

	if (o->why && !o->skipped)
		fault(c, o->sqlstate, o->why->text);
	c->failed |= o->why != NULL;
	b->result.db_ops += b->step == BENCH_MEASURING;
	if (c->missed && !c->failed)
		keep_value(c, o->result);
	if (--c->left > 0)
		return;
	bench_db_release(c, o->known_ns);
	if (!c->failed && statement_of(c)->cache.drops && b->redis)
		drop_key(c);
	else
		finish(c, !c->failed, o->known_ns);
}

void bench_got(struct bench_client *c, int64_t now, const struct err *why)
{
	const struct bench_text *text = bench_statement_text(statement_of(c), c->bench->conf.variant);
	const char *values[BENCH_STEPS_MAX][BENCH_PARAMS_MAX];
	struct pgwork_query query[BENCH_STEPS_MAX];

	if (why) {
		fault(c, "", why->text);
		finish(c, false, now);
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
	c->asked = true;
	bench_db_acquire(c, now);
}

/* --- the cache ---------------------------------------------------------------------------------------------------- */

static void ask_once(struct bench_client *c, int64_t now)
{
	struct bench *b = c->bench;
	uint64_t hash = map_hash(MAP_SEED, c->key.data, c->key.len), at;
	struct bench_flight *f;

	if (map_get(&b->flights, hash, &at)) {
		f = (struct bench_flight *)(uintptr_t)at;
		if (str_eq(buf_str(&f->asks->key), buf_str(&c->key))) {
			bench_push(&f->waits, c);
			return;
		}
	} else {
		f = c->flight = mem_alloc(sizeof *f);
		*f = (struct bench_flight){.hash = hash, .asks = c};
		map_put(&b->flights, hash, (uint64_t)(uintptr_t)f);
	}
	ask_database(c, now);
}

static void on_value(void *ctx, const struct resp_reply *reply, const struct err *why)
{
	struct bench_client *c = ctx;

	if (!why && reply->type == RESP_STRING) {
		c->bench->result.cached_ops += c->bench->step == BENCH_MEASURING;
		finish(c, true, bench_now());
		return;
	}
	c->missed = true;
	ask_once(c, bench_now());
}

static void begin_op(struct bench *b, struct bench_client *c, int64_t now)
{
	const struct bench_statement *s = statement_of(c);
	struct str words[2] = {STR("GET")};

	b->in_flight++;
	c->missed = c->failed = c->asked = false;
	c->looking = b->redis && s->cache.key && !s->cache.drops;
	if (!c->looking) {
		ask_database(c, now);
		return;
	}
	buf_clear(&c->key);
	bench_key_fill(&c->key, s, b->run, c->value);
	words[1] = buf_str(&c->key);
	redis_work_send(b->redis, 2, words, on_value, c);
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
