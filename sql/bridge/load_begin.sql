-- SPDX-License-Identifier: PostgreSQL
-- $1 first, $2 last, $3 seed: 90 days that end now.
INSERT INTO dytop_bridge_rows (first, last, done, seed, created_from, created_until)
VALUES ($1::bigint, $2::bigint, $1::bigint - 1, $3::bigint, date_trunc('second', now()) - interval '90 days', date_trunc('second', now()))
RETURNING load, first, last, done, seed, (extract(epoch FROM created_from) * 1000000)::bigint AS from_us,
	(extract(epoch FROM created_until) * 1000000)::bigint AS until_us
