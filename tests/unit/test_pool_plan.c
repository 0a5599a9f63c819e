/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/pool_plan.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "core/base.h"
#include "unit.h"

enum { MAX = 20 };

static const int64_t ms = 1000000;

struct rig {
	struct pool_limits l;
	struct pool_slot slot[MAX];
	struct pool_view v;
	int64_t now;
};

static void rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	r->l.min = -1;
	pool_limits_init(&r->l);
	r->v = (struct pool_view){.slot = r->slot, .count = MAX};
	r->now = 1000000 * ms;
}

static void put(struct rig *r, int from, int count, enum pool_place place)
{
	for (int i = from; i < from + count; i++)
		r->slot[i] = (struct pool_slot){.place = place, .since_ns = r->now, .used_ns = r->now, .heard_ns = r->now,
		                                .expires_ns = pool_plan_expiry(&r->l, 0, r->now)};
}

START_TEST(limits)
{
	struct pool_limits l = {.min = -1};

	pool_limits_init(&l);
	ck_assert_int_eq(l.min, 5);
	ck_assert_int_eq(l.max, 20);
	ck_assert_double_eq(l.lifetime_ms, 1800e3);
	ck_assert_double_eq(l.idle_ms, 600e3);
	l = (struct pool_limits){.min = 9, .max = 3};
	pool_limits_init(&l);
	ck_assert_int_eq(l.min, 3);
	ck_assert_int_eq(l.max, 3);
}
END_TEST

START_TEST(opens_min_a_few_at_once)
{
	struct rig r;

	rig_init(&r);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 4);
	put(&r, 0, 4, POOL_OPENING);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 0);
	put(&r, 0, 4, POOL_IDLE);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 1);
	put(&r, 4, 1, POOL_IDLE);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 0);
	/* after a failed login not before its time */
	put(&r, 0, 5, POOL_EMPTY);
	r.v.retry_ns = r.now + 250 * ms;
	r.v.failed_ns = r.now;
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 249 * ms), 0);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 250 * ms), 4);
	/* nobody waits five seconds for a server that is back */
	r.v.retry_ns = r.now + 5000 * ms;
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 4999 * ms), 0);
	r.v.waiting = 1;
	r.v.head_ns = r.now;
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 499 * ms), 0);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 500 * ms), 4);
}
END_TEST

START_TEST(grows_for_a_queue)
{
	struct rig r;

	rig_init(&r);
	put(&r, 0, 5, POOL_BUSY);
	r.v.waiting = 3;
	r.v.head_ns = r.now;
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 4 * ms), 0); /* a short queue is no reason yet */
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 5 * ms), 3);
	put(&r, 5, 3, POOL_OPENING);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 5 * ms), 0); /* one is under way for each */
	r.v.waiting = 1000;
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now + 5 * ms), 1); /* four logins at once at most */
}
END_TEST

START_TEST(never_beyond_max)
{
	struct rig r;

	rig_init(&r);
	r.v.waiting = 1000;
	r.v.head_ns = r.now - 1000 * ms;
	put(&r, 0, 18, POOL_BUSY);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 2);
	put(&r, 18, 1, POOL_OPENING);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 1);
	put(&r, 19, 1, POOL_LINGERS); /* the server may still count it */
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 0);
	put(&r, 18, 2, POOL_CHECKING);
	ck_assert_int_eq(pool_plan_open(&r.l, &r.v, r.now), 0);
}
END_TEST

START_TEST(life_idleness_health)
{
	struct rig r;

	rig_init(&r);
	put(&r, 0, 6, POOL_IDLE);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 29999 * ms), POOL_KEEP);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 30000 * ms), POOL_CHECK);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 600000 * ms), POOL_CLOSE_IDLE);
	r.slot[5].place = POOL_EMPTY; /* min are kept */
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 600000 * ms), POOL_CHECK);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 1799999 * ms), POOL_CHECK);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 1800000 * ms), POOL_CLOSE_OLD);
	r.slot[0].place = POOL_BUSY; /* what is in use is left alone */
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 1800000 * ms), POOL_KEEP);
	r.slot[0].place = POOL_CHECKING;
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 4999 * ms), POOL_KEEP);
	ck_assert_int_eq(pool_plan_idle(&r.l, &r.v, 0, r.now + 5000 * ms), POOL_CLOSE_SILENT);
}
END_TEST

