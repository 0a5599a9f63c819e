-- Schemas that have what a statement names, those with most of it first, then those of extensions. A superuser plans only in schemas of
-- superusers, of the database's owner and of the author: their operators are called. $1 = names (JSON list), $2 = author.
WITH trusted AS (
    SELECT n.oid, n.nspname
      FROM pg_catalog.pg_namespace AS n
      JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) n.nspowner
     WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
       AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
       AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
       AND (o.rolsuper OR o.rolname OPERATOR(pg_catalog.=) 'pg_database_owner' OR o.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name
            OR o.oid OPERATOR(pg_catalog.=) (SELECT datdba FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
            OR NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) SESSION_USER))),
found AS (
    SELECT t.nspname, pg_catalog.count(*) AS hits
      FROM pg_catalog.pg_class AS c
      JOIN trusted AS t ON t.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json)))
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     GROUP BY t.nspname
     UNION ALL
    SELECT t.nspname, 0
      FROM pg_catalog.pg_extension AS e
      JOIN trusted AS t ON t.oid OPERATOR(pg_catalog.=) e.extnamespace)
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(f.nspname::pg_catalog.text), ', ' ORDER BY f.hits DESC, f.nspname) AS path
  FROM (SELECT nspname, pg_catalog.max(hits) AS hits FROM found GROUP BY nspname ORDER BY 2 DESC, 1 LIMIT 30) AS f
