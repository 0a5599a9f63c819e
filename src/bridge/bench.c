/* SPDX-License-Identifier: PostgreSQL */
/* The steps of a run. */
#include "bridge/bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bridge/bench_run.h"
#include "core/clean.h"
#include "core/mem.h"

enum { COUNT_MS = 5000, TICK_MS = 1000, FILL_MS = 600000 };

static void begin_warming(struct bench *b);

const char *bench_step_name(enum bench_step_now step)
{
	static const char *const names[] = {"connecting", "ready", "reading values", "filling the cache", "warming up", "measuring",
	                                    "draining", "cleaning up", "ended"};

	return names[step];
}

void bench_enter(struct bench *b, enum bench_step_now step)
{
	b->step = step;
	b->step_ns = bench_now();
}

/* The last thing that happens; b may be freed by the owner afterwards, from the loop. */
void bench_end(struct bench *b)
{
	if (b->step == BENCH_ENDED)
		return;
	bench_enter(b, BENCH_ENDED);
	loop_timer_stop(b->tick);
	loop_timer_stop(b->end);
	loop_timer_stop(b->due);
	loop_timer_stop(b->rest);
	loop_timer_stop(b->again);
	b->events.ended(b->events.ctx, b->why.code < 0 ? &b->why : NULL);
}

void bench_fail(struct bench *b, const struct err *why)
{
	if (b->why.code == 0)
		b->why = *why;
	bench_end(b);
}

void bench_trouble(struct bench *b, const char *text)
{
	snprintf(b->trouble, sizeof b->trouble, "%.*s", (int)sizeof b->trouble - 1, text);
}

/* --- figures of the window ---------------------------------------------------------------------------------------- */

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

int64_t bench_number(const struct pgresult *r, int row, int column)
{
	int len = 0;
	const char *text = pgresult_value(r, row, column, &len);

	return text ? strtoll(text, NULL, 10) : -1;
}

static int64_t since(int64_t before, int64_t now)
{
	return before < 0 || now < before ? -1 : now - before;
}

static void begin_window(struct bench *b, const struct pgresult *r)
{
	struct bench_result *to = &b->result;

	bench_result_release(to);
	bench_result_init(to, b->conf.variant, b->conf.workload->count);
	to->cached = b->store != NULL;
	bench_enter(b, BENCH_MEASURING);
	b->window = (struct bench_window){.at_ns = b->step_ns, .cpu_ms = cpu_ms(), .deadlocks = -1, .index_scans = -1, .seq_scans = -1};
	if (r && r->rows == 1) {
		b->window.deadlocks = bench_number(r, 0, 0);
		b->window.index_scans = bench_number(r, 0, 1);
		b->window.seq_scans = bench_number(r, 0, 2);
	}
	b->window.store = bench_store_counts(b);
	bench_db_window(b);
	if (b->conf.window_ms > 0)
		loop_timer_in(b->end, b->conf.window_ms);
	if (b->stopping)
		loop_timer_in(b->end, 0);
}

static struct bench_store store_since(struct bench_store now, const struct bench_store *then)
{
	now.queries -= then->queries;
	now.joined -= then->joined;
	now.tombstones -= then->tombstones;
	now.leased -= then->leased;
	now.undecodable -= then->undecodable;
	now.bypassed -= then->bypassed;
	now.sets -= then->sets;
	now.sets_late -= then->sets_late;
	now.sets_stale -= then->sets_stale;
	now.deletions -= then->deletions;
	now.errors -= then->errors;
	return now;
}

static void end_window(struct bench *b, bool cut)
{
	struct bench_result *r = &b->result;
	int64_t now = bench_now();
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	r->window_ms = (double)(now - b->window.at_ns) / 1e6;
	r->cpu_ms = cpu_ms() - b->window.cpu_ms;
	r->rss_bytes = (int64_t)u.ru_maxrss * 1024;
	r->cut = cut;
	bench_result_sum(r);
	r->store = store_since(bench_store_counts(b), &b->window.store);
	bench_db_figures(b, r);
	while (b->conf.rate > 0 && b->next_due_ns < now) {
		r->not_begun++;
		b->next_due_ns += (int64_t)bench_gap_ns(&b->rng, b->conf.rate);
	}
	loop_timer_stop(b->due);
}

static void count_in(struct bench *b, const struct pgresult *r)
{
	if (!r || r->rows != 1)
		return;
	b->result.db_deadlocks = since(b->window.deadlocks, bench_number(r, 0, 0));
	b->result.index_scans = since(b->window.index_scans, bench_number(r, 0, 1));
	b->result.seq_scans = since(b->window.seq_scans, bench_number(r, 0, 2));
}

static void on_counted(void *ctx, const struct pgwork_outcome *o)
{
	struct bench *b = ctx;

	b->counting = false;
	if (b->step == BENCH_WARMING)
		begin_window(b, o->result);
	else if (b->step == BENCH_DRAINING) {
		count_in(b, o->result);
		if (b->in_flight == 0)
			bench_drained(b);
	}
}

