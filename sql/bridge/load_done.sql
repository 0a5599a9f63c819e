-- SPDX-License-Identifier: PostgreSQL
-- $1 load: numbers up to $3 are there; it was $2 before. No row: somebody else loads, too.
UPDATE dytop_bridge_rows SET done = $3::bigint WHERE load = $1::integer AND done = $2::bigint
