-- SPDX-License-Identifier: PostgreSQL
SELECT load, first, last, done, seed, (extract(epoch FROM created_from) * 1000000)::bigint AS from_us,
	(extract(epoch FROM created_until) * 1000000)::bigint AS until_us
FROM dytop_bridge_rows ORDER BY last, load
