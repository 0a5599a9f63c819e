-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
about: "the indexes that the application's own schema has"
*/
-- Each statement alone, in autocommit: CONCURRENTLY is refused inside a transaction, and on a partitioned table (there dytop leaves
-- the word out, and writers wait while an index is built).

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_status ON bridge_transactions (status);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_source_chain ON bridge_transactions (source_chain);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_dest_chain ON bridge_transactions (dest_chain);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_bridge_transactions_created_at ON bridge_transactions (created_at);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_validator_signatures_bridge_tx_id ON validator_signatures (bridge_tx_id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_chain_configs_chain_type ON chain_configs (chain_type);
