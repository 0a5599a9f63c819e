/* dytop action
title: Take back the change of the setting
about: Taken out of postgresql.auto.conf, then the configuration is reloaded.
target: setting
secrets: [primary_conninfo, ssl_passphrase_command, archive_command, restore_command, archive_cleanup_command, recovery_end_command]
weight: word
alone: no
standby: yes
lock_timeout: 2s
statement_timeout: 30s
settle: 500ms
*/
-- before
SELECT CASE WHEN s.context = 'internal' THEN 'refuse' WHEN s.context = 'postmaster' THEN 'warn' ELSE 'note' END AS mark,
       CASE s.context WHEN 'internal' THEN 'it cannot be changed' WHEN 'postmaster' THEN 'it changes when the server is restarted'
            WHEN 'superuser-backend' THEN 'it changes for new sessions' WHEN 'backend' THEN 'it changes for new sessions'
            ELSE 'it changes with the reload that follows' END AS text
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
UNION ALL
SELECT 'note', 'now ' || CASE WHEN s.name = ANY (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
                              THEN 'not shown' ELSE s.setting || coalesce(' (in ' || s.unit || ')', '') END || ', from ' || s.source
       || coalesce(', at least ' || s.min_val || ', at most ' || s.max_val, '') || coalesce(', one of ' || pg_catalog.array_to_string(s.enumvals, ', '), '')
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
UNION ALL
SELECT 'refuse', 'no right: only superusers may, before PostgreSQL 15' WHERE NOT pg_catalog.current_setting('is_superuser')::pg_catalog.bool
-- before since 150000
SELECT CASE WHEN s.context = 'internal' THEN 'refuse' WHEN s.context = 'postmaster' THEN 'warn' ELSE 'note' END AS mark,
       CASE s.context WHEN 'internal' THEN 'it cannot be changed' WHEN 'postmaster' THEN 'it changes when the server is restarted'
            WHEN 'superuser-backend' THEN 'it changes for new sessions' WHEN 'backend' THEN 'it changes for new sessions'
            ELSE 'it changes with the reload that follows' END AS text
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
UNION ALL
SELECT 'note', 'now ' || CASE WHEN s.name = ANY (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
                              THEN 'not shown' ELSE s.setting || coalesce(' (in ' || s.unit || ')', '') END || ', from ' || s.source
       || coalesce(', at least ' || s.min_val || ', at most ' || s.max_val, '') || coalesce(', one of ' || pg_catalog.array_to_string(s.enumvals, ', '), '')
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
UNION ALL
SELECT 'refuse', 'no right: GRANT ALTER SYSTEM ON PARAMETER ' || $1 || ' TO ' || pg_catalog.quote_ident(current_user)
 WHERE NOT pg_catalog.has_parameter_privilege($1, 'ALTER SYSTEM')
UNION ALL
SELECT 'refuse', 'no right to reload: GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO ' || pg_catalog.quote_ident(current_user)
 WHERE NOT pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE')
-- statement
ALTER SYSTEM RESET %{name}
-- statement
SELECT pg_catalog.pg_reload_conf()
-- measure
SELECT 'value' AS label, 'text' AS unit, pg_catalog.current_setting($1) AS value
 WHERE $1 <> ALL (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
UNION ALL
SELECT 'waits for a restart', 'text', CASE WHEN s.pending_restart THEN 'yes' ELSE 'no' END
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
-- undo
SELECT CASE WHEN s.sourcefile LIKE '%postgresql.auto.conf' THEN 'ALTER SYSTEM SET ' || pg_catalog.quote_ident(s.name) || ' = ' || pg_catalog.quote_literal(pg_catalog.current_setting(s.name))
            ELSE 'ALTER SYSTEM RESET ' || pg_catalog.quote_ident(s.name) END || '; SELECT pg_reload_conf()' AS statement
  FROM pg_catalog.pg_settings AS s
 WHERE s.name = $1
   AND s.name <> ALL (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
