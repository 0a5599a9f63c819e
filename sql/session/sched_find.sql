-- The table that keeps what was done when, if it is there and may be written. $1 = its name
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS target,
       pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
       AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND NOT pg_catalog.pg_is_in_recovery() AS writable
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
 WHERE c.oid OPERATOR(pg_catalog.=) (SELECT pg_catalog.to_regclass(CASE WHEN pg_catalog.set_config('search_path', p.reset_val, true) IS NOT NULL THEN $1 END)
                  FROM pg_catalog.pg_settings AS p WHERE p.name = 'search_path')
