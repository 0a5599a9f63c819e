-- SPDX-License-Identifier: PostgreSQL
-- Transactions number :from to :to of :rows, with the skews of a running bridge: 90 % completed, a few chains carry most, amounts
-- lognormal, a year of them in the order of time. Run with psql -v from=1 -v to=50000 -v rows=200000; the same numbers
-- give the same rows, but for the time, which ends now.

SELECT setseed(0.42 + :from / 1e9);

INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address,
	dest_address, source_tx_hash, dest_tx_hash, status, created_at, updated_at, validator_signatures, metadata)
SELECT 'btx_' || md5(i::text), asset, round(amount * 10 ^ decimals)::bigint, decimals, source, dest,
	'0x' || md5('s' || i % 50000), '0x' || md5('r' || i % 70000), '0x' || md5('h' || i) || md5('H' || i),
	CASE WHEN status IN ('completed', 'minted') THEN '0x' || md5('d' || i) || md5('D' || i) END, status, t,
	t + CASE WHEN status = 'pending' THEN interval '0' ELSE interval '3 min' * (0.2 + r5) END,
	CASE WHEN status = 'pending' THEN '[]' ELSE jsonb_build_array(jsonb_build_object('v', 'val-' || i % 21), jsonb_build_object('v',
		'val-' || (i + 7) % 21)) END,
	jsonb_build_object('asset_type', CASE WHEN r7 < 0.0005 THEN 'rare_nft' ELSE 'type_' || floor(r7 * r7 * 19)::int END,
		'asset_metadata', jsonb_build_object('symbol', upper(asset)),
		'pqc', jsonb_build_object('algo', (ARRAY['dilithium3', 'falcon512', 'sphincs'])[1 + floor(r8 * 3)::int], 'level',
			1 + floor(r8 * 5)::int),
		'memo', md5('m' || i), 'nonce', i, 'fee', round((r5 * 10)::numeric, 4),
		'tags', jsonb_build_array('t' || i % 97, 'u' || i % 13), 'priority', r1 > 0.5)
FROM (SELECT s.*, a.asset, a.decimals,
		CASE WHEN r1 < 0.90 THEN 'completed' WHEN r1 < 0.93 THEN 'failed' WHEN r1 < 0.94 THEN 'reversed'
			WHEN r1 < 0.965 THEN 'pending' WHEN r1 < 0.985 THEN 'confirmed' WHEN r1 < 0.995 THEN 'locked' ELSE 'minted' END AS status,
		(ARRAY['ethereum', 'bsc', 'polygon', 'cosmos', 'polkadot', 'avalanche', 'solana', 'dytallix'])[1 + floor(r2 * r2 * 8)::int]
			AS source,
		(ARRAY['dytallix', 'ethereum', 'bsc', 'polygon', 'cosmos', 'polkadot', 'avalanche', 'solana'])[1 + floor(r3 * r3 * 8)::int]
			AS dest,
		least(exp(4.8 + 1.65 * sqrt(-2 * ln(1 - r5)) * cos(2 * pi() * r6)), 1e9) AS amount
	FROM (SELECT i, now() - (365.0 * (1 - i / :rows.0)) * interval '1 day' AS t, random() AS r1, random() AS r2, random() AS r3,
			random() AS r4, random() AS r5, random() AS r6, random() AS r7, random() AS r8
		FROM generate_series(:from, :to) AS i) AS s
	JOIN (SELECT (row_number() OVER (ORDER BY asset_id))::int AS n, asset_id AS asset, decimals FROM asset_metadata) AS a
		ON a.n = 1 + floor(s.r4 * 8)::int) AS x
ORDER BY i;

-- Three signatures each for every fifth transaction.
INSERT INTO validator_signatures (bridge_tx_id, validator_id, signature_data, created_at)
SELECT 'btx_' || md5(i::text), 'val-' || (i + 7 * v) % 21, decode(repeat(md5(i || '/' || v), 4), 'hex'),
	now() - (365.0 * (1 - i / :rows.0)) * interval '1 day'
FROM generate_series(:from, :to) AS i CROSS JOIN generate_series(0, 2) AS v
WHERE i % 5 = 0;
