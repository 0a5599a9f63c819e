-- Schemas that have what a statement names, those with most of it first, then those of extensions: they are put behind the author's own
-- search_path. What is found there is planned, views with their functions too; so only what belongs to a superuser, the
-- database's owner, the author, a role that the author is in, or this session counts, unless this session is weaker than the author
-- anyway. $1 = names (JSON list), $2 = author, $3 = whether it is.
WITH owners AS (
    SELECT r.oid
      FROM pg_catalog.pg_roles AS r
     WHERE $3::pg_catalog.bool OR r.rolsuper OR r.rolname OPERATOR(pg_catalog.=) 'pg_database_owner' OR r.rolname OPERATOR(pg_catalog.=) SESSION_USER
        OR r.oid OPERATOR(pg_catalog.=) (SELECT datdba FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
        OR EXISTS (SELECT FROM pg_catalog.pg_roles AS a WHERE a.rolname OPERATOR(pg_catalog.=) $2::pg_catalog.name AND pg_catalog.pg_has_role(a.oid, r.oid, 'MEMBER'))),
trusted AS (
    SELECT n.oid, n.nspname
      FROM pg_catalog.pg_namespace AS n
     WHERE NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
       AND n.nspname OPERATOR(pg_catalog.<>) 'information_schema'
       AND n.nspowner OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT oid FROM owners))
       AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')),
found AS (
    SELECT t.nspname, pg_catalog.count(*) AS hits
      FROM pg_catalog.pg_class AS c
      JOIN trusted AS t ON t.oid OPERATOR(pg_catalog.=) c.relnamespace
     WHERE c.relname::pg_catalog.text OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.json_array_elements_text($1::pg_catalog.json)))
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
       AND c.relowner OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT oid FROM owners))
     GROUP BY t.nspname
     UNION ALL
    SELECT t.nspname, 0
      FROM pg_catalog.pg_extension AS e
      JOIN trusted AS t ON t.oid OPERATOR(pg_catalog.=) e.extnamespace)
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(f.nspname::pg_catalog.text), ', ' ORDER BY f.hits DESC, f.nspname) AS path
  FROM (SELECT nspname, pg_catalog.max(hits) AS hits FROM found GROUP BY nspname ORDER BY 2 DESC, 1 LIMIT 30) AS f
