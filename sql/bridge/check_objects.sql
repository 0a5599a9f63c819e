-- SPDX-License-Identifier: PostgreSQL
-- What of the bridge's schema the current schema has: a row for each thing wanted, in the order of the files.
-- kind, name, relation, belongs (the set), state (present, missing, invalid, building, differs), detail, fix.
-- `differs` of a table or view means that it is another one than the bridge's: nothing may be done to it. `fix` is the statement
-- that removes an index which a failed build left behind.
-- Definitions are compared as the server prints them, without casts, blanks and parentheses, which differ between versions.

WITH
here AS (SELECT oid, nspname FROM pg_catalog.pg_namespace WHERE nspname = current_schema()),
rel AS (SELECT c.oid, c.relname, c.relkind FROM pg_catalog.pg_class AS c JOIN here ON here.oid = c.relnamespace),
want_table (n, name) AS (VALUES (1, 'bridge_transactions'), (2, 'validator_signatures'), (3, 'asset_metadata'), (4, 'chain_configs'),
	(5, 'bridge_state')),
want_column (relation, name, type) AS (VALUES
	('bridge_transactions', 'id', 'text'), ('bridge_transactions', 'asset_id', 'text'),
	('bridge_transactions', 'asset_amount', 'bigint'), ('bridge_transactions', 'asset_decimals', 'integer'),
	('bridge_transactions', 'source_chain', 'text'), ('bridge_transactions', 'dest_chain', 'text'),
	('bridge_transactions', 'source_address', 'text'), ('bridge_transactions', 'dest_address', 'text'),
	('bridge_transactions', 'source_tx_hash', 'text'), ('bridge_transactions', 'dest_tx_hash', 'text'),
	('bridge_transactions', 'status', 'text'), ('bridge_transactions', 'created_at', 'timestamp with time zone'),
	('bridge_transactions', 'updated_at', 'timestamp with time zone'), ('bridge_transactions', 'validator_signatures', 'jsonb'),
	('bridge_transactions', 'metadata', 'jsonb'),
	('validator_signatures', 'id', 'integer'), ('validator_signatures', 'bridge_tx_id', 'text'),
	('validator_signatures', 'validator_id', 'text'), ('validator_signatures', 'signature_data', 'bytea'),
	('validator_signatures', 'signature_type', 'text'), ('validator_signatures', 'created_at', 'timestamp with time zone'),
	('asset_metadata', 'asset_id', 'text'), ('asset_metadata', 'name', 'text'), ('asset_metadata', 'symbol', 'text'),
	('asset_metadata', 'description', 'text'), ('asset_metadata', 'decimals', 'integer'), ('asset_metadata', 'icon_url', 'text'),
	('asset_metadata', 'created_at', 'timestamp with time zone'),
	('chain_configs', 'chain_name', 'text'), ('chain_configs', 'chain_type', 'text'), ('chain_configs', 'config_data', 'jsonb'),
	('chain_configs', 'is_active', 'boolean'), ('chain_configs', 'created_at', 'timestamp with time zone'),
	('chain_configs', 'updated_at', 'timestamp with time zone'),
	('bridge_state', 'key', 'text'), ('bridge_state', 'value', 'jsonb'), ('bridge_state', 'updated_at', 'timestamp with time zone')),
want_view (n, name, columns) AS (VALUES
	(1, 'daily_bridge_stats', 'transaction_date date, source_chain text, dest_chain text, status text, transaction_count bigint, '
		'total_volume double precision, avg_amount double precision, min_amount double precision, max_amount double precision, '
		'assets bigint'),
	(2, 'validator_performance_stats', 'validator_id text, signatures bigint, transactions bigint, avg_seconds numeric, '
		'last_signature timestamp with time zone'),
	(3, 'chain_performance_stats', 'source_chain text, dest_chain text, transactions bigint, completed bigint, failed bigint, '
		'avg_seconds numeric, volume double precision')),
