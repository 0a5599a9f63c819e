/* dytop action
title: Vacuum
about: Takes out dead rows; blocks neither readers nor writers. Waits for a lock 2 s at most.
target: table
kinds: rmpt
privilege: [owner, maintain, database_owner]
weight: yes
lock_timeout: 2s
rate: 100MB
*/
-- before
SELECT 'note' AS mark, 'last vacuumed ' || coalesce(pg_catalog.to_char(greatest(s.last_vacuum, s.last_autovacuum), 'YYYY-MM-DD HH24:MI'), 'never')
       || ', ' || s.n_dead_tup || ' dead rows of ' || (s.n_dead_tup + s.n_live_tup) AS text
  FROM pg_catalog.pg_stat_all_tables AS s
 WHERE s.relid = $1::pg_catalog.oid
UNION ALL
SELECT 'warn', 'autovacuum works on it just now (backend ' || p.pid || '): it will be cancelled or waited for'
  FROM pg_catalog.pg_stat_progress_vacuum AS p
 WHERE p.relid = $1::pg_catalog.oid AND p.datname = pg_catalog.current_database()
UNION ALL
SELECT 'warn', 'dead rows cannot go while backend ' || a.pid || ' (' || coalesce(a.usename, '?') || ') holds a snapshot since '
       || pg_catalog.to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS')
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.datname = pg_catalog.current_database() AND a.backend_xmin IS NOT NULL
   AND a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => 300)
-- statement
VACUUM %{target}
-- progress
SELECT p.phase, CASE WHEN p.phase = 'vacuuming heap' THEN p.heap_blks_vacuumed ELSE p.heap_blks_scanned END AS done,
       p.heap_blks_total AS total
  FROM pg_catalog.pg_stat_progress_vacuum AS p
 WHERE p.pid = $1::pg_catalog.int4
-- measure
SELECT m.label, m.unit, m.value
  FROM pg_catalog.pg_class AS c
       LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid,
       LATERAL (VALUES (1, 'size', 'bytes', pg_catalog.pg_total_relation_size(c.oid)::pg_catalog.float8),
                       (2, 'dead rows', 'count', s.n_dead_tup::pg_catalog.float8),
                       (3, 'live rows', 'count', s.n_live_tup::pg_catalog.float8),
                       (4, 'age of the oldest row', 'count', pg_catalog.age(c.relfrozenxid)::pg_catalog.float8)) AS m (n, label, unit, value)
 WHERE c.oid = $1::pg_catalog.oid AND NOT (m.n = 4 AND c.relkind = 'p')
 ORDER BY m.n
-- check
SELECT coalesce(max(s.last_vacuum) >= $3::pg_catalog.timestamptz, false) AS done
  FROM pg_catalog.pg_stat_all_tables AS s
 WHERE s.relid = $1::pg_catalog.oid
