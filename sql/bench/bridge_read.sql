-- SPDX-License-Identifier: PostgreSQL
-- A cache miss: one transaction by its id.
\set i random_zipfian(1, :rows, 1.05)
SELECT id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, dest_address, status, created_at,
	validator_signatures, metadata FROM bridge_transactions WHERE id = 'btx_' || md5(:i::text);
