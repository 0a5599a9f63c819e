-- What this session may do that the statement's author may not: planning runs the author's functions with this session's rights.
-- The login counts, not the role taken on, for a function can take that off. $1 = author.
WITH me AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER),
     author AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name)
SELECT me.rolname::pg_catalog.text AS login, me.rolsuper AS super, author.oid IS NOT NULL AS known,
       COALESCE(author.rolsuper, false) AS author_super, me.oid OPERATOR(pg_catalog.=) author.oid AS same,
       pg_catalog.concat_ws(', ',
           CASE WHEN me.rolcreaterole AND NOT COALESCE(author.rolcreaterole, false) THEN 'CREATEROLE' END,
           CASE WHEN me.rolreplication AND NOT COALESCE(author.rolreplication, false) THEN 'REPLICATION' END,
           CASE WHEN me.rolbypassrls AND NOT COALESCE(author.rolbypassrls, false) THEN 'BYPASSRLS' END,
           (SELECT pg_catalog.string_agg(r.rolname::pg_catalog.text, ', ' ORDER BY r.rolname)
              FROM pg_catalog.pg_roles AS r
             WHERE r.rolname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['pg_execute_server_program', 'pg_write_server_files',
                       'pg_read_server_files', 'pg_write_all_data', 'pg_signal_backend', 'pg_maintain', 'pg_checkpoint',
                       'pg_create_subscription', 'pg_signal_autovacuum_worker'])
               AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER')
               AND NOT COALESCE(pg_catalog.pg_has_role(author.oid, r.oid, 'MEMBER'), false))) AS stronger,
       CASE WHEN NOT me.rolsuper THEN
           (SELECT c.oid::pg_catalog.regclass::pg_catalog.text
              FROM pg_catalog.pg_class AS c
             CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (name)
             WHERE c.relkind IN ('r', 'p', 'v', 'f')
               AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
               AND pg_catalog.has_table_privilege(me.oid, c.oid, p.name)
               AND NOT COALESCE(pg_catalog.has_table_privilege(author.oid, c.oid, p.name), false)
             LIMIT 1) END AS writes
  FROM me LEFT JOIN author ON true
