-- What the server made of the parameters. $1 = name.
SELECT pg_catalog.format_type(t.type, NULL) AS type
  FROM pg_catalog.pg_prepared_statement() AS p
 CROSS JOIN LATERAL pg_catalog.unnest(p.parameter_types::pg_catalog.oid[]) WITH ORDINALITY AS t (type, n)
 WHERE p.name OPERATOR(pg_catalog.=) $1::pg_catalog.text
 ORDER BY t.n
