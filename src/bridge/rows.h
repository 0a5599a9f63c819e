/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows as a running bridge has them, made up: number i of a load depends on the seed and i alone, so a load that was cut off goes
 * on with the same rows. Shares and sizes are those that the report's claims were measured with (sql/bench): 90 % completed, 3 %
 * failed, 1 % reversed, 2.5 % pending, 2 % confirmed, 1 % locked, 0.5 % minted; of eight chains one is the source of 35 %;
 * amounts lognormal in whole units (median 121, 10 % above 1000); asset_type in metadata from 0.05 % (rare_nft) to 23 %
 * (type_0). Pure.
 */
#ifndef BRIDGE_ROWS_H
#define BRIDGE_ROWS_H

#include "core/base.h"
#include "core/buf.h"

enum {
	ROWS_MAX = 1000000000,
	ROWS_ID_LEN = 36,          /* "btx_" and md5 of the number: 'btx_' || md5(i::text) in SQL */
	ROWS_SIGNED_EVERY = 5,     /* every fifth transaction has its signatures in the table */
	ROWS_SIGNATURES = 3,
	ROWS_VALIDATORS = 21,
	ROWS_TEXT_MAX = 4096,      /* no row is longer, as COPY text */
};

struct rows_load {
	uint64_t seed;
	int64_t first, last;       /* numbers of its rows, from 1 */
	int64_t from_us, until_us; /* created_at, evenly in the order of numbers; microseconds since 1970 */
};

void rows_id(char out[ROWS_ID_LEN + 1], int64_t number);
/* One line of COPY text, for the columns of sql/bridge/copy_transactions.sql. */
void rows_transaction(const struct rows_load *load, int64_t number, struct buf *out);
/* Its signatures' lines, for copy_signatures.sql; none for most numbers. */
void rows_signatures(const struct rows_load *load, int64_t number, struct buf *out);
/* "2026-11-22 18:04:05.123456+00". */
void rows_time(struct buf *out, int64_t us);

#endif
