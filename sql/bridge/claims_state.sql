-- SPDX-License-Identifier: PostgreSQL
-- For dytop bench --claims. $1: the backend's pid as the login told it (behind a pooler it is another one). ours: a copy that an
-- earlier run left behind.
SELECT pg_catalog.pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
	pg_catalog.to_regclass('bridge_transactions') IS NOT NULL AS there,
	n.oid IS NOT NULL AS exists,
	n.oid IS NOT NULL AND coalesce(pg_catalog.obj_description(n.oid, 'pg_namespace') LIKE 'made by dytop bench --claims%', false) AS ours,
	(SELECT coalesce(sum(pg_catalog.pg_table_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class AS c
		WHERE c.oid = pg_catalog.to_regclass('bridge_transactions') OR c.oid IN (SELECT inhrelid FROM pg_catalog.pg_inherits
			WHERE inhparent = pg_catalog.to_regclass('bridge_transactions'))) AS bytes,
	(SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint FROM pg_catalog.pg_class AS c
		WHERE c.relkind <> 'p' AND (c.oid = pg_catalog.to_regclass('bridge_transactions') OR c.oid IN (SELECT inhrelid
			FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass('bridge_transactions')))) AS rows,
	pg_catalog.pg_backend_pid() = $1::int AS direct
FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'dytop_claims'
