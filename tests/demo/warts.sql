-- SPDX-License-Identifier: PostgreSQL
-- What a grown database has and the dashboard must find: indexes that repeat others, and one that a failed build left behind.

CREATE INDEX idx_bridge_transactions_id_hash ON bridge_transactions USING hash (id);
CREATE INDEX idx_bridge_transactions_status_again ON bridge_transactions (status);
CREATE INDEX idx_validator_signatures_tx_prefix ON validator_signatures (bridge_tx_id);
-- Refused, as the types are not unique: an invalid index stays.
\set ON_ERROR_STOP 0
CREATE UNIQUE INDEX CONCURRENTLY idx_validator_signatures_type_unique ON validator_signatures (signature_type);
