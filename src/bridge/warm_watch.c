/* SPDX-License-Identifier: PostgreSQL */
/* What the servers say before, while and after: memory, hits, how late they answer. By connections of their own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/warm_private.h"
#include "core/mem.h"
#include "source/redis_info.h"
#include "source/redis_readers.h"

enum { INFO_EVERY = 5, LOAD_EVERY = 20, STEP_EVERY = 5 };

/* --- INFO ------------------------------------------------------------------------------------------------------------- */

struct info_ask {
	struct warm *w;
	int node;
};

static int64_t number_of(struct str info, const char *name)
{
	struct str text;
	int64_t value;

	return info_get(info, name, &text) && info_int(text, &value) ? value : -1;
}

static void read_info(struct warm_node *n, struct str info)
{
	struct str text;

	n->used = number_of(info, "used_memory");
	n->maxmemory = number_of(info, "maxmemory");
	n->hits = number_of(info, "keyspace_hits");
	n->misses = number_of(info, "keyspace_misses");
	n->loading = number_of(info, "loading") > 0;
	n->replica = info_get(info, "role", &text) && str_is(text, "slave");
	if (info_get(info, "maxmemory_policy", &text) && text.len < sizeof(n->policy)) {
		memcpy(n->policy, text.at, text.len);
		n->policy[text.len] = '\0';
	}
}

static void on_info(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct info_ask *ask = ctx;
	struct warm *w = ask->w;
	struct warm_node *n = &w->node[ask->node];

	free(ask);
	w->info_open--;
	if (!lost && reply->type == RESP_STRING) {
		read_info(n, reply->text);
	} else if (!lost && reply->type == RESP_ERROR && w->step <= WARM_LOOKING) {
		struct err why;
		redis_error(reply, "INFO", &why);
		if (why.code == ERR_PRIVILEGE)
			task_say(&w->task, TASK_WARN, "%s: memory and hits are not known", why.text);
	}
	if (w->info_open == 0)
		warm_info_done(w);
}

void warm_ask_info(struct warm *w)
{
	/* while it runs only what is looked at four times a second: all of INFO keeps Redis busy for longer than many a command */
	const struct str info[] = {STR("INFO"), STR("memory")};
	int words = w->step == WARM_RUNNING || w->step == WARM_DRAINING ? 2 : 1;
	int nodes = redis_cluster_nodes(w->eye);

	if (w->info_open || nodes == 0)
		return;
	w->nodes = nodes < WARM_NODES_MAX ? nodes : WARM_NODES_MAX;
	w->info_round++;
	w->info_open = w->nodes;
	for (int i = 0; i < w->nodes; i++) {
		struct info_ask *ask = mem_alloc(sizeof(*ask));
		*ask = (struct info_ask){w, i};
		if (w->info_round == 1)
			w->node[i] = (struct warm_node){.used = -1, .maxmemory = -1, .hits = -1, .misses = -1};
		/* what is under way counts as not yet seen */
		w->node[i].sent_bytes = w->sent_bytes - (int64_t)redis_cluster_open_count(w->redis) *
		                                                (w->sent ? w->sent_bytes / w->sent : 0);
		redis_cluster_send_to(w->eye, i, words, info, on_info, ask);
	}
}

void warm_sum(const struct warm *w, int64_t *hits, int64_t *misses, int64_t *used, int64_t *maxmemory)
{
	*hits = *misses = *used = *maxmemory = 0;
	for (int i = 0; i < w->nodes; i++) {
		const struct warm_node *n = &w->node[i];
		*hits = *hits < 0 || n->hits < 0 ? -1 : *hits + n->hits;
		*misses = *misses < 0 || n->misses < 0 ? -1 : *misses + n->misses;
		*used = *used < 0 || n->used < 0 ? -1 : *used + n->used;
		*maxmemory = *maxmemory < 0 || n->maxmemory < 0 ? -1 : *maxmemory + n->maxmemory;
	}
}

/* with_sent: what was sent since the last INFO counts too, spread evenly over the nodes. */
bool warm_over_memory(const struct warm *w, bool with_sent)
{
	for (int i = 0; i < w->nodes; i++) {
		const struct warm_node *n = &w->node[i];
		int64_t since = with_sent ? (w->sent_bytes - n->sent_bytes) / w->nodes : 0;
		if (n->maxmemory > 0 && n->used >= 0 &&
		    (double)(n->used + since) >= (double)n->maxmemory * w->recipe->memory)
			return true;
	}
	return false;
}

/* --- PING ------------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double middle(const double *value, int count)
{
	double sorted[WARM_PINGS_FIRST];

	memcpy(sorted, value, (size_t)count * sizeof(*value));
	qsort(sorted, (size_t)count, sizeof(*sorted), by_value);
	return sorted[count / 2];
}

static void keep_ping(struct warm *w, double ms)
{
	int room = isfinite(w->calm_ms) ? WARM_PINGS : WARM_PINGS_FIRST;

	if (w->pings == room) {
		memmove(w->ping, w->ping + 1, (size_t)(room - 1) * sizeof(*w->ping));
		w->pings--;
	}
	w->ping[w->pings++] = ms;
	if (!isfinite(w->calm_ms) && w->pings == WARM_PINGS_FIRST) {
		w->calm_ms = middle(w->ping, w->pings);
		w->pings = 0;
		warm_looked(w);
	}
}

static void on_pong(void *ctx, const struct resp_reply *reply, const struct err *lost)
{
	struct warm *w = ctx;
	struct clock now;

	(void)reply;
	if (--w->pings_open > 0 || lost)
		return;
	clock_read(&now); /* this turn's clock may be older than the reply */
	keep_ping(w, (double)(now.mono_ns - w->ping_ns) / (double)CLOCK_MS_NS);
}