START_TEST(leaks)
{
	struct rig r;

	rig_init(&r);
	put(&r, 0, 1, POOL_BUSY);
	ck_assert(!pool_plan_leaks(&r.l, &r.slot[0], r.now + 59999 * ms));
	ck_assert(pool_plan_leaks(&r.l, &r.slot[0], r.now + 60000 * ms));
	r.slot[0].reported = true;
	ck_assert(!pool_plan_leaks(&r.l, &r.slot[0], r.now + 90000 * ms));
	put(&r, 0, 1, POOL_IDLE);
	ck_assert(!pool_plan_leaks(&r.l, &r.slot[0], r.now + 90000 * ms));
}
END_TEST

START_TEST(takes_the_one_used_last)
{
	struct rig r;

	rig_init(&r);
	ck_assert_int_eq(pool_plan_take(&r.v, r.now), -1);
	put(&r, 0, 3, POOL_IDLE);
	r.slot[1].used_ns += 5;
	ck_assert_int_eq(pool_plan_take(&r.v, r.now), 1);
	r.slot[1].expires_ns = r.now;
	ck_assert_int_eq(pool_plan_take(&r.v, r.now), 0);
	put(&r, 0, 3, POOL_CHECKING);
	ck_assert_int_eq(pool_plan_take(&r.v, r.now), -1);
}
END_TEST

START_TEST(lives_end_apart)
{
	struct rig r;
	int64_t least, most;

	rig_init(&r);
	most = pool_plan_expiry(&r.l, 0, r.now);
	least = pool_plan_expiry(&r.l, UINT32_MAX, r.now);
	ck_assert_int_eq(most - r.now, 1800000 * ms);
	ck_assert(least - r.now >= 1620000 * ms && least - r.now < 1620001 * ms);
	ck_assert_double_eq(pool_plan_backoff(1, 0), 250);
	ck_assert_double_eq(pool_plan_backoff(3, 0), 1000);
	ck_assert_double_eq(pool_plan_backoff(1000, 0), 5000);
	ck_assert_double_ge(pool_plan_backoff(1000, UINT32_MAX), 3750);
}
END_TEST

/* A day of a pool under a load that comes and goes, decision by decision, by a clock of our own. */
static void act(struct rig *r, int *closed_old, int *closed_idle)
{
	for (int i = 0; i < MAX; i++) {
		switch (pool_plan_idle(&r->l, &r->v, i, r->now)) {
		case POOL_CLOSE_OLD:
			++*closed_old;
			r->slot[i].place = POOL_EMPTY;
			break;
		case POOL_CLOSE_IDLE:
			++*closed_idle;
			r->slot[i].place = POOL_EMPTY;
			break;
		case POOL_CHECK:
			r->slot[i].heard_ns = r->now;
			break;
		default:
			break;
		}
	}
	for (int n = pool_plan_open(&r->l, &r->v, r->now), i = 0; n > 0; i++) {
		if (r->slot[i].place == POOL_EMPTY) {
			put(r, i, 1, POOL_IDLE);
			n--;
		}
	}
}

START_TEST(a_day)
{
	struct rig r;
	int closed_old = 0, closed_idle = 0, most = 0;

	rig_init(&r);
	for (int second = 0; second < 86400; second++) {
		int busy = second % 7200 < 600 ? 30 : 2, open = 0;

		r.now += 1000 * ms;
		for (int i = 0; i < MAX; i++) {
			if (r.slot[i].place == POOL_BUSY) {
				r.slot[i].place = POOL_IDLE;
				r.slot[i].used_ns = r.slot[i].heard_ns = r.now;
			}
		}
		act(&r, &closed_old, &closed_idle);
		for (int i; busy > 0 && (i = pool_plan_take(&r.v, r.now)) >= 0; busy--)
			r.slot[i].place = POOL_BUSY;
		r.v.waiting = busy;
		r.v.head_ns = r.now - 10 * ms;
		act(&r, &closed_old, &closed_idle);
		for (int i = 0; i < MAX; i++)
			open += r.slot[i].place != POOL_EMPTY;
		ck_assert_int_le(open, 20);
		ck_assert(second < 10 || open >= 5);
		most = open > most ? open : most;
		if (second % 7200 == 7199)
			ck_assert_int_eq(open, 5); /* 10 minutes after the load it has shrunk */
	}
	ck_assert_int_eq(most, 20);
	ck_assert_int_ge(closed_idle, 12 * 10);
	ck_assert_int_ge(closed_old, 5 * 40);
}
END_TEST

int main(void)
{
	const TTest *cases[] = {limits, opens_min_a_few_at_once, grows_for_a_queue, never_beyond_max, life_idleness_health, leaks,
	                        takes_the_one_used_last, lives_end_apart, a_day};

	return unit_run("pool_plan", cases, ARRAY_LEN(cases));
}
