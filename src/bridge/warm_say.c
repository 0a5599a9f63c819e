/* SPDX-License-Identifier: PostgreSQL */
/* The words of a warm-up. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bridge/warm_private.h"
#include "core/units.h"

struct text { /* so that several figures fit into one call */
	char at[UNIT_TEXT_MAX];
};

static struct text shown(enum unit unit, double value)
{
	struct text out;

	unit_format(out.at, unit, value, 0);
	return out;
}

static struct text bytes(int64_t value)
{
	return shown(UNIT_BYTES, value < 0 ? (double)NAN : (double)value);
}

static enum codec_kind kind_of(const struct warm *w)
{
	return codec_kind(w->codec);
}

static void say_memory(struct warm *w)
{
	const struct warm_report *r = &w->report;

	if (r->used_before < 0)
		return;
	if (r->maxmemory > 0)
		task_say(&w->task, TASK_PLAIN, "Redis holds %s of %s (maxmemory, %s); writing stops at %.0f%%", bytes(r->used_before).at,
		         bytes(r->maxmemory).at, w->node[0].policy, w->recipe->memory * 100);
	else
		task_say(&w->task, TASK_WARN, "Redis holds %s and has no maxmemory: nothing but the machine's memory bounds it",
		         bytes(r->used_before).at);
}

static void say_pace(struct warm *w)
{
	if (w->conf.dry_run)
		return;
	if (w->rate > 0)
		task_say(&w->task, TASK_PLAIN,
		         "at most %s keys/s; slower while Redis answers later than %s (now %s) or PostgreSQL is busier than now",
		         shown(UNIT_RATE, w->rate).at, shown(UNIT_MS, fmax(w->calm_ms * 2, w->calm_ms + 1)).at, shown(UNIT_MS, w->calm_ms).at);
	else
		task_say(&w->task, TASK_WARN, "as fast as it goes: other clients of Redis will wait longer meanwhile");
}

/* What becomes of rows that change while it runs. */
static void say_changes(struct warm *w)
{
	const struct recipe *r = w->recipe;
	const char *reason = "no trigger tells of changes";
	char bound[80] = "";

	if (w->conf.dry_run)
		return;
	if (w->hears) {
		task_say(&w->task, TASK_PLAIN,
		         "rows that change meanwhile are told (trigger dytop_invalidate, kind %s) and not cached as they were", w->kind);
		return;
	}
	if (r->snapshot_ms > 0)
		snprintf(bound, sizeof(bound), "; what is written was read at most %s before", shown(UNIT_MS, r->snapshot_ms).at);
	if (w->deaf)
		reason = "changes are not heard";
	else if (pgwork_is_pooled(w->pg_eye))
		reason = "changes cannot be heard through a pooler";
	task_say(&w->task, TASK_WARN, "%s: a row that changes meanwhile may be cached as it was, until its TTL%s", reason, bound);
}

static void say_hits(struct warm *w, const char *when, const struct warm_hits *h)
{
	double watched = w->conf.watch_ms;

	if (h->hits < 0)
		return;
	if (h->hits + h->misses == 0)
		task_say(&w->task, TASK_PLAIN, "hit ratio %s: - (no reads in %s)", when, shown(UNIT_MS, watched).at);
	else
		task_say(&w->task, TASK_PLAIN, "hit ratio %s: %.1f%% (%lld reads in %s, of all keys)", when,
		         100.0 * (double)h->hits / (double)(h->hits + h->misses), (long long)(h->hits + h->misses),
		         shown(UNIT_MS, watched).at);
}

void warm_say_plan(struct warm *w)
{
	const struct recipe *r = w->recipe;
	bool set = w->conf.overwrite || r->mode == RECIPE_SET;

	task_say(&w->task, TASK_PLAIN, "recipe %s: %s", r->name, r->title);
	task_say(&w->task, TASK_PLAIN, "from %s as %s, read only, %s%lld rows", pgwork_name(w->pg), pgwork_user(w->pg),
	         w->report.expected < 0 ? "at most " : "about ",
	         (long long)(w->report.expected < 0 ? w->limit : w->report.expected));
	task_say(&w->task, TASK_PLAIN, "into %s%s, keys %s..., %s, %s", redis_cluster_name(w->redis),
	         redis_cluster_is_cluster(w->redis) ? " (cluster)" : "", r->prefix, codec_kind_name(kind_of(w)),
	         set ? "those that are there are replaced" : "those that are there stay");
	char less[48] = "";
	if (r->jitter > 0)
		snprintf(less, sizeof(less), ", less up to %.0f%% at random", r->jitter * 100);
	task_say(&w->task, TASK_PLAIN, "they live low %s, medium %s, high %s, critical %s%s",
	         shown(UNIT_MS, r->ttl_s[RECIPE_LOW] * 1000).at, shown(UNIT_MS, r->ttl_s[RECIPE_MEDIUM] * 1000).at,
	         shown(UNIT_MS, r->ttl_s[RECIPE_HIGH] * 1000).at, shown(UNIT_MS, r->ttl_s[RECIPE_CRITICAL] * 1000).at, less);
	say_memory(w);
	say_pace(w);
	say_changes(w);
	say_hits(w, "before", &w->report.before);
}