static void ask_counters(struct bench *b)
{
	struct pgwork_query q = {.sql = b->texts[1], .deadline_ms = COUNT_MS, .done = on_counted, .ctx = b};
	struct pgwork_outcome none = {.sqlstate = ""};

	b->counting = true;
	if (pgwork_is_up(b->control))
		pgwork_run(b->control, &q, 1);
	else
		on_counted(b, &none); /* unknown: the load goes on without them */
}

/* --- warm-up, window, drain --------------------------------------------------------------------------------------- */

static void on_end(void *ctx)
{
	struct bench *b = ctx;

	switch (b->step) {
	case BENCH_FILLING: /* took too long: what is there is there */
		bench_trouble(b, "the cache could not be filled in time");
		b->fill_statement = b->conf.workload->count;
		begin_warming(b);
		break;
	case BENCH_WARMING:
		if (!b->counting)
			ask_counters(b);
		break;
	case BENCH_MEASURING:
		end_window(b, b->stopping && b->conf.window_ms > 0);
		bench_enter(b, BENCH_DRAINING);
		loop_timer_in(b->end, b->conf.timeout_ms + BENCH_DRAIN_MS);
		ask_counters(b);
		if (b->in_flight == 0)
			bench_drained(b);
		break;
	case BENCH_DRAINING: /* what has no answer yet is given up */
		b->in_flight = 0;
		b->counting = false;
		bench_drained(b);
		break;
	case BENCH_CLEANING:
		bench_result_fault(&b->result, "what this run wrote was not taken away in time");
		bench_end(b);
		break;
	default:
		break;
	}
}

void bench_drained(struct bench *b)
{
	if (b->step == BENCH_DRAINING && !b->counting)
		bench_clean(b);
}

/* Closed loop: from now on. */
static void start(struct bench *b, struct bench_client *c)
{
	int64_t now = bench_now();

	bench_begin(b, c, now, now);
}

static void begin_warming(struct bench *b)
{
	struct bench_client *c;
	struct bench_queue all = b->idle;

	bench_enter(b, BENCH_WARMING);
	loop_timer_in(b->end, b->stopping ? 0 : b->conf.warmup_ms);
	b->next_due_ns = bench_now();
	if (b->conf.rate > 0) {
		bench_pump(b);
		return;
	}
	b->idle = (struct bench_queue){NULL, NULL};
	while ((c = bench_pop(&all)) != NULL)
		start(b, c);
}

void bench_filled(struct bench *b)
{
	if (b->step == BENCH_FILLING)
		begin_warming(b);
}

void bench_load(struct bench *b)
{
	struct err why;

	if (bench_values_ready(b, &why) < 0) {
		bench_fail(b, &why);
		return;
	}
	pool_open(b->pool);
	if (!b->store) {
		begin_warming(b);
		return;
	}
	bench_enter(b, BENCH_FILLING);
	loop_timer_in(b->end, FILL_MS);
	bench_fill_more(b);
}

static void on_due(void *ctx)
{
	bench_pump(ctx);
}

static void on_rest(void *ctx)
{
	struct bench *b = ctx;
	struct bench_queue all = b->resting;
	struct bench_client *c;

	b->resting = (struct bench_queue){NULL, NULL};
	while ((c = bench_pop(&all)) != NULL) {
		if ((b->step == BENCH_WARMING || b->step == BENCH_MEASURING) && b->conf.rate <= 0)
			start(b, c);
		else
			bench_push(&b->idle, c);
	}
	if ((b->step == BENCH_WARMING || b->step == BENCH_MEASURING) && b->conf.rate > 0)
		bench_pump(b);
	if (b->step == BENCH_FILLING)
		bench_fill_more(b);
}