/* All nodes at once: the slowest one is the answer. */
static void send_ping(struct warm *w)
{
	const struct str ping = STR("PING");
	struct clock now;
	int nodes = redis_cluster_nodes(w->eye);

	if (w->pings_open)
		return;
	clock_read(&now);
	w->ping_ns = now.mono_ns;
	w->pings_open = nodes;
	for (int i = 0; i < nodes; i++)
		redis_cluster_send_to(w->eye, i, 1, &ping, on_pong, w);
}

/* A ping that is still open is at least that old. */
static double redis_latency(const struct warm *w)
{
	struct clock now;

	if (w->pings_open) {
		clock_read(&now);
		double open = (double)(now.mono_ns - w->ping_ns) / (double)CLOCK_MS_NS;
		if (open > 4 * WARM_TICK_MS)
			return open;
	}
	return w->pings == WARM_PINGS ? middle(w->ping, w->pings) : 0;
}

/* --- the pace --------------------------------------------------------------------------------------------------------- */

static void step_back(struct warm *w)
{
	w->factor = w->factor / 2 < 1.0 / 64 ? 1.0 / 64 : w->factor / 2;
}

/* At a rate nobody may notice us; as fast as it goes, Redis may be late by what the window takes, but not stuck. */
static void judge_redis(struct warm *w)
{
	double late = w->rate > 0 ? fmax(w->calm_ms * 2, w->calm_ms + 1) : w->calm_ms + 50;

	if (redis_latency(w) > late) {
		w->report.slowed_redis++;
		step_back(w);
		w->pings = 0; /* judged anew under the new pace */
	} else if (w->factor < 1) {
		w->factor = w->factor * 1.25 > 1 ? 1 : w->factor * 1.25;
	}
}

static void judge_load(struct warm *w, int active)
{
	if (w->calm_load < 0) {
		w->calm_load = active;
	} else if (w->step == WARM_RUNNING && active > w->calm_load * 2 + 4) {
		w->report.slowed_pg++;
		step_back(w);
		step_back(w); /* it is looked at a fifth as often as Redis */
	}
}

static void on_load(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;
	int64_t active;
	int len;

	w->load_open = false;
	const char *text = outcome->why || !outcome->result || outcome->result->rows < 1 ? NULL
	                                                                                 : pgresult_value(outcome->result, 0, 0, &len);
	if (text && info_int((struct str){text, (size_t)len}, &active) && active >= 0 && active < 1000000)
		judge_load(w, (int)active);
}

static void ask_load(struct warm *w)
{
	const struct pgwork_query query = {.sql = w->load_sql, .done = on_load, .ctx = w, .deadline_ms = 5000};

	if (!w->load_sql || w->load_open || !pgwork_is_up(w->pg_eye))
		return;
	w->load_open = true;
	pgwork_run(w->pg_eye, &query, 1);
}

void warm_on_tick(void *ctx)
{
	struct warm *w = ctx;

	loop_timer_in(w->tick, w->step == WARM_LOOKING ? WARM_TICK_MS / 3.0 : WARM_TICK_MS);
	w->ticks++;
	send_ping(w);
	if (w->step == WARM_RUNNING && isfinite(w->calm_ms) && w->ticks % STEP_EVERY == 0 && !w->conf.dry_run)
		judge_redis(w);
	/* sooner when our own count says that the memory is full */
	if ((w->step == WARM_RUNNING || w->step == WARM_DRAINING) && (w->ticks % INFO_EVERY == 0 || w->memory_hold))
		warm_ask_info(w);
	if (w->ticks % LOAD_EVERY == 1)
		ask_load(w);
	if (w->step == WARM_RUNNING || w->step == WARM_DRAINING) {
		if (w->ticks % 4 == 0)
			warm_say_progress(w);
		warm_renew_if_old(w);
		warm_flow_resume(w); /* the pace may have changed */
	}
}

/* --- start ------------------------------------------------------------------------------------------------------------ */

static void on_estimate(void *ctx, const struct pgwork_outcome *outcome)
{
	struct warm *w = ctx;
	int64_t rows;
	int len;

	w->estimated = true;
	const char *text = outcome->why || !outcome->result || outcome->result->rows < 1 ? NULL
	                                                                                 : pgresult_value(outcome->result, 0, 0, &len);
	if (outcome->why)
		task_say(&w->task, TASK_WARN, "how many rows there are is not known: %s", outcome->why->text);
	if (text && info_int((struct str){text, (size_t)len}, &rows) && rows >= 0)
		w->report.expected = rows < w->limit ? rows : w->limit;
	warm_looked(w);
}

void warm_ask_estimate(struct warm *w)
{
	char limit[24];
	const char *const values[] = {limit};
	const struct pgwork_query query = {
		.sql = w->recipe->estimate, .values = values, .count = w->recipe->estimate_limit ? 1 : 0, .done = on_estimate, .ctx = w,
		.deadline_ms = 5000,
	};

	if (!w->recipe->estimate) {
		w->estimated = true;
		return;
	}
	snprintf(limit, sizeof(limit), "%lld", (long long)w->limit);
	warm_read_only(w, w->pg_eye, &query);
}

void warm_watch_start(struct warm *w)
{
	warm_ask_info(w);
	warm_ask_estimate(w);
	warm_changes_start(w);
	loop_timer_in(w->tick, 0);
}
