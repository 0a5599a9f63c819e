-- SPDX-License-Identifier: PostgreSQL
-- What nobody has tuned yet: scans and sorts everything (temporary files), slow on purpose.
SELECT source_address, count(*), sum(asset_amount) FROM bridge_transactions WHERE metadata ->> 'memo' LIKE '%abc%'
	GROUP BY 1 ORDER BY 3 DESC LIMIT 20;
SELECT id, row_number() OVER (PARTITION BY source_address ORDER BY updated_at) FROM bridge_transactions
	ORDER BY metadata ->> 'memo' LIMIT 10;
