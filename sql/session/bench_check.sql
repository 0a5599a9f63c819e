-- The tables that a workload needs. $1 = their names, as text[].
SELECT t.name, pg_catalog.to_regclass(t.name) IS NULL AS missing,
	(SELECT sum(greatest(c.reltuples, 0))::int8 FROM pg_catalog.pg_class AS c
		WHERE c.oid = pg_catalog.to_regclass(t.name)
			OR c.oid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = pg_catalog.to_regclass(t.name))) AS rows
FROM unnest($1::text[]) WITH ORDINALITY AS t (name, n)
ORDER BY t.n
