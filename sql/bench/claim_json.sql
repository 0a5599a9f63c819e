-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "JSONB: @> of a type that 0.05 % of the rows have, GIN (jsonb_path_ops)"
claimed: "100x faster"
least: 100
measure: times
order: 50
*/
-- with:
CREATE INDEX idx_bridge_transactions_metadata_path ON bridge_transactions USING gin (metadata jsonb_path_ops);
-- query:
SELECT id, created_at FROM bridge_transactions WHERE metadata @> '{"asset_type": "rare_nft"}';
