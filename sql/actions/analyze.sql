/* dytop action
title: Update the planner's statistics of
about: Reads a sample of the table; blocks neither readers nor writers.
target: table
kinds: rmpft
value: {name: COLUMNS, needed: no}
privilege: [owner, maintain, database_owner]
weight: yes
lock_timeout: 2s
rate: 200MB
*/
-- before
SELECT 'note' AS mark, 'last analysed ' || coalesce(pg_catalog.to_char(greatest(s.last_analyze, s.last_autoanalyze), 'YYYY-MM-DD HH24:MI'), 'never')
       || ', ' || s.n_mod_since_analyze || ' rows changed since' AS text
  FROM pg_catalog.pg_stat_all_tables AS s
 WHERE s.relid = $1::pg_catalog.oid
-- statement
ANALYZE (SKIP_LOCKED) %{target}%{columns}
-- progress
SELECT p.phase, p.sample_blks_scanned AS done, p.sample_blks_total AS total
  FROM pg_catalog.pg_stat_progress_analyze AS p
 WHERE p.pid = $1::pg_catalog.int4
-- measure
SELECT m.label, m.unit, m.value
  FROM pg_catalog.pg_class AS c
       LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid,
       LATERAL (VALUES (1, 'rows as the planner knows them', 'count', c.reltuples::pg_catalog.float8),
                       (2, 'rows changed since ANALYZE', 'count', s.n_mod_since_analyze::pg_catalog.float8)) AS m (n, label, unit, value)
 WHERE c.oid = $1::pg_catalog.oid
 ORDER BY m.n
-- check
SELECT coalesce(max(s.last_analyze) >= $3::pg_catalog.timestamptz, false) AS done
  FROM pg_catalog.pg_stat_all_tables AS s
 WHERE s.relid = $1::pg_catalog.oid
