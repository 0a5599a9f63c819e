/* dytop action
title: Change the setting
about: Written to postgresql.auto.conf, then the configuration is reloaded.
target: setting
value: {name: VALUE, needed: yes}
secrets: [primary_conninfo, ssl_passphrase_command, archive_command, restore_command, archive_cleanup_command, recovery_end_command]
lists: [local_preload_libraries, search_path, session_preload_libraries, shared_preload_libraries, temp_tablespaces, unix_socket_directories]
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
                              THEN 'not shown' ELSE CASE s.source WHEN 'session' THEN s.reset_val ELSE s.setting END || coalesce(' (in ' || s.unit || ')', '') END
       || CASE s.source WHEN 'session' THEN '' ELSE ', from ' || s.source END
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
                              THEN 'not shown' ELSE CASE s.source WHEN 'session' THEN s.reset_val ELSE s.setting END || coalesce(' (in ' || s.unit || ')', '') END
       || CASE s.source WHEN 'session' THEN '' ELSE ', from ' || s.source END
       || coalesce(', at least ' || s.min_val || ', at most ' || s.max_val, '') || coalesce(', one of ' || pg_catalog.array_to_string(s.enumvals, ', '), '')
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
UNION ALL
SELECT 'refuse', 'no right: GRANT ALTER SYSTEM ON PARAMETER ' || $1 || ' TO ' || pg_catalog.quote_ident(current_user)
 WHERE NOT pg_catalog.has_parameter_privilege($1, 'ALTER SYSTEM')
UNION ALL
SELECT 'refuse', 'no right to reload: GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO ' || pg_catalog.quote_ident(current_user)
 WHERE NOT pg_catalog.has_function_privilege('pg_catalog.pg_reload_conf()', 'EXECUTE')
-- statement
ALTER SYSTEM SET %{name} = %{value}
-- statement
SELECT pg_catalog.pg_reload_conf()
-- measure
SELECT 'value' AS label, 'text' AS unit,
       CASE s.source WHEN 'session' THEN s.reset_val || coalesce(' ' || s.unit, '') ELSE pg_catalog.current_setting($1) END AS value
  FROM pg_catalog.pg_settings AS s
 WHERE s.name = $1 AND $1 <> ALL (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
UNION ALL
SELECT 'waits for a restart', 'text', CASE WHEN s.pending_restart THEN 'yes' ELSE 'no' END
  FROM pg_catalog.pg_settings AS s WHERE s.name = $1
-- undo
-- By what the file had ($3), not by what is in force here. A list is written entry by entry: as one text it would be one entry.
SELECT CASE WHEN o.known AND o.was IS NULL THEN 'ALTER SYSTEM RESET ' || pg_catalog.quote_ident(s.name) || '; SELECT pg_reload_conf()'
            WHEN o.known AND v.text IS NOT NULL
            THEN 'ALTER SYSTEM SET ' || pg_catalog.quote_ident(s.name) || ' = ' || v.text || '; SELECT pg_reload_conf()' END AS statement,
       CASE WHEN NOT o.known THEN 'this role may not see what postgresql.auto.conf has for it; GRANT '
                                  || CASE WHEN s.context <> 'postmaster' AND s.source = 'configuration file'
                                          THEN 'pg_read_all_settings TO ' || pg_catalog.quote_ident(current_user)
                                          ELSE 'SELECT ON pg_file_settings TO ' || pg_catalog.quote_ident(current_user)
                                               || '; GRANT EXECUTE ON FUNCTION pg_show_all_file_settings() TO ' || pg_catalog.quote_ident(current_user) END
            WHEN o.was IS NOT NULL AND v.text IS NULL THEN 'the list that postgresql.auto.conf has for it cannot be read' END AS unknown
  FROM pg_catalog.pg_settings AS s,
       LATERAL (SELECT $3::pg_catalog.text IS NOT NULL OR (s.context <> 'postmaster' AND (s.source = 'default' OR (s.source = 'configuration file'
                                                                                                  AND s.sourcefile IS NOT NULL))) AS known,
                       CASE WHEN $3 LIKE '=%' THEN pg_catalog.substr($3, 2)
                            WHEN $3 IS NULL AND s.sourcefile LIKE '%/postgresql.auto.conf' THEN pg_catalog.current_setting(s.name) END AS was) AS o,
       LATERAL (SELECT CASE WHEN s.name <> ALL (ARRAY['local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries',
                                                      'temp_tablespaces', 'unix_socket_directories'])
                            THEN pg_catalog.quote_literal(o.was)
                            WHEN pg_catalog.regexp_replace(o.was, '"([^"]|"")*"|[^",[:space:]][^",]*', '', 'g') ~ '^[[:space:],]*$'
                            THEN coalesce((SELECT pg_catalog.string_agg(pg_catalog.quote_literal(
                                                      CASE WHEN e.part[1] IS NOT NULL THEN pg_catalog.replace(e.part[1], '""', '"')
                                                           WHEN s.name IN ('search_path', 'temp_tablespaces') THEN pg_catalog.lower(pg_catalog.btrim(e.part[2]))
                                                           ELSE pg_catalog.btrim(e.part[2]) END), ', ' ORDER BY e.place)
                                             FROM pg_catalog.regexp_matches(o.was, '"((?:[^"]|"")*)"|([^",[:space:]][^",]*)', 'g')
                                                  WITH ORDINALITY AS e (part, place)), '''''') END AS text) AS v
 WHERE s.name = $1
   AND s.name <> ALL (ARRAY['primary_conninfo', 'ssl_passphrase_command', 'archive_command', 'restore_command', 'archive_cleanup_command', 'recovery_end_command'])
