-- SPDX-License-Identifier: PostgreSQL
/* dytop warm
title: Metadata of assets
about: Plain JSON, as the application keeps it under :asset:. All of them at high priority that live transactions use.
prefix: "dytallix:bridge:asset:"
codec: raw
mode: nx
ttl: {low: 7200s, medium: 7200s, high: 7200s, critical: 7200s}
jitter: 10%
limit: 100000
value_limit: 65536
*/
SELECT asset_id AS key,
	'{"name":' || to_json(name) || ',"symbol":' || to_json(symbol) || ',"description":' || to_json(coalesce(description, ''))
	|| ',"icon_url":' || coalesce(to_json(icon_url)::text, 'null') || '}' AS value, 'Medium' AS priority
FROM asset_metadata
ORDER BY asset_id
LIMIT $1
-- estimate
SELECT least($1::bigint, count(*)) FROM asset_metadata
