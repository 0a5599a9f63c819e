-- SPDX-License-Identifier: PostgreSQL
-- The cache as the application fills it, as lines for redis-cli: transaction :from to :to as zlib (RFC 1950, stored blocks) over JSON,
-- the rest as plain JSON. :sha is the script that turns hex digits into bytes.
\set p 'dytallix:bridge:'

CREATE FUNCTION pg_temp.zlib_stored(data bytea) RETURNS text LANGUAGE sql AS $$
	SELECT '780101' || encode(set_byte(set_byte(set_byte(set_byte('\x00000000'::bytea, 0, n & 255), 1, n >> 8),
			2, 255 - (n & 255)), 3, 255 - (n >> 8)), 'hex') || encode(data, 'hex')
		|| lpad(to_hex(b), 4, '0') || lpad(to_hex(a), 4, '0')
	FROM (SELECT n, ((1 + sum(v)) % 65521)::int AS a, ((n + sum((n - i)::bigint * v)) % 65521)::int AS b
		FROM (SELECT octet_length(data) AS n) AS l, generate_series(0, n - 1) AS i, LATERAL (SELECT get_byte(data, i) AS v) AS g
		GROUP BY n) AS x
$$;

CREATE FUNCTION pg_temp.quoted(t text) RETURNS text LANGUAGE sql AS $$
	SELECT '"' || replace(replace(t, '\', '\\'), '"', '\"') || '"'
$$;

SELECT format('EVALSHA %s 1 %stx:%s %s %s', :'sha', :'p', t.id, pg_temp.zlib_stored(convert_to(jsonb_build_object(
		'bridge_tx', jsonb_build_object('id', t.id, 'asset', jsonb_build_object('id', a.asset_id, 'amount', t.asset_amount,
			'decimals', t.asset_decimals, 'metadata', jsonb_build_object('name', a.name, 'symbol', a.symbol, 'description',
			a.description, 'icon_url', a.icon_url)), 'source_chain', t.source_chain, 'dest_chain', t.dest_chain,
			'source_address', t.source_address, 'dest_address', t.dest_address,
			'timestamp', extract(epoch FROM t.created_at)::bigint, 'validator_signatures', '[]'::jsonb,
			'status', initcap(t.status)),
		'cached_at', extract(epoch FROM now())::bigint, 'access_count', 0, 'priority', c.priority)::text, 'UTF8')), c.ttl)
FROM generate_series(:from, :to) AS i JOIN bridge_transactions AS t ON t.id = 'btx_' || md5(i::text) JOIN asset_metadata AS a USING (asset_id),
	LATERAL (SELECT CASE WHEN t.status IN ('pending', 'confirmed') THEN 'High' WHEN t.status IN ('locked', 'minted') THEN 'Medium'
		ELSE 'Low' END AS priority, CASE WHEN t.status IN ('pending', 'confirmed') THEN 600 WHEN t.status IN ('locked', 'minted')
		THEN 3600 ELSE 1800 END AS ttl) AS c;

SELECT format('SET %sasset:%s %s EX 7200', :'p', asset_id, pg_temp.quoted(to_jsonb(a)::text)) FROM asset_metadata AS a;
SELECT format('SET %schain:%s %s EX 7200', :'p', chain_name, pg_temp.quoted(to_jsonb(c)::text)) FROM chain_configs AS c;
