-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "JSONB: ->> of that rare type, with a b-tree on the expression"
claimed: "100x faster"
least: 100
measure: times
order: 53
*/
-- with:
CREATE INDEX idx_bridge_transactions_asset_type_bt ON bridge_transactions ((metadata ->> 'asset_type'));
ANALYZE bridge_transactions;
-- query:
SELECT id, created_at FROM bridge_transactions WHERE metadata ->> 'asset_type' = 'rare_nft';
