-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Materialised view: that tile, against an index on the time"
claimed: "1000x faster"
least: 1000
measure: times
order: 41
*/
-- without:
CREATE INDEX idx_bridge_transactions_created_at ON bridge_transactions (created_at);
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
SELECT count(*), sum(asset_amount / power(10::double precision, asset_decimals)) FROM bridge_transactions
WHERE created_at >= date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '7 days'
	AND created_at < date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '6 days'
	AND source_chain = 'ethereum' AND dest_chain = 'dytallix' AND status = 'completed';
-- query with:
SELECT transaction_count, total_volume FROM daily_bridge_stats
WHERE transaction_date = (now() AT TIME ZONE 'UTC')::date - 7 AND source_chain = 'ethereum' AND dest_chain = 'dytallix'
	AND status = 'completed';