void warm_say_progress(struct warm *w)
{
	const struct warm_report *r = &w->report;
	double elapsed = (double)(loop_now(w->loop)->mono_ns - w->began_ns) / (double)CLOCK_MS_NS;
	double rate = elapsed > 0 ? (double)r->rows / elapsed * 1000 : 0;
	double part = r->expected > 0 ? fmin((double)r->rows / (double)r->expected, 1) : (double)NAN;
	double left = isfinite(part) && rate > 0 ? fmax((double)(r->expected - r->rows), 0) / rate * 1000 : (double)NAN;
	char text[200], there[48] = "", passed[48] = "";

	if (r->there)
		snprintf(there, sizeof(there), ", %lld there already", (long long)r->there);
	if (r->denied + r->sensitive + r->too_big)
		snprintf(passed, sizeof(passed), ", %lld passed over", (long long)(r->denied + r->sensitive + r->too_big));
	snprintf(text, sizeof(text), "%lld keys, %s keys/s, %s%s%s%s", (long long)(r->written + r->there), shown(UNIT_RATE, rate).at,
	         bytes(r->stored_bytes).at, there, passed,
	         w->memory_hold ? ", waits: memory" : w->factor < 1 ? ", slowed" : "");
	task_progress(&w->task, part, left, text);
}

static void say_passed_over(struct warm *w)
{
	const struct warm_report *r = &w->report;

	if (r->denied)
		task_say(&w->task, TASK_WARN, "%lld rows are never cached (deny list, first: %s)", (long long)r->denied, r->denied_by);
	if (r->sensitive)
		task_say(&w->task, TASK_WARN, "%lld rows are marked sensitive: not cached", (long long)r->sensitive);
	if (r->too_big)
		task_say(&w->task, TASK_WARN, "%lld values are larger than %s: not cached", (long long)r->too_big,
		         bytes(w->recipe->value_limit).at);
	if (r->failed)
		task_say(&w->task, TASK_BAD, "%lld keys were refused: %s", (long long)r->failed, w->refused.text);
	if (r->unknown)
		task_say(&w->task, TASK_BAD, "%lld keys were sent and the reply was lost: they may be there or not",
		         (long long)r->unknown);
	if (r->stopped_memory)
		task_say(&w->task, TASK_BAD, "stopped before maxmemory: %.0f%% of it, or Redis itself, said enough",
		         w->recipe->memory * 100);
	if (r->changed && !r->unburied)
		task_say(&w->task, TASK_PLAIN, "%lld keys changed meanwhile: they are not cached as they were", (long long)r->changed);
	else if (r->changed)
		task_say(&w->task, TASK_BAD, "%lld keys changed meanwhile, and %lld of them may be cached as they were: %s",
		         (long long)r->changed, (long long)r->unburied, w->unburied_why.text);
	if (r->renewed)
		task_say(&w->task, TASK_PLAIN, "the snapshot was renewed %d times", r->renewed);
	if (r->slowed_redis || r->slowed_pg)
		task_say(&w->task, TASK_PLAIN, "took a step back %d times for Redis, %d times for PostgreSQL", r->slowed_redis,
		         r->slowed_pg);
}

void warm_say_result(struct warm *w)
{
	const struct warm_report *r = &w->report;
	int64_t encoded = w->conf.dry_run ? r->written : w->sent;

	if (w->conf.dry_run)
		task_say(&w->task, TASK_GOOD, "%lld keys would be written; nothing was", (long long)r->written);
	else
		task_say(&w->task, TASK_GOOD, "%lld keys written, %lld were there already, in %s: %s keys/s", (long long)r->written,
		         (long long)r->there, shown(UNIT_MS, r->elapsed_ms).at, shown(UNIT_RATE, r->rate).at);
	task_say(&w->task, TASK_PLAIN, "priorities: low %lld, medium %lld, high %lld, critical %lld",
	         (long long)r->by_priority[RECIPE_LOW], (long long)r->by_priority[RECIPE_MEDIUM], (long long)r->by_priority[RECIPE_HIGH],
	         (long long)r->by_priority[RECIPE_CRITICAL]);
	task_say(&w->task, TASK_PLAIN, "values: %s, as %s %s (largest %s)", bytes(r->raw_bytes).at, codec_kind_name(kind_of(w)),
	         bytes(r->stored_bytes).at, bytes(r->largest).at);
	if (w->conf.dry_run)
		task_say(&w->task, TASK_PLAIN, "Redis would need about %s for them",
		         bytes(r->stored_bytes + encoded * (WARM_KEY_COST + 60)).at);
	else if (r->used_after >= 0 && r->used_before >= 0)
		task_say(&w->task, TASK_PLAIN, "Redis holds %s now, %s before", bytes(r->used_after).at,
		         bytes(r->used_before).at);
	say_passed_over(w);
}

void warm_say_hits(struct warm *w)
{
	say_hits(w, "before", &w->report.before);
	say_hits(w, "after", &w->report.after);
}

void warm_say_compromised(const struct warm *w, struct err *why)
{
	const char *left = "nothing was written";

	if (w->step >= WARM_RUNNING && warm_swept(w))
		left = "what was cached of it is taken out";
	else if (w->step >= WARM_RUNNING)
		left = "what is cached of it could not be taken out for sure, dytop cache security-event does";
	err_set(why, ERR_BUSY, "a security event came: values of kind %s are not to be cached; %s", w->kind, left);
}
