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
   AND EXISTS (SELECT FROM pg_catalog.pg_depend AS o WHERE o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND o.objid = p.oid
                  AND o.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND o.refobjid = e.oid AND o.deptype = 'e')
UNION ALL
SELECT 'refuse', 'another function of that name is there, which might be called instead: ' || pg_catalog.quote_ident(n.nspname) || '.'
       || pg_catalog.quote_ident(p.proname) || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || '), owned by '
       || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(p.proowner))
  FROM pg_catalog.pg_extension AS e
       JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
       JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pg_stat_statements_reset'
 WHERE e.extname = 'pg_stat_statements'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS o WHERE o.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND o.objid = p.oid
                      AND o.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND o.refobjid = e.oid AND o.deptype = 'e')
-- statement
SELECT %{extension}.pg_stat_statements_reset(0::pg_catalog.oid, 0::pg_catalog.oid, %{query}::pg_catalog.int8)
