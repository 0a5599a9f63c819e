-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "JSONB: @> of a type that 23 % of the rows have, the same index"
claimed: "100x faster"
least: 100
measure: times
order: 51
note: "an index does not help to find what is everywhere"
*/
-- with:
CREATE INDEX idx_bridge_transactions_metadata_path ON bridge_transactions USING gin (metadata jsonb_path_ops);
-- query:
SELECT id, created_at FROM bridge_transactions WHERE metadata @> '{"asset_type": "type_0"}';
