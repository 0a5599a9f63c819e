-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: rows
about: "the small tables' rows that go with --rows: assets, chains, state"
before_rows: yes
*/
-- Rows that are there already stay as they are.

INSERT INTO asset_metadata (asset_id, name, symbol, description, decimals, icon_url)
SELECT lower(symbol), name, symbol, name || ' as it crosses the bridge', decimals,
	CASE WHEN decimals > 6 THEN 'https://assets.example/' || lower(symbol) || '.svg' END
FROM (VALUES ('DGT', 'Dytallix governance', 6), ('DRT', 'Dytallix reward', 6), ('USDC', 'USD coin', 6), ('ETH', 'Ether', 8),
	('BTC', 'Bitcoin', 8), ('ATOM', 'Cosmos hub', 6), ('DOT', 'Polkadot', 8), ('SOL', 'Solana', 8)) AS a (symbol, name, decimals)
ON CONFLICT DO NOTHING;

INSERT INTO chain_configs (chain_name, chain_type, config_data, is_active)
SELECT name, type, jsonb_build_object('confirmations', confirmations, 'rpc', jsonb_build_array('https://rpc-1.example/' || name,
	'https://rpc-2.example/' || name), 'pqc', true), active
FROM (VALUES ('ethereum', 'ethereum', 12, true), ('bsc', 'ethereum', 15, true), ('polygon', 'ethereum', 64, true),
	('cosmos', 'cosmos', 1, true), ('polkadot', 'polkadot', 1, true), ('avalanche', 'ethereum', 1, true),
	('solana', 'cosmos', 32, false), ('dytallix', 'dytallix', 1, true)) AS c (name, type, confirmations, active)
ON CONFLICT DO NOTHING;

INSERT INTO bridge_state (key, value) VALUES
	('last_index_maintenance', to_jsonb(now() - interval '3 days')),
	('last_analytics_refresh', to_jsonb(now() - interval '20 minutes')),
	('relay_height', '{"ethereum": 19000000}'),
	('fee_schedule', '{"base": 0.1}')
ON CONFLICT DO NOTHING;
