/* dytop bench
title: The bridge's application
about: Reads by id from the cache first, lists of live transactions, summaries, new transactions, signatures and changes of
  state. Writes only transactions of its own, named btx_bench_..., and removes them at the end.
schema: bridge
tables: [bridge_transactions, validator_signatures, asset_metadata, chain_configs]
domains:
  transactions: {limit: 50000}
  assets: {limit: 1000}
  chains: {limit: 1000}
  types: {limit: 1000}
statements:
  - name: transaction
    title: a transaction by its id
    weight: 600
    cache: {kind: tx, ttl: 600s, fill: 20000}
    params: [{name: id, domain: transactions, skew: 1.1}]
  - name: asset
    title: an asset's metadata
    weight: 110
    cache: {kind: asset, ttl: 3600s}
    params: [{name: id, domain: assets}]
  - name: chain
    title: a chain's configuration
    weight: 60
    cache: {kind: chain, ttl: 3600s}
    params: [{name: name, domain: chains}]
  - name: pending
    title: the newest of a live state
    weight: 30
    params: [{name: status, choice: [pending, confirmed, locked], weights: [5, 3, 1]}]
  - name: route
    title: live transactions of a route
    weight: 15
    params:
      - {name: source, domain: chains}
      - {name: dest, domain: chains}
  - name: type
    title: transactions of an asset type
    weight: 3
    params: [{name: type, domain: types}]
  - name: summary
    title: volume per day of a route
    weight: 2
    params:
      - {name: source, domain: chains}
      - {name: dest, domain: chains}
  - name: insert
    title: a new transaction with its first signature
    weight: 30
    writes: yes
    params:
      - {name: id, text: "btx_bench_{run}_{n}"}
      - {name: asset, domain: assets, skew: 0.8}
      - {name: amount, range: [1, 1000000000], skew: 0.5}
      - {name: source, domain: chains, skew: 0.8}
      - {name: dest, domain: chains, skew: 0.8}
      - {name: from, text: "0x{hex:40}"}
      - {name: to, text: "0x{hex:40}"}
      - {name: hash, text: "0x{hex:64}"}
      - {name: signature, text: "{hex:256}"}
  - name: recent
    title: one of those just made, whose state changes
    weight: 100
    cache: {kind: tx, ttl: 600s}
    params: [{name: id, made_by: insert}]
  - name: sign
    title: one more signature
    weight: 30
    writes: yes
    params:
      - {name: id, made_by: insert}
      - {name: validator, range: [2, 1000000]}
      - {name: signature, text: "{hex:256}"}
  - name: status
    title: a change of state
    weight: 20
    writes: yes
    cache: {kind: tx, drops: yes}
    params:
      - {name: id, made_by: insert}
      - {name: status, choice: [confirmed, locked, completed], weights: [3, 1, 3]}
*/
-- domain transactions
SELECT id FROM bridge_transactions ORDER BY created_at DESC LIMIT $1
-- domain assets
SELECT asset_id FROM asset_metadata ORDER BY asset_id LIMIT $1
-- domain chains
SELECT chain_name FROM chain_configs ORDER BY chain_name LIMIT $1
-- domain types
SELECT DISTINCT metadata ->> 'asset_type' FROM (SELECT metadata FROM bridge_transactions ORDER BY created_at DESC LIMIT 5000) AS t
	WHERE metadata ? 'asset_type' LIMIT $1

-- statement transaction
SELECT json_build_object('id', t.id, 'asset', json_build_object('id', t.asset_id, 'amount', t.asset_amount, 'decimals',
	t.asset_decimals, 'metadata', t.metadata -> 'asset_metadata'), 'source_chain', t.source_chain, 'dest_chain', t.dest_chain,
	'source_address', t.source_address, 'dest_address', t.dest_address, 'timestamp', extract(epoch FROM t.created_at)::bigint,
	'status', t.status)::text
FROM bridge_transactions AS t WHERE t.id = :id
-- statement recent
SELECT json_build_object('id', t.id, 'asset', json_build_object('id', t.asset_id, 'amount', t.asset_amount, 'decimals',
	t.asset_decimals, 'metadata', t.metadata -> 'asset_metadata'), 'source_chain', t.source_chain, 'dest_chain', t.dest_chain,
	'source_address', t.source_address, 'dest_address', t.dest_address, 'timestamp', extract(epoch FROM t.created_at)::bigint,
	'status', t.status)::text
FROM bridge_transactions AS t WHERE t.id = :id
-- statement asset
SELECT to_json(a)::text FROM asset_metadata AS a WHERE asset_id = :id
-- statement chain
SELECT to_json(c)::text FROM chain_configs AS c WHERE chain_name = :name
-- statement pending
SELECT id, asset_id, asset_amount, source_chain, dest_chain, created_at FROM bridge_transactions
	WHERE status = :status ORDER BY created_at DESC LIMIT 50
-- statement route
SELECT id, asset_id, asset_amount, created_at FROM bridge_transactions
	WHERE status IN ('pending', 'confirmed', 'locked') AND source_chain = :source AND dest_chain = :dest LIMIT 100
-- statement type
SELECT id, created_at FROM bridge_transactions WHERE metadata @> jsonb_build_object('asset_type', :type::text)
	AND status IN ('pending', 'confirmed') LIMIT 20
-- statement summary baseline
SELECT date(created_at), status, count(*), sum(asset_amount), avg(asset_amount) FROM bridge_transactions
	WHERE created_at >= now() - interval '90 days' AND source_chain = :source AND dest_chain = :dest GROUP BY 1, 2
-- statement summary optimized
SELECT transaction_date, status, transaction_count, total_volume, avg_amount FROM daily_bridge_stats
	WHERE source_chain = :source AND dest_chain = :dest
-- statement insert
INSERT INTO bridge_transactions (id, asset_id, asset_amount, asset_decimals, source_chain, dest_chain, source_address,
	dest_address, source_tx_hash, metadata)
VALUES (:id, :asset, :amount, 6, :source, :dest, :from, :to, :hash, jsonb_build_object('asset_type', 'bench', 'memo', :hash::varchar))
-- then
INSERT INTO validator_signatures (bridge_tx_id, validator_id, signature_data) VALUES (:id, 'val-1', decode(:signature, 'hex'))
-- statement sign
INSERT INTO validator_signatures (bridge_tx_id, validator_id, signature_data)
VALUES (:id, 'val-' || :validator, decode(:signature, 'hex')) ON CONFLICT DO NOTHING
-- statement status
UPDATE bridge_transactions SET status = :status, updated_at = now() WHERE id = :id
-- after
DELETE FROM validator_signatures WHERE starts_with(bridge_tx_id, 'btx_bench_' || :run)
-- then
DELETE FROM bridge_transactions WHERE starts_with(id, 'btx_bench_' || :run)
