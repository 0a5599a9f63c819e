-- SPDX-License-Identifier: PostgreSQL
-- Whether changes of cached things of a kind ($1, 'tx') are told here: 1 when the trigger of sql/bridge/80_invalidation.sql fires for
-- updates and for deletions (16 and 8 in tgtype; rows that are new are in no earlier snapshot), else 0.
SELECT (coalesce(bit_or(t.tgtype::int), 0) & 24 = 24)::int
FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
WHERE p.proname = 'dytop_invalidate' AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
	AND split_part(encode(t.tgargs, 'escape'), '\000', 1) = $1
