-- Where an extension is. $1 = name.
SELECT pg_catalog.quote_ident(n.nspname::pg_catalog.text) AS schema, e.extversion AS version
  FROM pg_catalog.pg_extension AS e
  JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) e.extnamespace
 WHERE e.extname OPERATOR(pg_catalog.=) $1::pg_catalog.name
