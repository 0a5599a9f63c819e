/* dytop action
title: Look for what failed actions left
about: Names invalid indexes and actions of dytop that still run; changes nothing.
target: none
standby: yes
alone: no
lock_timeout: 2s
*/
-- before
SELECT 'warn' AS mark, 'an action of dytop runs: backend ' || a.pid || ' (' || coalesce(a.usename, '?') || ', ' || a.application_name || ') since '
       || pg_catalog.to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS') || ': ' || pg_catalog.left(a.query, 200) AS text
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.application_name LIKE 'dytop:%' AND a.state <> 'idle' AND a.datname = pg_catalog.current_database()
   AND a.pid <> pg_catalog.pg_backend_pid()
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
