-- What this session may do that the statement's author may not: planning runs the author's functions with this session's rights.
-- The login counts, not the role taken on, for a function can take that off; and so does every role that the login is a member of,
-- whether or not its rights are inherited, for a function can take that on. $1 = author.
WITH me AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER),
     author AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) $1::pg_catalog.name),
     mine AS MATERIALIZED (
         SELECT r.*, r.oid OPERATOR(pg_catalog.=) me.oid AS itself, pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE') AS inherited
           FROM pg_catalog.pg_roles AS r, me
          WHERE r.oid OPERATOR(pg_catalog.=) me.oid OR (NOT me.rolsuper AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER'))),
     theirs AS MATERIALIZED (
         SELECT r.*, r.oid OPERATOR(pg_catalog.=) author.oid AS itself, pg_catalog.pg_has_role(author.oid, r.oid, 'USAGE') AS inherited
           FROM pg_catalog.pg_roles AS r, author
          WHERE pg_catalog.pg_has_role(author.oid, r.oid, 'MEMBER')),
     attributes AS (
         SELECT a.place, a.name OPERATOR(pg_catalog.||) CASE WHEN pg_catalog.bool_or(m.itself) THEN ''
                    ELSE pg_catalog.format(' (as role %s)', pg_catalog.min(m.rolname::pg_catalog.text)) END AS name
           FROM mine AS m
          CROSS JOIN LATERAL (VALUES (1, 'SUPERUSER', m.rolsuper AND NOT m.itself), (2, 'CREATEROLE', m.rolcreaterole),
                                     (3, 'REPLICATION', m.rolreplication), (4, 'BYPASSRLS', m.rolbypassrls)) AS a (place, name, has)
          WHERE a.has
            AND NOT EXISTS (SELECT FROM theirs AS t
                             WHERE CASE a.place WHEN 1 THEN t.rolsuper WHEN 2 THEN t.rolcreaterole
                                                WHEN 3 THEN t.rolreplication ELSE t.rolbypassrls END)
          GROUP BY a.place, a.name)
SELECT me.rolname::pg_catalog.text AS login, me.rolsuper AS super, author.oid IS NOT NULL AS known,
       COALESCE(author.rolsuper, false) AS author_super, me.oid OPERATOR(pg_catalog.=) author.oid AS same,
       pg_catalog.concat_ws(', ',
           (SELECT pg_catalog.string_agg(a.name, ', ' ORDER BY a.place) FROM attributes AS a),
           (SELECT pg_catalog.string_agg(r.rolname::pg_catalog.text, ', ' ORDER BY r.rolname)
              FROM pg_catalog.pg_roles AS r
             WHERE r.rolname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY['pg_execute_server_program', 'pg_write_server_files',
                       'pg_read_server_files', 'pg_write_all_data', 'pg_signal_backend', 'pg_maintain', 'pg_checkpoint',
                       'pg_create_subscription', 'pg_signal_autovacuum_worker'])
               AND pg_catalog.pg_has_role(me.oid, r.oid, 'MEMBER')
               AND NOT COALESCE(pg_catalog.pg_has_role(author.oid, r.oid, 'MEMBER'), false))) AS stronger,
       CASE WHEN NOT me.rolsuper THEN
           (SELECT c.oid::pg_catalog.regclass::pg_catalog.text
              FROM mine AS m
             CROSS JOIN pg_catalog.pg_class AS c
             CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS p (name)
             WHERE (m.itself OR NOT m.inherited)
               AND c.relkind IN ('r', 'p', 'v', 'f')
               AND c.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid
               AND pg_catalog.has_table_privilege(m.oid, c.oid, p.name)
               AND NOT EXISTS (SELECT FROM theirs AS t
                                WHERE (t.itself OR NOT t.inherited OR t.rolsuper) AND pg_catalog.has_table_privilege(t.oid, c.oid, p.name))
             LIMIT 1) END AS writes
  FROM me LEFT JOIN author ON true
