-- SPDX-License-Identifier: PostgreSQL
-- A transaction comes in, is signed, and another one moves on.
\set n random(1, 1000000000000)
\set old random(1, :rows)
BEGIN;
INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address, dest_address,
	metadata) VALUES ('btx_' || md5('new' || :n::text), 'dgt', :n, 6, 'ethereum', 'dytallix', '0x' || md5(:n::text),
	'0x' || md5('d' || :n::text), jsonb_build_object('asset_type', 'type_' || abs(hashtext(:n::text) % 19)::text)) ON CONFLICT DO NOTHING;
INSERT INTO validator_signatures (bridge_tx_id, validator_id, signature_data) VALUES ('btx_' || md5('new' || :n::text), 'val-1',
	decode(md5(:n::text), 'hex')) ON CONFLICT DO NOTHING;
UPDATE bridge_transactions SET status = 'confirmed', updated_at = now() WHERE id = 'btx_' || md5(:old::text) AND status = 'pending';
COMMIT;
