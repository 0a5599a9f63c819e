/* SPDX-License-Identifier: PostgreSQL */
/*
 * Random choice for the bench: repeatable from a seed, a few nanoseconds each, no global state.
 */
#ifndef BRIDGE_BENCH_DRAW_H
#define BRIDGE_BENCH_DRAW_H

#include "core/base.h"

struct bench_rng {
	uint64_t state; /* any value is a seed */
};

uint64_t bench_rng_next(struct bench_rng *r);  /* splitmix64 */
double bench_rng_share(struct bench_rng *r);   /* 0 <= x < 1, 53 bits */
uint64_t bench_rng_below(struct bench_rng *r, uint64_t n); /* 0..n-1, even to 2^-64; n > 0 */

/* Weighted choice in constant time (Walker's alias method, Vose's way of building it). */
struct bench_alias {
	int count;
	double *keep;
	int *other;
};

/* Weights are >= 0 with at least one above 0; copied. */
void bench_alias_init(struct bench_alias *a, const double *weight, int count);
void bench_alias_release(struct bench_alias *a); /* an all-zero struct is accepted */
int bench_alias_draw(const struct bench_alias *a, struct bench_rng *r);

/* 1..n where k comes in proportion to k^-skew, skew > 0 (rejection-inversion: W. Hörmann, G. Derflinger, 1996): no table, the
 * same cost for any n. */
struct bench_zipf {
	uint64_t n;
	double skew;
	double first, last, cut; /* of the integral of the hat */
};

void bench_zipf_init(struct bench_zipf *z, uint64_t n, double skew);
uint64_t bench_zipf_draw(const struct bench_zipf *z, struct bench_rng *r);

/* A gap between two events of a Poisson process of `rate` a second, in ns. */
double bench_gap_ns(struct bench_rng *r, double rate);

#endif
