/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/warm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/warm_private.h"
#include "core/map.h"
#include "core/mem.h"

enum { QUESTION_MS = 30000, WATCH_MS = 2000 };

static struct warm *warm_of(struct task *t)
{
	return (struct warm *)t; /* the task is its first member */
}

/* --- the end ---------------------------------------------------------------------------------------------------------- */

static int64_t now_ns(const struct warm *w)
{
	return loop_now(w->loop)->mono_ns;
}

static void close_all(struct warm *w)
{
	loop_timer_stop(w->tick);
	loop_timer_stop(w->pace);
	loop_timer_stop(w->watch);
	pgwork_close(w->pg);
	pgwork_close(w->pg_eye);
	redis_cluster_close(w->redis);
	redis_cluster_close(w->eye);
}

void warm_end(struct warm *w, enum task_outcome outcome, const struct err *why)
{
	struct err kept = why ? *why : (struct err){0};

	if (w->step == WARM_OVER)
		return;
	w->step = WARM_OVER;
	close_all(w);
	task_done(&w->task, outcome, why ? &kept : NULL, now_ns(w));
}

void warm_stop(struct warm *w, const struct err *why)
{
	if (why && !w->failure.code)
		w->failure = *why;
	if (w->stopping)
		return;
	w->stopping = true;
	w->memory_hold = false;
	if (w->streamed)
		return;
	pgwork_cancel(w->pg); /* rows that come all the same are thrown away */
	if (w->held)
		pgwork_more(w->pg);
	w->held = false;
}

static void note_run(struct warm *w)
{
	struct warm_report *r = &w->report;

	w->ended_ns = now_ns(w);
	r->elapsed_ms = (double)(w->ended_ns - w->began_ns) / (double)CLOCK_MS_NS;
	r->rate = r->elapsed_ms > 0 ? (double)(r->written + r->there) / r->elapsed_ms * 1000 : NAN;
}

/* What became of the run, once nothing is under way. */
static void conclude(struct warm *w)
{
	struct warm_report *r = &w->report;
	struct err why = w->failure;

	warm_say_result(w);
	if (w->conf.watch_ms > 0 && !w->conf.dry_run && !why.code && !w->cancelled && !w->all_changed)
		warm_say_hits(w);
	if (w->compromised) {
		warm_say_compromised(w, &why);
		warm_end(w, TASK_FAILED, &why);
	} else if (why.code) {
		if (r->written > 0)
			err_set(&why, w->failure.code, "%.200s; %lld keys are written, run it again for the rest%s", w->failure.text,
			        (long long)r->written, r->unburied > 0 ? "; keys that changed may be cached as they were" : "");
		warm_end(w, TASK_FAILED, &why);
	} else if (w->all_changed) {
		err_set(&why, ERR_BUSY, "too many rows of kind %s changed at once: %s", w->kind,
		        warm_swept(w) ? "what was cached of them is taken out; run it again" : "what is cached of them may be as it was");
		warm_end(w, TASK_FAILED, &why);
	} else if (r->unburied > 0) {
		err_set(&why, ERR_QUERY, "%lld keys that changed may be cached as they were: %.300s", (long long)r->unburied,
		        w->unburied_why.text);
		warm_end(w, TASK_FAILED, &why);
	} else if (w->cancelled) {
		warm_end(w, TASK_CANCELLED, NULL);
	} else if (r->stopped_memory) {
		err_set(&why, ERR_TOO_BIG, "stopped before maxmemory: %lld of %s keys are written", (long long)(r->written + r->there),
		        r->expected < 0 ? "the" : "all");
		warm_end(w, TASK_FAILED, &why);
	} else if (r->failed > 0) {
		err_set(&why, ERR_QUERY, "%lld keys were refused: %.300s", (long long)r->failed, w->refused.text);
		warm_end(w, TASK_FAILED, &why);
	} else {
		warm_end(w, TASK_OK, NULL);
	}
}

/* From the loop: the last reply, or the query's end. */
void warm_check_drained(struct warm *w)
{
	if (w->step == WARM_RUNNING && w->streamed)
		w->step = WARM_DRAINING;
	if (w->step != WARM_DRAINING || redis_cluster_open_count(w->redis) > 0)
		return;
	if (!w->ended_ns)
		note_run(w);
	if (warm_settles(w))
		return;
	w->report.heard = w->hears;
	loop_timer_stop(w->pace);
	w->step = WARM_AFTER;
	task_check(&w->task);
	task_progress(&w->task, NAN, NAN, w->conf.watch_ms > 0 && !w->conf.dry_run ? "looks at the hit ratio" : "");
	if (w->conf.dry_run || w->failure.code || w->all_changed || !redis_cluster_is_up(w->eye)) {
		conclude(w);
		return;
	}
	w->hits_from = -1;
	warm_ask_info(w);
	if (!w->info_open)
		conclude(w);
}

