/* dytop action
title: Create an index on
about: Builds it without blocking writers. No timeouts, for each one hit would leave an invalid index behind.
target: definition
privilege: [owner]
weight: word
waits: snapshots
builds: yes
leaves: yes
lock_timeout: none
rate: 20MB
*/
-- before
SELECT 'note' AS mark, 'it has ' || pg_catalog.count(*) || ' indexes of '
       || coalesce(pg_catalog.pg_size_pretty(pg_catalog.sum(pg_catalog.pg_relation_size(x.indexrelid))), '0 bytes') || ' already' AS text
  FROM pg_catalog.pg_index AS x WHERE x.indrelid = $1::pg_catalog.oid
UNION ALL
SELECT 'refuse', 'it is partitioned: an index on it cannot be built concurrently; build one on each partition first'
  FROM pg_catalog.pg_class AS c WHERE c.oid = $1::pg_catalog.oid AND c.relkind = 'p'
-- statement
%{text}
-- progress
SELECT p.phase,
       CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_done WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END AS done,
       CASE WHEN p.phase LIKE 'waiting%' THEN p.lockers_total WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END AS total
  FROM pg_catalog.pg_stat_progress_create_index AS p
 WHERE p.pid = $1::pg_catalog.int4
-- measure
SELECT 'size of its indexes' AS label, 'bytes' AS unit, pg_catalog.pg_indexes_size($1::pg_catalog.oid)::pg_catalog.float8 AS value
-- left
SELECT x.indexrelid AS oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.format('%I.%I', n.nspname, c.relname) || ' is invalid: '
       || coalesce(b.who || ' works on its table and may be building it, ', 'left by an attempt that failed, ')
       || pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(c.oid)) || ', kept up with each write, used by none' AS text, b.who AS busy
  FROM pg_catalog.pg_index AS x
       JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
-- Whoever builds or drops one concurrently holds this lock on its table all the while, and pg_locks is open to all; so do VACUUM and
-- ANALYZE, which do not matter here.
       LEFT JOIN LATERAL (SELECT 'backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-') || ')' AS who
                            FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
                           WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'ShareUpdateExclusiveLock' AND l.relation = x.indrelid
                             AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
                             AND l.pid <> pg_catalog.pg_backend_pid()
                             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS p WHERE p.pid = l.pid)
                             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze AS p WHERE p.pid = l.pid)
                           LIMIT 1) AS b ON true
 WHERE NOT x.indisvalid AND c.relkind = 'i'
   AND x.indrelid = $1::pg_catalog.oid
