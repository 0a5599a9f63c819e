/* SPDX-License-Identifier: PostgreSQL */
#include "bridge/bench_draw.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

uint64_t bench_rng_next(struct bench_rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

double bench_rng_share(struct bench_rng *r)
{
	return (double)(bench_rng_next(r) >> 11) * 0x1p-53;
}

uint64_t bench_rng_below(struct bench_rng *r, uint64_t n)
{
	return (uint64_t)((unsigned __int128)bench_rng_next(r) * n >> 64);
}

/* --- weighted choice ---------------------------------------------------------------------------------------------- */

void bench_alias_init(struct bench_alias *a, const double *weight, int count)
{
	int *stack = mem_calloc((size_t)count, sizeof *stack), small = 0, large = count;
	double sum = 0;

	*a = (struct bench_alias){.count = count, .keep = mem_calloc((size_t)count, sizeof *a->keep),
	                          .other = mem_calloc((size_t)count, sizeof *a->other)};
	for (int i = 0; i < count; i++)
		sum += weight[i];
	for (int i = 0; i < count; i++) {
		a->keep[i] = weight[i] / sum * count;
		a->other[i] = i;
		if (a->keep[i] < 1)
			stack[small++] = i; /* the small ones grow from the left, the large ones from the right */
		else
			stack[--large] = i;
	}
	while (small > 0 && large < count) {
		int s = stack[--small], l = stack[large];

		a->other[s] = l;
		a->keep[l] -= 1 - a->keep[s];
		if (a->keep[l] < 1) {
			large++;
			stack[small++] = l;
		}
	}
	/* What rounding left over is whole; but never a choice whose weight is 0. */
	while (small > 0) {
		int s = stack[--small];

		a->keep[s] = weight[s] > 0 ? 1 : a->keep[s];
	}
	free(stack);
}

void bench_alias_release(struct bench_alias *a)
{
	free(a->keep);
	free(a->other);
	*a = (struct bench_alias){0};
}

int bench_alias_draw(const struct bench_alias *a, struct bench_rng *r)
{
	int i = (int)bench_rng_below(r, (uint64_t)a->count);

	return bench_rng_share(r) < a->keep[i] ? i : a->other[i];
}

/* --- Zipf --------------------------------------------------------------------------------------------------------- */

/* log1p(x) / x and expm1(x) / x, also at 0. */
static double log1p_over(double x)
{
	return fabs(x) > 1e-8 ? log1p(x) / x : 1 - x * (0.5 - x / 3);
}

static double expm1_over(double x)
{
	return fabs(x) > 1e-8 ? expm1(x) / x : 1 + x * 0.5 * (1 + x / 3);
}

/* The hat x^-skew, its integral (from 1), and the inverse of that. */
static double hat(const struct bench_zipf *z, double x)
{
	return exp(-z->skew * log(x));
}

static double integral(const struct bench_zipf *z, double x)
{
	double l = log(x);

	return expm1_over((1 - z->skew) * l) * l;
}

static double inverse(const struct bench_zipf *z, double area)
{
	double t = fmax(area * (1 - z->skew), -1);

	return exp(log1p_over(t) * area);
}

void bench_zipf_init(struct bench_zipf *z, uint64_t n, double skew)
{
	*z = (struct bench_zipf){.n = n, .skew = skew};
	z->first = integral(z, 1.5) - 1;
	z->last = integral(z, (double)n + 0.5);
	z->cut = 2 - inverse(z, integral(z, 2.5) - hat(z, 2));
}

uint64_t bench_zipf_draw(const struct bench_zipf *z, struct bench_rng *r)
{
	for (;;) {
		double u = z->last + bench_rng_share(r) * (z->first - z->last), x = inverse(z, u);
		double k = fmin(fmax(floor(x + 0.5), 1), (double)z->n);

		if (k - x <= z->cut || u >= integral(z, k + 0.5) - hat(z, k))
			return (uint64_t)k;
	}
}

double bench_gap_ns(struct bench_rng *r, double rate)
{
	return -log1p(-bench_rng_share(r)) * 1e9 / rate;
}
