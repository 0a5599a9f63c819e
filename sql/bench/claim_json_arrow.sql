-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "JSONB: ->> of that rare type, with the report's GIN index"
claimed: "100x faster"
least: 100
measure: times
order: 52
note: "->> yields a text, which no GIN index on the column answers"
*/
-- with:
CREATE INDEX idx_bridge_transactions_metadata_path ON bridge_transactions USING gin (metadata jsonb_path_ops);
-- query:
SELECT id, created_at FROM bridge_transactions WHERE metadata ->> 'asset_type' = 'rare_nft';
