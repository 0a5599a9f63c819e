-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Materialised view: all 90 days, as the statistics page shows them"
claimed: "1000x faster"
least: 1000
measure: times
order: 42
*/
-- with:
CREATE MATERIALIZED VIEW daily_bridge_stats AS
SELECT (created_at AT TIME ZONE 'UTC')::date AS transaction_date, source_chain, dest_chain, status, count(*) AS transaction_count,
	sum(asset_amount / power(10::double precision, asset_decimals)) AS total_volume
FROM bridge_transactions
WHERE created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '90 days') AT TIME ZONE 'UTC'
GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX daily_bridge_stats_key ON daily_bridge_stats (transaction_date, source_chain, dest_chain, status);
ANALYZE daily_bridge_stats;
-- query without:
SELECT (created_at AT TIME ZONE 'UTC')::date AS transaction_date, source_chain, dest_chain, status, count(*) AS transaction_count,
	sum(asset_amount / power(10::double precision, asset_decimals)) AS total_volume
FROM bridge_transactions
WHERE created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '90 days') AT TIME ZONE 'UTC'
GROUP BY 1, 2, 3, 4;
-- query with:
SELECT * FROM daily_bridge_stats;
