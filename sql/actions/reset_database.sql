/* dytop action
title: Reset the statistics of the database
about: All counters of this database begin at zero, those that autovacuum goes by too.
target: none
weight: word
danger: yes
alone: no
lock_timeout: 2s
statement_timeout: 30s
*/
-- before
SELECT 'refuse' AS mark, 'no right: GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO ' || pg_catalog.quote_ident(current_user) AS text
 WHERE NOT pg_catalog.has_function_privilege('pg_catalog.pg_stat_reset()', 'EXECUTE')
UNION ALL
SELECT 'note', 'counted since ' || coalesce(pg_catalog.to_char(d.stats_reset, 'YYYY-MM-DD HH24:MI'), 'the database is there')
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database()
UNION ALL
SELECT 'warn', 'autovacuum forgets how many rows are dead: ANALYZE afterwards'
-- statement
SELECT pg_catalog.pg_stat_reset()
-- check
SELECT coalesce(d.stats_reset >= $3::pg_catalog.timestamptz, false) AS done
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname = pg_catalog.current_database()
