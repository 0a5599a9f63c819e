-- SPDX-License-Identifier: PostgreSQL
/* dytop warm
title: Configurations of the active chains
about: Plain JSON. Keys of nodes and signers never leave the database; see deny.
prefix: "dytallix:bridge:chain:"
codec: raw
mode: nx
ttl: {low: 3600s, medium: 3600s, high: 3600s, critical: 3600s}
jitter: 10%
limit: 10000
value_limit: 65536
deny: ["*api_key*", "*token*", "*credential*"]
*/
SELECT chain_name AS key,
	'{"chain_name":' || to_json(chain_name) || ',"chain_type":' || to_json(chain_type) || ',"config_data":' || config_data
	|| ',"is_active":' || to_json(is_active) || '}' AS value, 'Medium' AS priority
FROM chain_configs
WHERE is_active
ORDER BY chain_name
LIMIT $1
-- estimate
SELECT least($1::bigint, count(*)) FROM chain_configs WHERE is_active