want_index (n, belongs, relation, name, is_unique, def) AS (VALUES
	(10, 'baseline', 'bridge_transactions', 'bridge_transactions_pkey', true, 'btree (id)'),
	(11, 'baseline', 'validator_signatures', 'validator_signatures_pkey', true, 'btree (id)'),
	(12, 'baseline', 'validator_signatures', 'validator_signatures_bridge_tx_id_validator_id_key', true,
		'btree (bridge_tx_id, validator_id)'),
	(13, 'baseline', 'asset_metadata', 'asset_metadata_pkey', true, 'btree (asset_id)'),
	(14, 'baseline', 'chain_configs', 'chain_configs_pkey', true, 'btree (chain_name)'),
	(15, 'baseline', 'bridge_state', 'bridge_state_pkey', true, 'btree (key)'),
	(20, 'baseline', 'bridge_transactions', 'idx_bridge_transactions_status', false, 'btree (status)'),
	(21, 'baseline', 'bridge_transactions', 'idx_bridge_transactions_source_chain', false, 'btree (source_chain)'),
	(22, 'baseline', 'bridge_transactions', 'idx_bridge_transactions_dest_chain', false, 'btree (dest_chain)'),
	(23, 'baseline', 'bridge_transactions', 'idx_bridge_transactions_created_at', false, 'btree (created_at)'),
	(24, 'baseline', 'validator_signatures', 'idx_validator_signatures_bridge_tx_id', false, 'btree (bridge_tx_id)'),
	(25, 'baseline', 'chain_configs', 'idx_chain_configs_chain_type', false, 'btree (chain_type)'),
	(40, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_status_chains', false, 'btree (status, source_chain, dest_chain) '
		'WHERE status = ANY (ARRAY[''pending'', ''confirmed'', ''locked'', ''minted''])'),
	(41, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_time_status', false, 'btree (created_at DESC, status)'),
	(42, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_asset_time', false, 'btree (asset_id, created_at DESC)'),
	(43, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_time_brin', false, 'brin (created_at) WITH (pages_per_range=''32'')'),
	(44, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_active_recent', false, 'btree (created_at DESC) INCLUDE (id) '
		'WHERE status <> ALL (ARRAY[''completed'', ''failed'', ''reversed''])'),
	(45, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_high_value', false, 'btree ((asset_amount / power(10, '
		'asset_decimals)) DESC, created_at DESC) WHERE asset_amount / power(10, asset_decimals) > 1000'),
	(46, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_failed', false, 'btree (created_at) INCLUDE (source_chain, '
		'dest_chain) WHERE status = ANY (ARRAY[''failed'', ''reversed''])'),
	(47, 'optimized', 'chain_configs', 'idx_chain_configs_active', false, 'btree (chain_name) WHERE is_active'),
	(48, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_summary_covering', false, 'btree (status, source_chain, '
		'dest_chain) INCLUDE (id, asset_id, asset_amount, created_at) WHERE status = ANY (ARRAY[''pending'', ''confirmed'', ''locked''])'),
	(49, 'optimized', 'validator_signatures', 'idx_validator_signatures_performance', false,
		'btree (validator_id, created_at) INCLUDE (bridge_tx_id, signature_type)'),
	(50, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_metadata_path', false, 'gin (metadata jsonb_path_ops)'),
	(51, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_signatures_path', false,
		'gin (validator_signatures jsonb_path_ops)'),
	(52, 'optimized', 'chain_configs', 'idx_chain_configs_config_path', false, 'gin (config_data jsonb_path_ops)'),
	(53, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_asset_type_bt', false, 'btree ((metadata ->> ''asset_type''))'),
	(54, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_amount_normal', false,
		'btree ((asset_amount / power(10, asset_decimals)))'),
	(55, 'optimized', 'bridge_transactions', 'idx_bridge_transactions_day_status', false,
		'btree (((created_at AT TIME ZONE ''UTC'')), status)'),
	(60, 'optimized', 'daily_bridge_stats', 'daily_bridge_stats_key', true,
		'btree (transaction_date, source_chain, dest_chain, status)'),
	(61, 'optimized', 'validator_performance_stats', 'validator_performance_stats_key', true, 'btree (validator_id)'),
	(62, 'optimized', 'chain_performance_stats', 'chain_performance_stats_key', true, 'btree (source_chain, dest_chain)')),
want_index_plain AS (
	SELECT w.*, pg_catalog.regexp_replace(CASE WHEN w.n = 10 AND r.relkind = 'p' THEN 'btree (id, created_at)' ELSE w.def END,
		'[() ]', '', 'g') AS plain
	FROM want_index AS w LEFT JOIN rel AS r ON r.relname = w.relation),
have_index AS (
	SELECT c.oid, c.relname, t.relname AS relation, t.relkind AS table_kind, x.indisvalid, x.indisunique, x.indexrelid,
		pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.substring(pg_catalog.pg_get_indexdef(c.oid), ' USING (.*)$'),
			'::(character varying|text|double precision|date)(\[\])?', '', 'g'), '[() ]', '', 'g') AS plain
	FROM pg_catalog.pg_index AS x JOIN rel AS c ON c.oid = x.indexrelid JOIN pg_catalog.pg_class AS t ON t.oid = x.indrelid),
-- by its name; else one that is the same under another name
index_state AS (
	SELECT w.n, w.belongs, w.relation, w.name, h.oid, h.relname AS found, h.indisvalid, h.plain = w.plain AND h.relation = w.relation
		AND (h.indisunique OR NOT w.is_unique) AS same, h.relation AS found_on, r.relkind, w.def
	FROM want_index_plain AS w LEFT JOIN rel AS r ON r.relname = w.name
		LEFT JOIN LATERAL (SELECT * FROM have_index AS h WHERE h.relname = w.name
			OR (r.oid IS NULL AND h.relation = w.relation AND h.plain = w.plain AND h.indisvalid
				AND (h.indisunique OR NOT w.is_unique)) LIMIT 1) AS h ON true),
building AS (SELECT index_relid, pid FROM pg_catalog.pg_stat_progress_create_index WHERE datname = current_database()),
-- text and varchar of any length are one here
column_state AS (
	SELECT w.relation, w.name, w.type, a.attname IS NOT NULL AS there,
		pg_catalog.regexp_replace(pg_catalog.format_type(a.atttypid, -1), '^character varying$', 'text') AS has
	FROM want_column AS w JOIN rel AS r ON r.relname = w.relation
		LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attname = w.name AND a.attnum > 0 AND NOT a.attisdropped),
view_columns AS (
	SELECT r.relname, pg_catalog.string_agg(a.attname || ' ' || pg_catalog.regexp_replace(pg_catalog.format_type(a.atttypid, -1),
		'^character varying$', 'text'), ', ' ORDER BY a.attnum) AS columns
	FROM rel AS r JOIN want_view AS w ON w.name = r.relname JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0
		AND NOT a.attisdropped GROUP BY 1),
found (n, kind, name, relation, belongs, state, detail, fix) AS (
	SELECT 0, 'extension', 'pg_stat_statements', NULL, 'baseline', CASE WHEN e.extname IS NULL THEN 'missing' ELSE 'present' END,
		CASE WHEN e.extname IS NULL THEN 'statement times and texts are not kept' ELSE e.extversion END, NULL
	FROM (VALUES (1)) AS one LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = 'pg_stat_statements'
	UNION ALL
	SELECT w.n, 'table', w.name, NULL, 'baseline',
		CASE WHEN r.oid IS NULL THEN 'missing' WHEN r.relkind NOT IN ('r', 'p') OR wrong.text IS NOT NULL THEN 'differs'
			WHEN r.relkind = 'p' AND w.n > 1 THEN 'differs' ELSE 'present' END,
		CASE WHEN r.relkind NOT IN ('r', 'p') THEN 'it is no table' WHEN wrong.text IS NOT NULL THEN wrong.text
			WHEN r.relkind = 'p' THEN (SELECT 'partitioned: ' || count(*) || ' partitions' || coalesce(', the last month is '
				|| pg_catalog.substring(max(c.relname COLLATE "C") FILTER (WHERE c.relname ~ '_[0-9]{4}_[0-9]{2}$'), '[0-9]{4}_[0-9]{2}$'), '')
				FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = r.oid) END, NULL
	FROM want_table AS w LEFT JOIN rel AS r ON r.relname = w.name
		LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(CASE WHEN there THEN 'column ' || name || ' is ' || has || ', not ' || type
			ELSE 'column ' || name || ' is missing' END, '; ' ORDER BY there DESC, name) AS text FROM column_state AS c
			WHERE c.relation = w.name AND (NOT there OR has <> type)) AS wrong ON true
	UNION ALL
	SELECT n, 'index', name, relation, belongs,
		CASE WHEN relkind IS NULL AND oid IS NULL THEN 'missing' WHEN oid IS NULL THEN 'differs'
			WHEN NOT indisvalid THEN CASE WHEN EXISTS (SELECT FROM building WHERE index_relid = s.oid) THEN 'building' ELSE 'invalid' END
			WHEN same THEN 'present' ELSE 'differs' END,
		CASE WHEN relkind IS NOT NULL AND oid IS NULL THEN 'it is no index'
			WHEN NOT indisvalid THEN coalesce('backend ' || (SELECT pid FROM building WHERE index_relid = s.oid) || ' builds it',
				'left behind by a build that failed')
			WHEN NOT same THEN 'it is ' || pg_catalog.pg_get_indexdef(oid) WHEN found <> name THEN 'as ' || found END,
		CASE WHEN NOT indisvalid AND found_on = relation THEN (SELECT pg_catalog.format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I',
			nspname, name) FROM here) END
	FROM index_state AS s
	UNION ALL
	SELECT 30, 'constraint', 'validator_signatures_bridge_tx_id_fkey', 'validator_signatures', 'baseline',
		CASE WHEN c.oid IS NULL THEN CASE WHEN t.relkind = 'p' THEN 'present' ELSE 'missing' END WHEN NOT c.convalidated THEN 'invalid'
			ELSE 'present' END,
		CASE WHEN c.oid IS NULL AND t.relkind = 'p' THEN 'none: a partitioned table cannot be referred to by id alone'
			WHEN NOT c.convalidated THEN 'not validated yet' END, NULL
	FROM (VALUES (1)) AS one LEFT JOIN rel AS t ON t.relname = 'bridge_transactions'
		LEFT JOIN rel AS s ON s.relname = 'validator_signatures'
		LEFT JOIN pg_catalog.pg_constraint AS c ON c.conrelid = s.oid AND c.confrelid = t.oid AND c.contype = 'f'
	UNION ALL
	SELECT 57, 'view', w.name, NULL, 'optimized',
		CASE WHEN r.oid IS NULL THEN 'missing' WHEN r.relkind <> 'm' OR v.columns IS DISTINCT FROM w.columns THEN 'differs'
			ELSE 'present' END,
		CASE WHEN r.relkind <> 'm' THEN 'it is no materialized view' WHEN v.columns IS DISTINCT FROM w.columns THEN
			'its columns are ' || v.columns END, NULL
	FROM want_view AS w LEFT JOIN rel AS r ON r.relname = w.name LEFT JOIN view_columns AS v ON v.relname = w.name
	UNION ALL
	SELECT 70, 'role', w.name, NULL, 'roles',
		CASE WHEN r.rolname IS NULL THEN 'missing' WHEN l.lacks IS NOT NULL THEN 'differs' ELSE 'present' END,
		'it may not use ' || l.lacks, NULL
	FROM (VALUES ('dytallix_bridge', ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], ARRAY['SELECT']), ('dytop_monitor', NULL, NULL),
			('dytop_operator', NULL, NULL), ('dytop_explain', ARRAY['SELECT'], ARRAY['SELECT'])) AS w (name, of_tables, of_views)
		LEFT JOIN pg_catalog.pg_roles AS r ON r.rolname = w.name
		LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(x.name, ', ' ORDER BY x.name) AS lacks
			FROM (SELECT name, w.of_tables AS wants FROM want_table UNION ALL SELECT name, w.of_views FROM want_view) AS x
				JOIN rel ON rel.relname = x.name CROSS JOIN here
			WHERE EXISTS (SELECT FROM pg_catalog.unnest(x.wants) AS p (privilege)
				WHERE NOT pg_catalog.has_table_privilege(r.oid, rel.oid, p.privilege)
				OR NOT pg_catalog.has_schema_privilege(r.oid, here.oid, 'USAGE'))) AS l ON true
	UNION ALL
	SELECT 80, 'trigger', 'dytop_invalidate_' || event, w.name, 'trigger',
		CASE WHEN t.oid IS NULL THEN 'missing' WHEN t.tgenabled = 'D' THEN 'differs' ELSE 'present' END,
		CASE WHEN t.tgenabled = 'D' THEN 'disabled' END, NULL
	FROM want_table AS w CROSS JOIN (VALUES ('insert'), ('update'), ('delete'), ('truncate')) AS e (event)
		LEFT JOIN rel AS r ON r.relname = w.name
		LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = r.oid AND t.tgname = 'dytop_invalidate_' || event
	WHERE w.name <> 'bridge_state')
SELECT kind, name, relation, belongs, state, detail, fix FROM found ORDER BY n, name, relation