static void on_watch(void *ctx)
{
	struct warm *w = ctx;

	if (w->step == WARM_LOOKING || w->step == WARM_AFTER)
		warm_ask_info(w);
	else if (w->step == WARM_DRAINING)
		warm_settle_on(w);
}

/* --- looking ---------------------------------------------------------------------------------------------------------- */

static void start_running(struct warm *w)
{
	w->step = WARM_RUNNING;
	w->began_ns = now_ns(w);
	w->task.stoppable = true;
	task_run(&w->task, w->began_ns);
	warm_flow_start(w);
}

static void ask(struct warm *w)
{
	struct task_question q = {.weight = TASK_WEIGHT_YES, .expires_ms = QUESTION_MS};
	char count[32] = "";

	if (w->report.expected >= 0)
		snprintf(count, sizeof(count), "%lld ", (long long)w->report.expected);
	snprintf(q.title, sizeof(q.title), "Write about %skeys of recipe %.40s into %.60s?", count, w->recipe->name,
	         redis_cluster_name(w->redis));
	w->step = WARM_ASKED;
	task_ask(&w->task, &q);
}

/* Reasons not to begin. */
static int refuse(const struct warm *w, struct err *why)
{
	const char *name = redis_cluster_name(w->redis);

	for (int i = 0; i < w->nodes && !w->conf.dry_run; i++) {
		if (w->node[i].replica)
			return err_set(why, ERR_INVALID, "%s is a replica: warm the primary", redis_cluster_node_name(w->eye, i));
		if (w->node[i].loading)
			return err_set(why, ERR_BUSY, "%s is loading its data set: try later", redis_cluster_node_name(w->eye, i));
	}
	if (!w->conf.dry_run && warm_over_memory(w, false))
		return err_set(why, ERR_TOO_BIG, "%s holds %.0f%% of its maxmemory or more already: nothing is written", name,
		               w->recipe->memory * 100);
	return 0;
}

void warm_looked(struct warm *w)
{
	struct err why;

	if (w->step != WARM_LOOKING || !w->watched || !w->estimated || !w->ears_known || !isfinite(w->calm_ms))
		return;
	warm_sum(w, &w->hits_from, &w->misses_from, &w->report.used_before, &w->report.maxmemory);
	w->report.nodes = w->nodes;
	warm_say_plan(w);
	task_sql(&w->task, w->recipe->query, strlen(w->recipe->query));
	if (refuse(w, &why))
		warm_end(w, TASK_REFUSED, &why);
	else if (w->conf.dry_run)
		start_running(w);
	else
		ask(w);
}

/* Hits of an interval: the first answer begins it, the second one ends it. */
static bool take_hits(struct warm *w, struct warm_hits *out)
{
	int64_t hits, misses, used, maxmemory;

	warm_sum(w, &hits, &misses, &used, &maxmemory);
	if (w->hits_from < 0 && hits >= 0 && w->conf.watch_ms > 0) {
		w->hits_from = hits;
		w->misses_from = misses;
		loop_timer_in(w->watch, w->conf.watch_ms);
		return false;
	}
	/* less than before: its counters began anew */
	if (w->hits_from >= 0 && hits >= w->hits_from && misses >= w->misses_from)
		*out = (struct warm_hits){hits - w->hits_from, misses - w->misses_from};
	return true;
}

void warm_info_done(struct warm *w)
{
	int64_t hits, misses;

	if (w->step == WARM_LOOKING && !w->watched) {
		w->watched = take_hits(w, &w->report.before);
		warm_looked(w);
	} else if (w->step == WARM_RUNNING) {
		if (warm_over_memory(w, false)) {
			w->report.stopped_memory = true;
			warm_stop(w, NULL);
		} else {
			w->memory_hold = warm_over_memory(w, true);
			warm_flow_resume(w);
		}
	} else if (w->step == WARM_AFTER && take_hits(w, &w->report.after)) {
		warm_sum(w, &hits, &misses, &w->report.used_after, &w->report.maxmemory);
		conclude(w);
	}
}

/* --- connections ------------------------------------------------------------------------------------------------------ */

