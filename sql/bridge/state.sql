-- SPDX-License-Identifier: PostgreSQL
-- Where this session is. $1: the schema that was asked for, NULL = the first of search_path.
-- `objects`: relations, functions and types in all schemas but the server's own and those of extensions.

SELECT coalesce($1, current_schema()) AS schema,
	(SELECT oid IS NOT NULL FROM pg_catalog.pg_namespace WHERE nspname = coalesce($1, current_schema())) AS schema_is_there,
	'CREATE SCHEMA ' || pg_catalog.quote_ident($1) AS make_schema,
	pg_catalog.pg_is_in_recovery() AS standby,
	current_setting('transaction_read_only') = 'on' AS read_only,
	(SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e'))
	+ (SELECT count(*) FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
		WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')) AS objects,
	pg_catalog.to_regclass(h.prefix || 'dytop_bridge_migrations') IS NOT NULL AS has_records,
	pg_catalog.to_regclass(h.prefix || 'dytop_bridge_rows') IS NOT NULL AS has_loads,
	pg_catalog.to_regclass(h.prefix || 'bridge_transactions') IS NOT NULL AS has_transactions,
	(SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(h.prefix || 'bridge_transactions')) AS partitioned,
	(SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ') FROM pg_catalog.pg_class AS c
		JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = 'i' AND n.nspname = coalesce($1, current_schema())
		AND c.relname ~ '^(idx_bridge_transactions|idx_validator_signatures|bridge_transactions|validator_signatures)_.*_cc(new|old)[0-9]*$')
		AS leftovers,
	-- a table that search_path finds behind the schema that new ones go to: they would stand before it
	(SELECT pg_catalog.string_agg(c.oid::regclass::text || ' of schema ' || n.nspname, ', ') FROM (VALUES ('bridge_transactions'),
			('validator_signatures'), ('asset_metadata'), ('chain_configs'), ('bridge_state')) AS t (name)
		JOIN pg_catalog.pg_class AS c ON c.oid = pg_catalog.to_regclass(t.name)
		JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname <> coalesce($1, current_schema())) AS elsewhere,
	-- of the partitioned layout: rows of no month can be counted
	coalesce(pg_catalog.has_table_privilege(pg_catalog.to_regclass(h.prefix || 'bridge_transactions_other'), 'SELECT'), false) AS has_other
FROM (SELECT pg_catalog.quote_ident(coalesce($1, current_schema())) || '.' AS prefix) AS h
