-- A relation by its name as SQL reads it. $1 = name. A text that is no name is an error: act_target_raw is asked then.
-- The operators here were found by the session's path; the name alone is looked for by the person's own, for this statement.
SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS target, c.relkind, c.relname,
       pg_catalog.quote_ident(r.rolname) AS owner,
       pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned, pg_catalog.pg_has_role(c.relowner, 'MEMBER') AS member,
       CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 170000
            THEN pg_catalog.has_table_privilege(coalesce(x.indrelid, c.oid), 'MAINTAIN') ELSE false END AS maintain,
       pg_catalog.pg_has_role(d.datdba, 'USAGE') AND NOT c.relisshared AS database_owned,
       c.relfilenode, coalesce(tn.quoted, pg_catalog.format('%I.%I', n.nspname, c.relname)) AS table
  FROM pg_catalog.pg_class AS c
       JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
       JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
       JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
       LEFT JOIN pg_catalog.pg_index AS x ON x.indexrelid = c.oid
       LEFT JOIN LATERAL (SELECT pg_catalog.format('%I.%I', m.nspname, t.relname) AS quoted
                            FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_namespace AS m ON m.oid = t.relnamespace
                           WHERE t.oid = x.indrelid) AS tn ON true
 WHERE c.oid = (SELECT pg_catalog.to_regclass(CASE WHEN pg_catalog.set_config('search_path', p.reset_val, true) IS NOT NULL THEN $1 END)
                  FROM pg_catalog.pg_settings AS p WHERE p.name = 'search_path')