static void all_up(struct warm *w)
{
	if (w->step != WARM_CONNECTING || !pgwork_is_up(w->pg) || !pgwork_is_up(w->pg_eye) || !redis_cluster_is_up(w->redis) ||
	    !redis_cluster_is_up(w->eye))
		return;
	if (pgwork_is_pooled(w->pg) && (!w->begin_sql || !w->end_sql)) {
		struct err why;
		err_set(&why, ERR_UNSUPPORTED, "%s: nothing keeps a recipe from writing through a pooler", pgwork_name(w->pg));
		warm_end(w, TASK_FAILED, &why);
		return;
	}
	w->step = WARM_LOOKING;
	warm_watch_start(w);
}

static void on_up(void *ctx)
{
	all_up(ctx);
}

static void on_pg_down(void *ctx, const struct err *why)
{
	struct warm *w = ctx;

	if (w->step < WARM_RUNNING)
		warm_end(w, TASK_FAILED, why);
	/* running: the query's own end says so */
}

/* The load is not known any more: nothing that ends a warm-up. */
static void on_pg_eye_down(void *ctx, const struct err *why)
{
	struct warm *w = ctx;

	w->load_open = false;
	if (w->step <= WARM_LOOKING)
		warm_end(w, TASK_FAILED, why);
	else
		warm_deafened(w, why);
}

static void on_redis_down(void *ctx, const struct err *why)
{
	struct warm *w = ctx;

	if (w->step == WARM_RUNNING || w->step == WARM_DRAINING) {
		warm_stop(w, why);
		if (w->streamed)
			warm_check_drained(w);
	} else if (w->step < WARM_RUNNING) {
		warm_end(w, TASK_FAILED, why);
	}
}

static void on_eye_down(void *ctx, const struct err *why)
{
	struct warm *w = ctx;

	w->pings_open = 0;
	if (w->step == WARM_AFTER)
		conclude(w);
	else
		on_redis_down(ctx, why);
}

static void on_drained(void *ctx)
{
	warm_flow_resume(ctx);
}

static void on_pace(void *ctx)
{
	warm_flow_resume(ctx);
}

static int connect_pg(struct warm *w, struct pgwork **out, bool eye, struct err *why)
{
	static const char *const settings[] = {
		"default_transaction_read_only", "on", "statement_timeout", "1800000", "lock_timeout", "5000", NULL,
	};
	const struct pgwork_conf conf = {
		.conf = w->conf.pg, .like = w->conf.like, .over = w->conf.pg_over, .application = "dytop warm", .settings = settings,
		.connect_timeout_ms = w->conf.pg ? w->conf.pg->connect_timeout_ms : 0, .log = w->log,
	};
	const struct pgwork_events events = {
		.up = on_up, .down = eye ? on_pg_eye_down : on_pg_down, .notify = eye ? warm_on_notify : NULL, .ctx = w,
	};

	return pgwork_new(out, w->loop, &conf, &events, why);
}

static int connect_redis(struct warm *w, struct redis_cluster **out, bool eye, struct err *why)
{
	const struct redis_work_conf conf = {
		.conf = w->conf.redis, .name = eye ? "dytop-warm-eye" : "dytop-warm", .window = WARM_WINDOW, .log = w->log,
	};
	const struct redis_work_events events = {on_up, eye ? on_eye_down : on_redis_down, eye ? NULL : on_drained, w};

	return redis_cluster_new(out, w->loop, &conf, &events, why);
}

/* --- the task --------------------------------------------------------------------------------------------------------- */

static void on_now(void *ctx)
{
	struct warm *w = ctx;

	if (w->cancelled && !w->cancel_told) {
		w->cancel_told = true;
		if (w->step == WARM_RUNNING)
			warm_stop(w, NULL);
		else if (w->step == WARM_AFTER)
			conclude(w);
		else if (w->step < WARM_RUNNING)
			warm_end(w, w->step == WARM_ASKED ? TASK_DECLINED : TASK_CANCELLED, NULL);
	} else if (w->step == WARM_ASKED && w->answered) {
		w->step = WARM_GATE;
		if (!w->yes)
			warm_end(w, TASK_DECLINED, NULL);
		else if (w->conf.gate)
			w->conf.gate(w->conf.gate_ctx, &w->task);
		else
			start_running(w);
	} else if (w->step == WARM_GATE && w->gate_open) {
		if (w->gate_why.code)
			warm_end(w, TASK_REFUSED, &w->gate_why);
		else
			start_running(w);
	}
}

static void task_answers(struct task *t, bool yes)
{
	struct warm *w = warm_of(t);

	w->answered = true;
	w->yes = yes;
	loop_timer_in(w->now, 0);
}

static void task_cancels(struct task *t)
{
	struct warm *w = warm_of(t);

	w->cancelled = true;
	loop_timer_in(w->now, 0);
}

void warm_go(struct task *t, const struct err *why)
{
	struct warm *w = warm_of(t);

	w->gate_open = true;
	if (why)
		w->gate_why = *why;
	loop_timer_in(w->now, 0);
}

