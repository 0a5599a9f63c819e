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
       pg_catalog.format('%I.%I', n.nspname, c.relname) || ' is invalid: left by an attempt that failed, '
       || pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(c.oid)) || ', kept up with each write, used by none' AS text
  FROM pg_catalog.pg_index AS x
       JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT x.indisvalid AND c.relkind = 'i'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
                    WHERE p.datname = pg_catalog.current_database() AND p.relid = x.indrelid)
