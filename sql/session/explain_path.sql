-- The search_path that the author's sessions have here: as set for the role in this database, the role, the database, or the server.
-- $1 = author, NULL = this session's own.
WITH set_for AS (
    SELECT pg_catalog.substr(c.line, 13) AS path,
           CASE WHEN s.setrole OPERATOR(pg_catalog.<>) 0::pg_catalog.oid THEN 2 ELSE 0 END OPERATOR(pg_catalog.+)
           CASE WHEN s.setdatabase OPERATOR(pg_catalog.<>) 0::pg_catalog.oid THEN 1 ELSE 0 END AS rank,
           COALESCE(r.rolname::pg_catalog.text, '') AS role
      FROM pg_catalog.pg_db_role_setting AS s
      LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) s.setrole
      LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
     CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (line)
     WHERE pg_catalog.starts_with(c.line, 'search_path=')
       AND (s.setdatabase OPERATOR(pg_catalog.=) 0::pg_catalog.oid OR d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))
SELECT pg_catalog.replace(
           COALESCE((SELECT path FROM set_for
                      WHERE role OPERATOR(pg_catalog.=) '' OR role OPERATOR(pg_catalog.=) COALESCE($1::pg_catalog.text, SESSION_USER::pg_catalog.text)
                      ORDER BY rank DESC LIMIT 1),
                    CASE WHEN EXISTS (SELECT FROM set_for WHERE role OPERATOR(pg_catalog.=) SESSION_USER::pg_catalog.text)
                         THEN p.boot_val ELSE p.reset_val END),
           '"$user"', pg_catalog.quote_ident(COALESCE($1::pg_catalog.text, SESSION_USER::pg_catalog.text))) AS path
  FROM pg_catalog.pg_settings AS p
 WHERE p.name OPERATOR(pg_catalog.=) 'search_path'
