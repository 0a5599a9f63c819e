/* dytop action
title: Rebuild the index
about: Builds a new index beside the old one, then swaps them; blocks neither readers nor writers. No timeouts, for each one hit would leave an invalid index of full size behind.
target: index
privilege: [owner, maintain]
weight: word
waits: snapshots
builds: yes
leaves: yes
lock_timeout: none
rate: 20MB
*/
-- before
SELECT 'refuse' AS mark, 'it is the index of an exclusion constraint: those cannot be rebuilt concurrently' AS text
  FROM pg_catalog.pg_index AS x WHERE x.indexrelid = $1::pg_catalog.oid AND x.indisexclusion
UNION ALL
SELECT 'refuse', 'it belongs to a system catalog: those cannot be rebuilt concurrently'
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = $1::pg_catalog.oid AND c.relnamespace = 'pg_catalog'::pg_catalog.regnamespace
UNION ALL
SELECT 'refuse', 'it is what a failed REINDEX CONCURRENTLY left: drop it (drop_index), and rebuild the valid one'
  FROM pg_catalog.pg_index AS x JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
 WHERE x.indexrelid = $1::pg_catalog.oid AND NOT x.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
-- statement
REINDEX INDEX CONCURRENTLY %{target}
-- progress
SELECT p.phase,
       CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_done WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END AS done,
       CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_total WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END AS total
  FROM pg_catalog.pg_stat_progress_create_index AS p
 WHERE p.pid = $1::pg_catalog.int4
-- measure
SELECT m.label, m.unit, m.value
  FROM pg_catalog.pg_class AS c
       LEFT JOIN pg_catalog.pg_stat_all_indexes AS s ON s.indexrelid = c.oid,
       LATERAL (VALUES (1, 'size', 'bytes', pg_catalog.pg_relation_size(c.oid)::pg_catalog.float8),
                       (2, 'scans', 'count', s.idx_scan::pg_catalog.float8)) AS m (n, label, unit, value)
 WHERE c.oid = $1::pg_catalog.oid
 ORDER BY m.n
-- left
SELECT x.indexrelid AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.format('%I.%I', n.nspname, c.relname) || ' is invalid: left by an attempt that failed, '
       || pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(c.oid)) || ', kept up with each write, used by none' AS text
  FROM pg_catalog.pg_index AS x
       JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT x.indisvalid AND c.relkind = 'i'
   AND x.indrelid = (SELECT own.indrelid FROM pg_catalog.pg_index AS own WHERE own.indexrelid = $1::pg_catalog.oid)
