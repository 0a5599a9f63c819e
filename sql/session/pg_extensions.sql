-- Which extensions there are, and where: search_path is empty-handed, so their objects are named with their schema.
SELECT e.extname::pg_catalog.text AS name, n.nspname::pg_catalog.text AS schema, e.extversion AS version
  FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
 ORDER BY 1
