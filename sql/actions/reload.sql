/* dytop action
title: Reload the configuration
about: The server reads its configuration files again.
target: none
weight: yes
alone: no
standby: yes
lock_timeout: 2s
statement_timeout: 30s
settle: 500ms
*/
-- before
SELECT 'refuse' AS mark, 'no right: GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO ' || pg_catalog.quote_ident(current_user) AS text
 WHERE NOT pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE')
UNION ALL
SELECT 'note', 'loaded last at ' || pg_catalog.to_char(pg_catalog.pg_conf_load_time(), 'YYYY-MM-DD HH24:MI:SS')
-- statement
SELECT pg_catalog.pg_reload_conf()
-- measure
SELECT 'settings that wait for a restart' AS label, 'count' AS unit, pg_catalog.count(*)::pg_catalog.float8 AS value
  FROM pg_catalog.pg_settings AS s WHERE s.pending_restart
