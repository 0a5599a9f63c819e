-- SPDX-License-Identifier: PostgreSQL
/* dytop warm
title: The bridge's transactions, newest first
about: In the application's own format, which its Rust code reads byte for byte. Priorities are the application's; the report's
  warm-up said pending high, confirmed medium, else low.
prefix: "dytallix:bridge:tx:"
codec: zlib
mode: nx
ttl: {low: 1800s, medium: 3600s, high: 600s, critical: 1200s}
jitter: 10%
limit: 100000
value_limit: 65536
memory: 80%
rate: 5000
*/
SELECT t.id AS key,
	'{"bridge_tx":{"id":' || to_json(t.id) || ',"asset":{"id":' || to_json(t.asset_id) || ',"amount":' || t.asset_amount
	|| ',"decimals":' || t.asset_decimals || ',"metadata":{"name":' || to_json(coalesce(m.own->>'name', a.name, t.asset_id))
	|| ',"symbol":' || to_json(coalesce(m.own->>'symbol', a.symbol, '')) || ',"description":'
	|| to_json(coalesce(m.own->>'description', a.description, '')) || ',"icon_url":'
	|| coalesce(to_json(coalesce(m.own->>'icon_url', a.icon_url))::text, 'null') || '}},"source_chain":' || to_json(t.source_chain)
	|| ',"dest_chain":' || to_json(t.dest_chain) || ',"source_address":' || to_json(t.source_address) || ',"dest_address":'
	|| to_json(t.dest_address) || ',"timestamp":' || floor(extract(epoch FROM t.created_at))::bigint
	|| ',"validator_signatures":[],"status":' || to_json(initcap(t.status)) || '},"cached_at":'
	|| floor(extract(epoch FROM statement_timestamp()))::bigint || ',"access_count":0,"priority":"' || p.priority || '"}' AS value,
	p.priority
FROM bridge_transactions AS t LEFT JOIN asset_metadata AS a ON a.asset_id = t.asset_id
	CROSS JOIN LATERAL (SELECT t.metadata->'asset_metadata' AS own) AS m
	CROSS JOIN LATERAL (SELECT CASE WHEN t.status IN ('pending', 'confirmed') THEN 'High' WHEN t.status IN ('locked', 'minted')
		THEN 'Medium' ELSE 'Low' END AS priority) AS p
ORDER BY t.created_at DESC
LIMIT $1
-- estimate
SELECT least($1::bigint, greatest(reltuples, 0)::bigint) FROM pg_class WHERE oid = 'bridge_transactions'::regclass
