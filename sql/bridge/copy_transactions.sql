-- SPDX-License-Identifier: PostgreSQL
COPY bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, dest_address,
	source_tx_hash, dest_tx_hash, status, created_at, updated_at, validator_signatures, metadata) FROM STDIN
