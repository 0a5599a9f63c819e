-- SPDX-License-Identifier: PostgreSQL
-- The report's optimisation indexes, in forms that PostgreSQL accepts and uses. Each statement alone, in autocommit: CONCURRENTLY
-- is refused inside a transaction.

-- Live states by route; the newest of a state.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_status_chains
	ON bridge_transactions (status, source_chain, dest_chain) WHERE status IN ('pending', 'confirmed', 'locked', 'minted');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_time_status ON bridge_transactions (created_at DESC, status);
-- In place of "the last 30 days", whose predicate would not be immutable: small, as rows come in the order of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_time_brin
	ON bridge_transactions USING brin (created_at) WITH (pages_per_range = 32);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_active_recent
	ON bridge_transactions (created_at DESC) INCLUDE (id) WHERE status NOT IN ('completed', 'failed', 'reversed');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_high_value
	ON bridge_transactions (asset_amount, created_at) WHERE asset_amount > 1000000000;
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_failed
	ON bridge_transactions (created_at) INCLUDE (source_chain, dest_chain) WHERE status IN ('failed', 'reversed');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_chain_configs_active ON chain_configs (chain_name) WHERE is_active;
-- Answered from the index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_summary_covering
	ON bridge_transactions (status, source_chain, dest_chain) INCLUDE (id, asset_id, asset_amount, created_at)
	WHERE status IN ('pending', 'confirmed', 'locked');
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_validator_signatures_performance
	ON validator_signatures (validator_id, created_at) INCLUDE (bridge_tx_id, signature_type);
-- jsonb: path_ops is smaller and faster for @>; the type is a text, so a b-tree on the expression.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_metadata_path
	ON bridge_transactions USING gin (metadata jsonb_path_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_asset_type_bt ON bridge_transactions ((metadata ->> 'asset_type'));
-- Expressions that are immutable: the amount in whole units, the day in UTC.
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_amount_normal
	ON bridge_transactions ((asset_amount / power(10::double precision, asset_decimals)));
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_day_status
	ON bridge_transactions (((created_at AT TIME ZONE 'UTC')::date), status);
