-- SPDX-License-Identifier: PostgreSQL
-- One asset as sql/warm/assets.sql caches it. $1 = asset_id.
SELECT '{"name":' || to_json(name) || ',"symbol":' || to_json(symbol) || ',"description":' || to_json(coalesce(description, ''))
	|| ',"icon_url":' || coalesce(to_json(icon_url)::text, 'null') || '}' AS value, 'Medium' AS priority
FROM asset_metadata
WHERE asset_id = $1
