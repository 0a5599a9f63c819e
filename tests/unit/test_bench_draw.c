/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/bench_draw.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "unit.h"

enum { DRAWS = 400000 };

/* Counted against expected: within five standard deviations of a binomial, at every place that is expected often enough. */
static void check_shares(const int *seen, const double *share, int count)
{
	for (int i = 0; i < count; i++) {
		double want = share[i] * DRAWS, sd = sqrt(want * (1 - share[i]));

		ck_assert_msg(fabs(seen[i] - want) <= 5 * sd + 1, "%d: %d times, %.0f expected", i, seen[i], want);
	}
}

START_TEST(a_seed_repeats_itself)
{
	struct bench_rng a = {7}, b = {7}, c = {8};
	int same = 0;

	/* the first number of splitmix64 from seed 0, as published */
	ck_assert_uint_eq(bench_rng_next(&(struct bench_rng){0}), UINT64_C(0xe220a8397b1dcdaf));
	for (int i = 0; i < 1000; i++) {
		uint64_t x = bench_rng_next(&a);

		ck_assert_uint_eq(x, bench_rng_next(&b));
		same += x == bench_rng_next(&c);
		ck_assert_uint_lt(bench_rng_below(&a, 10), 10);
		bench_rng_below(&b, 10);
	}
	ck_assert_int_eq(same, 0);
}
END_TEST

START_TEST(choices_come_by_their_weights)
{
	static const double weight[] = {700, 0, 3, 110, 0.5, 60, 30, 96.5};
	static const double one[] = {0, 2, 0};
	struct bench_rng r = {1};
	struct bench_alias a;
	int seen[ARRAY_LEN(weight)] = {0};
	double share[ARRAY_LEN(weight)];

	bench_alias_init(&a, weight, ARRAY_LEN(weight));
	for (int i = 0; i < DRAWS; i++)
		seen[bench_alias_draw(&a, &r)]++;
	for (size_t i = 0; i < ARRAY_LEN(weight); i++)
		share[i] = weight[i] / 1000;
	check_shares(seen, share, ARRAY_LEN(weight));
	ck_assert_int_eq(seen[1], 0);
	bench_alias_release(&a);
	bench_alias_init(&a, one, ARRAY_LEN(one));
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(bench_alias_draw(&a, &r), 1);
	bench_alias_release(&a);
}
END_TEST

static void check_zipf(uint64_t n, double skew)
{
	int *seen = mem_calloc(n, sizeof *seen);
	double *share = mem_calloc(n, sizeof *share), sum = 0;
	struct bench_rng r = {3};
	struct bench_zipf z;

	bench_zipf_init(&z, n, skew);
	for (int i = 0; i < DRAWS; i++) {
		uint64_t k = bench_zipf_draw(&z, &r);

		ck_assert(k >= 1 && k <= n);
		seen[k - 1]++;
	}
	for (uint64_t k = 0; k < n; k++)
		sum += share[k] = pow((double)(k + 1), -skew);
	for (uint64_t k = 0; k < n; k++)
		share[k] /= sum;
	check_shares(seen, share, (int)n);
	free(seen);
	free(share);
}

START_TEST(zipf_is_zipf)
{
	check_zipf(1, 1.1);
	check_zipf(2, 0.5);
	check_zipf(50, 1);
	check_zipf(1000, 0.8);
	check_zipf(1000, 1.1);
	check_zipf(20000, 2.5);
}
END_TEST

START_TEST(gaps_have_the_mean_and_the_spread_of_a_poisson_process)
{
	struct bench_rng r = {5};
	double sum = 0, squares = 0, mean;

	for (int i = 0; i < DRAWS; i++) {
		double gap = bench_gap_ns(&r, 1000);

		ck_assert(gap >= 0);
		sum += gap;
		squares += gap * gap;
	}
	mean = sum / DRAWS;
	ck_assert_double_eq_tol(mean, 1e6, 1e4);
	ck_assert_double_eq_tol(sqrt(squares / DRAWS - mean * mean), 1e6, 2e4);
}
END_TEST

int main(void)
{
	const TTest *const cases[] = {
		a_seed_repeats_itself,
		choices_come_by_their_weights,
		zipf_is_zipf,
		gaps_have_the_mean_and_the_spread_of_a_poisson_process,
	};

	return unit_run("bench_draw", cases, ARRAY_LEN(cases));
}
