/* dytop action
title: Reset the statistics of the statement
about: pg_stat_statements forgets this one, in all databases and of all users.
target: query
extension: pg_stat_statements
weight: yes
alone: no
standby: yes
lock_timeout: 2s
statement_timeout: 30s
*/
-- before
SELECT 'refuse' AS mark, 'no right: GRANT EXECUTE ON FUNCTION ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(p.proname) || '('
       || pg_catalog.pg_get_function_identity_arguments(p.oid) || ') TO ' || pg_catalog.quote_ident(current_user) AS text
  FROM pg_catalog.pg_extension AS e
       JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
       JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pg_stat_statements_reset'
 WHERE e.extname = 'pg_stat_statements' AND NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
-- statement
SELECT %{extension}.pg_stat_statements_reset(0, 0, %{query})
