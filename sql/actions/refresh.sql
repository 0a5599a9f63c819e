/* dytop action
title: Refresh the materialized view
about: Runs the view's query and writes the difference; readers go on, other refreshes wait. Never the form that blocks readers.
target: matview
privilege: [owner, maintain]
weight: word
builds: yes
lock_timeout: 2s
rate: 20MB
*/
-- before
SELECT 'refuse' AS mark, 'it was never filled: the first REFRESH cannot be concurrent, and the other form blocks readers' AS text
  FROM pg_catalog.pg_class AS c WHERE c.oid = $1::pg_catalog.oid AND NOT c.relispopulated
UNION ALL
SELECT 'refuse', 'it has no unique index on plain columns without WHERE, which CONCURRENTLY needs: create one first (create_index)'
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_index AS x
                    WHERE x.indrelid = $1::pg_catalog.oid AND x.indisunique AND x.indisvalid AND x.indimmediate
                      AND x.indpred IS NULL AND x.indexprs IS NULL)
-- statement
REFRESH MATERIALIZED VIEW CONCURRENTLY %{target}
-- measure
SELECT m.label, m.unit, m.value
  FROM pg_catalog.pg_class AS c
       LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON s.relid = c.oid,
       LATERAL (VALUES (1, 'size', 'bytes', pg_catalog.pg_total_relation_size(c.oid)::pg_catalog.float8),
                       (2, 'live rows', 'count', s.n_live_tup::pg_catalog.float8),
                       (3, 'dead rows', 'count', s.n_dead_tup::pg_catalog.float8)) AS m (n, label, unit, value)
 WHERE c.oid = $1::pg_catalog.oid
 ORDER BY m.n
