/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/pool_plan.h"

static void put(double *value, double fallback)
{
	if (*value <= 0)
		*value = fallback;
}

void pool_limits_init(struct pool_limits *l)
{
	if (l->max <= 0)
		l->max = 20;
	if (l->min < 0 || (l->min == 0 && l->lifetime_ms <= 0))
		l->min = 5;
	if (l->min > l->max)
		l->min = l->max;
	put(&l->lifetime_ms, 30 * 60e3);
	put(&l->jitter, 0.1);
	put(&l->idle_ms, 10 * 60e3);
	put(&l->acquire_ms, 5e3);
	put(&l->leak_ms, 60e3);
	put(&l->check_ms, 30e3);
	put(&l->check_limit_ms, 5e3);
	put(&l->grow_ms, 5);
	if (l->opening_max <= 0)
		l->opening_max = 4;
}

static double ms_since(int64_t then, int64_t now)
{
	return (double)(now - then) / 1e6;
}

static int count(const struct pool_view *v, enum pool_place place)
{
	int n = 0;

	for (int i = 0; i < v->count; i++)
		n += v->slot[i].place == place;
	return n;
}

int pool_plan_open(const struct pool_limits *l, const struct pool_view *v, int64_t now)
{
	int opening = count(v, POOL_OPENING);
	int open = count(v, POOL_IDLE) + count(v, POOL_CHECKING) + count(v, POOL_BUSY);
	int room = l->max - open - opening - count(v, POOL_LINGERS);
	int want = l->min - open - opening;

	if (now < v->retry_ns && (v->waiting == 0 || ms_since(v->failed_ns, now) < POOL_HASTE_MS))
		return 0;
	/* A queue that is served within grow_ms needs no more connections. */
	if (v->waiting > opening && (open + opening == 0 || ms_since(v->head_ns, now) >= l->grow_ms)) {
		int queue = v->waiting - opening;

		want = want > queue ? want : queue;
	}
	if (want > l->opening_max - opening)
		want = l->opening_max - opening;
	if (want > room)
		want = room;
	return want > 0 ? want : 0;
}

enum pool_fate pool_plan_idle(const struct pool_limits *l, const struct pool_view *v, int i, int64_t now)
{
	const struct pool_slot *s = &v->slot[i];
	int open = count(v, POOL_IDLE) + count(v, POOL_CHECKING) + count(v, POOL_BUSY);

	if (s->place == POOL_CHECKING)
		return ms_since(s->since_ns, now) >= l->check_limit_ms ? POOL_CLOSE_SILENT : POOL_KEEP;
	if (s->place != POOL_IDLE)
		return POOL_KEEP;
	if (now >= s->expires_ns)
		return POOL_CLOSE_OLD;
	if (open > l->min && ms_since(s->used_ns, now) >= l->idle_ms)
		return POOL_CLOSE_IDLE;
	return ms_since(s->heard_ns, now) >= l->check_ms ? POOL_CHECK : POOL_KEEP;
}

bool pool_plan_leaks(const struct pool_limits *l, const struct pool_slot *s, int64_t now)
{
	return s->place == POOL_BUSY && !s->reported && ms_since(s->since_ns, now) >= l->leak_ms;
}

int pool_plan_take(const struct pool_view *v, int64_t now)
{
	int best = -1;

	for (int i = 0; i < v->count; i++) {
		const struct pool_slot *s = &v->slot[i];

		if (s->place == POOL_IDLE && now < s->expires_ns && (best < 0 || s->used_ns > v->slot[best].used_ns))
			best = i;
	}
	return best;
}

int64_t pool_plan_expiry(const struct pool_limits *l, uint32_t random, int64_t now)
{
	double share = l->jitter * (double)random / 4294967296.0;

	return now + (int64_t)(l->lifetime_ms * (1 - share) * 1e6);
}

double pool_plan_backoff(int failures, uint32_t random)
{
	double ms = POOL_BACKOFF_MS;

	while (--failures > 0 && ms < POOL_BACKOFF_MAX_MS)
		ms *= 2;
	if (ms > POOL_BACKOFF_MAX_MS)
		ms = POOL_BACKOFF_MAX_MS;
	return ms * (1 - 0.25 * (double)random / 4294967296.0);
}
