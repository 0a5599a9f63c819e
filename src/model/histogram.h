/* SPDX-License-Identifier: PostgreSQL */
/*
 * Quantiles of histograms that a server keeps (Redis LATENCY HISTOGRAM): text "bound:count bound:count ...", bounds
 * in microseconds and rising, counts cumulated up to and including the bound. A bound that is not listed has the
 * count of the nearest one below.
 */
#ifndef MODEL_HISTOGRAM_H
#define MODEL_HISTOGRAM_H

#include "core/base.h"
#include "core/str.h"

struct histogram_range {
	double least, most; /* ms; NAN both or none */
};

/* The bucket that holds the q-quantile (nearest rank) of what came between the two. `least` is the greater of the bound
 * listed before it and of half of its own: bounds double (1, 2, 4, 8, 16, 33, 67, 135, ...), but Redis lists only the buckets
 * that hold something. An empty `before` is a histogram of nothing: the quantile since the server's start. NAN when
 * nothing came, when a count fell (reset), or when the text is not one. */
struct histogram_range histogram_quantile(struct str before, struct str now, double q);

#endif
