-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: optimized
about: "the report's optimisation indexes, in forms that PostgreSQL accepts and uses"
*/
-- Each statement alone, in autocommit (see 30_base_indexes). What the report has and this has not:
--   hash (id)                           repeats the primary key
--   hash (asset_id), hash (validator_id)  eight and some twenty values: with the time behind them (below) an index can choose and order
--   the age in hours                    now() is not immutable; compare created_at instead, its index serves
--   WHERE created_at > now() - 30 days  not immutable either; time_brin and, in the other layout, monthly partitions serve

-- Composite: live states by route; the newest of a state; the newest of an asset.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_status_chains
	ON bridge_transactions (status, source_chain, dest_chain) WHERE status IN ('pending', 'confirmed', 'locked', 'minted');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_time_status ON bridge_transactions (created_at DESC, status);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_asset_time ON bridge_transactions (asset_id, created_at DESC);
-- A few pages, as rows come in the order of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_time_brin
	ON bridge_transactions USING brin (created_at) WITH (pages_per_range = 32);

-- Partial: a share of the rows, so a share of the size. 1000 is meant in whole units: asset_amount counts the smallest ones.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_active_recent
	ON bridge_transactions (created_at DESC) INCLUDE (id) WHERE status NOT IN ('completed', 'failed', 'reversed');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_high_value
	ON bridge_transactions ((asset_amount / power(10::double precision, asset_decimals)) DESC, created_at DESC)
	WHERE asset_amount / power(10::double precision, asset_decimals) > 1000;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_failed
	ON bridge_transactions (created_at) INCLUDE (source_chain, dest_chain) WHERE status IN ('failed', 'reversed');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_chain_configs_active ON chain_configs (chain_name) WHERE is_active;

-- Covering: answered from the index alone, where the visibility map says that nobody needs the table.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_summary_covering
	ON bridge_transactions (status, source_chain, dest_chain) INCLUDE (id, asset_id, asset_amount, created_at)
	WHERE status IN ('pending', 'confirmed', 'locked');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_validator_signatures_performance
	ON validator_signatures (validator_id, created_at) INCLUDE (bridge_tx_id, signature_type);

-- JSONB: jsonb_path_ops is smaller and faster than the default for @>. The type is a text, so a b-tree on the expression.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_metadata_path
	ON bridge_transactions USING gin (metadata jsonb_path_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_signatures_path
	ON bridge_transactions USING gin (validator_signatures jsonb_path_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_chain_configs_config_path ON chain_configs USING gin (config_data jsonb_path_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_asset_type_bt ON bridge_transactions ((metadata ->> 'asset_type'));

-- Expressions that are immutable: the amount in whole units, the day in UTC.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_amount_normal
	ON bridge_transactions ((asset_amount / power(10::double precision, asset_decimals)));
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_day_status
	ON bridge_transactions (((created_at AT TIME ZONE 'UTC')::date), status);
