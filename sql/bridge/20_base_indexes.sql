-- SPDX-License-Identifier: PostgreSQL
-- The indexes that the application's own schema has.

CREATE INDEX idx_bridge_transactions_status ON bridge_transactions (status);
CREATE INDEX idx_bridge_transactions_source_chain ON bridge_transactions (source_chain);
CREATE INDEX idx_bridge_transactions_dest_chain ON bridge_transactions (dest_chain);
CREATE INDEX idx_bridge_transactions_created_at ON bridge_transactions (created_at);
CREATE INDEX idx_validator_signatures_bridge_tx_id ON validator_signatures (bridge_tx_id);
CREATE INDEX idx_chain_configs_chain_type ON chain_configs (chain_type);
