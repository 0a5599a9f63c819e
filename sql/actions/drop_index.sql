/* dytop action
title: Drop the index
about: Waits for those who use it, then takes it away; blocks nobody. What it takes away is gone.
target: index
privilege: [owner]
weight: word
danger: yes
waits: users
leaves: yes
lock_timeout: none
*/
-- before
SELECT 'note' AS mark, pg_catalog.pg_get_indexdef($1::pg_catalog.oid) AS text
UNION ALL
SELECT 'refuse', 'constraint ' || pg_catalog.quote_ident(k.conname) || ' stands on it: a constraint is dropped with ALTER TABLE'
  FROM pg_catalog.pg_constraint AS k
 WHERE k.conindid = $1::pg_catalog.oid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = (SELECT x.indrelid FROM pg_catalog.pg_index AS x WHERE x.indexrelid = $1::pg_catalog.oid)
UNION ALL
SELECT 'refuse', 'foreign key ' || pg_catalog.quote_ident(k.conname) || ' needs it'
  FROM pg_catalog.pg_constraint AS k WHERE k.conindid = $1::pg_catalog.oid AND k.contype = 'f'
UNION ALL
SELECT 'refuse', 'it is the replica identity of its table' FROM pg_catalog.pg_index AS x
 WHERE x.indexrelid = $1::pg_catalog.oid AND x.indisreplident
UNION ALL
SELECT CASE WHEN b.who IS NULL THEN 'note' ELSE 'refuse' END,
       coalesce('it is invalid as long as it is built, and ' || b.who || ' works on its table and may be building it', 'it is invalid: no query uses it')
  FROM pg_catalog.pg_index AS x
       LEFT JOIN LATERAL (SELECT 'backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-') || ')' AS who
                            FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
                           WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'ShareUpdateExclusiveLock' AND l.relation = x.indrelid
                             AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
                             AND l.pid <> pg_catalog.pg_backend_pid()
                             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS p WHERE p.pid = l.pid)
                             AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_analyze AS p WHERE p.pid = l.pid)
                           LIMIT 1) AS b ON true
 WHERE x.indexrelid = $1::pg_catalog.oid AND NOT x.indisvalid
UNION ALL
SELECT CASE WHEN s.idx_scan > 0 THEN 'warn' ELSE 'note' END, 'used ' || s.idx_scan || ' times since '
       || coalesce(pg_catalog.to_char(d.stats_reset, 'YYYY-MM-DD HH24:MI'), 'statistics began')
  FROM pg_catalog.pg_stat_all_indexes AS s, pg_catalog.pg_stat_database AS d
 WHERE s.indexrelid = $1::pg_catalog.oid AND d.datname = pg_catalog.current_database()
UNION ALL
SELECT 'warn', 'it may be used on standbys: their scans are not counted here'
  FROM pg_catalog.pg_stat_replication AS r
 LIMIT 20
-- statement
DROP INDEX CONCURRENTLY %{target}
-- measure
SELECT 'size' AS label, 'bytes' AS unit, pg_catalog.pg_relation_size(c.oid)::pg_catalog.float8 AS value
  FROM pg_catalog.pg_class AS c WHERE c.oid = $1::pg_catalog.oid
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
   AND x.indexrelid = $1::pg_catalog.oid
-- undo
SELECT pg_catalog.pg_get_indexdef(x.indexrelid) AS statement
  FROM pg_catalog.pg_index AS x WHERE x.indexrelid = $1::pg_catalog.oid AND x.indisvalid