static void task_frees(struct task *t)
{
	struct warm *w = warm_of(t);

	pgwork_free(w->pg);
	pgwork_free(w->pg_eye);
	redis_cluster_free(w->redis);
	redis_cluster_free(w->eye);
	loop_timer_free(w->now);
	loop_timer_free(w->tick);
	loop_timer_free(w->pace);
	loop_timer_free(w->watch);
	codec_free(w->codec);
	buf_release(&w->key);
	buf_release(&w->value);
	buf_release(&w->told_names);
	buf_release(&w->told_key);
	map_release(&w->told);
	free(w->load_sql);
	free(w->listen_sql);
	free(w->told_sql);
	free(w->begin_sql);
	free(w->end_sql);
	task_release(&w->task);
	free(w);
}

static const struct task_ops ops = {.answer = task_answers, .cancel = task_cancels, .free = task_frees};

static int prepare(struct warm *w, struct err *why)
{
	enum codec_kind kind = w->conf.codec >= 0 ? (enum codec_kind)w->conf.codec : w->recipe->codec;
	int code = codec_new(&w->codec, kind, w->conf.keys, why);

	if (!code)
		code = connect_pg(w, &w->pg, false, why);
	if (!code)
		code = connect_pg(w, &w->pg_eye, true, why);
	if (!code)
		code = connect_redis(w, &w->redis, false, why);
	if (!code)
		code = connect_redis(w, &w->eye, true, why);
	return code;
}

int warm_task_new(struct task **out, struct loop *l, const struct warm_conf *conf, struct err *why)
{
	struct warm *w = mem_alloc(sizeof(*w));
	char title[TASK_TITLE_MAX];
	struct clock now;

	snprintf(title, sizeof(title), "%s of recipe %.60s", conf->dry_run ? "Dry run" : "Warm-up", conf->recipe->name);
	task_init(&w->task, &ops, "warm", title);
	w->loop = l;
	w->log = conf->log;
	w->recipe = conf->recipe;
	w->deny = conf->recipe->deny;
	w->conf = *conf;
	w->load_sql = mem_strdup(conf->load_sql);
	w->listen_sql = mem_strdup(conf->listen_sql);
	w->told_sql = mem_strdup(conf->told_sql);
	w->begin_sql = mem_strdup(conf->begin_sql);
	w->end_sql = mem_strdup(conf->end_sql);
	w->conf.watch_ms = isfinite(conf->watch_ms) ? conf->watch_ms : WATCH_MS;
	w->rate = isfinite(conf->rate) ? conf->rate : conf->recipe->rate;
	w->limit = conf->limit > 0 ? conf->limit : conf->recipe->limit;
	w->window = w->rate > 0 ? WARM_WINDOW_PACED : WARM_WINDOW;
	w->factor = 1;
	w->calm_ms = NAN;
	w->calm_load = -1;
	w->hits_from = -1;
	w->report = (struct warm_report){.expected = -1, .before = {-1, -1}, .after = {-1, -1}, .used_before = -1, .used_after = -1,
	                                 .maxmemory = -1, .rate = NAN};
	clock_read(&now);
	w->seed = map_hash_int(MAP_SEED, now.mono_ns ^ now.wall_us);
	for (int i = 0; i < RECIPE_PRIORITIES; i++)
		w->slot[i] = (struct warm_slot){w, i};
	w->key = BUF_INIT(WARM_KEY_MAX + 1);
	w->value = BUF_INIT(2 * CODEC_RAW_MAX);
	w->told_key = BUF_INIT(WARM_KEY_MAX + 1);
	w->told_names = BUF_INIT(8 << 20);
	w->now = loop_timer_new(l, on_now, w);
	w->tick = loop_timer_new(l, warm_on_tick, w);
	w->pace = loop_timer_new(l, on_pace, w);
	w->watch = loop_timer_new(l, on_watch, w);
	int code = prepare(w, why);
	if (!code && conf->no_writes && !conf->dry_run)
		code = err_set(why, ERR_INVALID, "dytop is read-only here (--read-only): only a dry run is allowed");
	if (code) {
		task_frees(&w->task);
		return code;
	}
	pgwork_open(w->pg);
	pgwork_open(w->pg_eye);
	redis_cluster_open(w->redis);
	redis_cluster_open(w->eye);
	*out = &w->task;
	return 0;
}

const struct warm_report *warm_report(const struct task *t)
{
	return &((const struct warm *)t)->report;
}

const char *warm_server(const struct task *t)
{
	return redis_cluster_name(((const struct warm *)t)->redis);
}
