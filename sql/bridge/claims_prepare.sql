-- SPDX-License-Identifier: PostgreSQL
-- $1: rows at most. The statements that make the private copy, in order; the first row is the one that drops it.
SELECT statement FROM (VALUES
	(0, 'DROP SCHEMA IF EXISTS dytop_claims CASCADE'),
	(1, 'CREATE SCHEMA dytop_claims'),
	(2, 'COMMENT ON SCHEMA dytop_claims IS ''made by dytop bench --claims; goes with it, or with its next run'''),
	(3, pg_catalog.format('CREATE UNLOGGED TABLE dytop_claims.bridge_transactions AS SELECT * FROM %s LIMIT %s',
		pg_catalog.to_regclass('bridge_transactions'), $1::bigint)),
	(4, 'VACUUM (ANALYZE) dytop_claims.bridge_transactions'),
	(5, 'SELECT pg_catalog.set_config(''search_path'', ''dytop_claims, pg_catalog'', false)')) AS s (n, statement)
ORDER BY n
