-- SPDX-License-Identifier: PostgreSQL
-- One chain's configuration as sql/warm/chains.sql caches it. $1 = chain_name.
SELECT '{"chain_name":' || to_json(chain_name) || ',"chain_type":' || to_json(chain_type) || ',"config_data":' || config_data
	|| ',"is_active":' || to_json(is_active) || '}' AS value, 'Medium' AS priority
FROM chain_configs
WHERE is_active AND chain_name = $1