static void on_tick(void *ctx)
{
	struct bench *b = ctx;
	int64_t now = bench_now();
	double of = b->step == BENCH_WARMING ? b->conf.warmup_ms : b->step == BENCH_MEASURING ? b->conf.window_ms : 0;
	double span = (double)(now - b->last_ns) / 1e9, looked = (double)(b->last_hits + b->last_misses);
	struct bench_progress p = {
		.step = b->step, .elapsed_ms = (double)(now - b->step_ns) / 1e6, .of_ms = of,
		.ops_per_s = b->last_ns > 0 && span > 0 ? (double)b->last.count / span : NAN,
		.p99_ms = quantile_at(&b->last, 0.99) / 1e6, .hit_percent = looked > 0 ? 100 * (double)b->last_hits / looked : NAN,
		.in_flight = b->in_flight, .open = pool_stats(b->pool)->open, .busy = pool_stats(b->pool)->busy, .errors = b->errors,
		.trouble = b->trouble,
	};

	if (b->events.progress)
		b->events.progress(b->events.ctx, &p);
	bench_cancel_late(b);
	quantile_clear(&b->last);
	b->last_hits = b->last_misses = 0;
	b->last_ns = now;
	loop_timer_in(b->tick, TICK_MS);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static int choose_mix(struct bench *b, struct err *why)
{
	const struct bench_workload *w = b->conf.workload;
	double weight[BENCH_STATEMENTS_MAX], sum = 0;

	for (int i = 0; i < w->count; i++) {
		bool in = b->conf.only == 0 || (b->conf.only & UINT32_C(1) << i) != 0;

		sum += weight[i] = in ? w->statement[i].weight : 0;
	}
	if (!(sum > 0))
		return err_set(why, ERR_INVALID, "%s: the statements chosen have no weight; nothing would run", w->file);
	bench_alias_init(&b->mix, weight, w->count);
	return 0;
}

static void make_clients(struct bench *b)
{
	b->client = mem_calloc((size_t)b->conf.clients, sizeof *b->client);
	for (int i = 0; i < b->conf.clients; i++) {
		b->client[i].bench = b;
		buf_init(&b->client[i].made, (size_t)BENCH_PARAMS_MAX * BENCH_VALUE_MAX * 2);
		bench_push(&b->idle, &b->client[i]);
	}
}

int bench_new(struct bench **out, struct loop *l, const struct bench_conf *conf, const struct bench_events *events,
              struct err *why)
{
	struct bench *b = mem_alloc(sizeof *b);
	struct clock now;
	int rc;

	clock_read(&now);
	b->loop = l;
	b->conf = *conf;
	b->events = *events;
	b->rng.state = conf->seed;
	snprintf(b->run, sizeof b->run, "%llx", (unsigned long long)now.wall_us);
	b->rows = -1;
	b->due = loop_timer_new(l, on_due, b);
	b->rest = loop_timer_new(l, on_rest, b);
	b->tick = loop_timer_new(l, on_tick, b);
	b->end = loop_timer_new(l, on_end, b);
	b->again = loop_timer_new(l, bench_open_again, b);
	bench_result_init(&b->result, conf->variant, conf->workload->count);
	rc = choose_mix(b, why);
	if (rc == 0)
		rc = bench_connections(b, why);
	if (rc < 0) {
		bench_free(b);
		return rc;
	}
	make_clients(b);
	b->conf.postgres = b->conf.redis = NULL;
	b->step_ns = bench_now();
	loop_timer_in(b->tick, TICK_MS);
	pgwork_open(b->control);
	*out = b;
	return 0;
}

static void free_values(struct bench *b)
{
	for (int i = 0; i < BENCH_DOMAINS_MAX; i++)
		bench_values_release(&b->domain[i]);
	for (int i = 0; i < BENCH_STATEMENTS_MAX; i++) {
		for (int k = 0; b->made[i] && k < BENCH_MADE_MAX; k++)
			free(b->made[i]->value[k]);
		free(b->made[i]);
	}
}

void bench_free(struct bench *b)
{
	if (!b)
		return;
	store_free(b->store);
	pool_free(b->pool);
	pgwork_free(b->control);
	for (int i = 0; b->client && i < b->conf.clients; i++) {
		buf_release(&b->client[i].made);
	}
	free(b->client);
	free_values(b);
	bench_alias_release(&b->mix);
	bench_result_release(&b->result);
	loop_timer_free(b->due);
	loop_timer_free(b->rest);
	loop_timer_free(b->tick);
	loop_timer_free(b->end);
	loop_timer_free(b->again);
	free(b->texts[0]);
	free(b->texts[1]);
	free(b);
}

void bench_stop(struct bench *b)
{
	struct err why;

	if (b->stopping || b->step <= BENCH_READING || b->step == BENCH_ENDED) {
		err_set(&why, ERR_INVALID, "interrupted%s", b->next_n > 0 && b->conf.workload->writes
			? "; what was written was not taken away" : "");
		if (b->step != BENCH_ENDED)
			bench_fail(b, &why);
		return;
	}
	b->stopping = true;
	if (b->step == BENCH_FILLING || b->step == BENCH_WARMING) {
		err_set(&b->why, ERR_INVALID, "interrupted before anything was measured");
		bench_enter(b, BENCH_DRAINING);
		loop_timer_in(b->end, b->conf.timeout_ms + BENCH_DRAIN_MS);
		b->counting = false;
		if (b->in_flight == 0)
			bench_drained(b);
	} else if (b->step == BENCH_MEASURING) {
		loop_timer_in(b->end, 0);
	}
}

void bench_take_result(struct bench *b, struct bench_result *out)
{
	*out = b->result;
	b->result = (struct bench_result){0};
}

static void put_clean(char *out, size_t room, const char *text)
{
	struct buf clean = BUF_INIT(4096);

	clean_text(&clean, text, strnlen(text, 300), CLEAN_LINE);
	snprintf(out, room, "%s", buf_text(&clean));
	buf_release(&clean);
}

void bench_describe(const struct bench *b, struct bench_report *r)
{
	put_clean(r->server, sizeof r->server, pgwork_name(b->control));
	put_clean(r->version, sizeof r->version, b->version);
	r->version[strcspn(r->version, " ")] = '\0'; /* without the packager's words */
	if (b->store)
		put_clean(r->cache, sizeof r->cache, store_name(b->store));
	r->rows = b->rows;
}
