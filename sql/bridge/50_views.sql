-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: optimized
about: "the materialised views, each with the unique index that REFRESH ... CONCURRENTLY needs"
*/
-- Days are those of UTC, whoever refreshes.

CREATE MATERIALIZED VIEW IF NOT EXISTS daily_bridge_stats AS
SELECT (created_at AT TIME ZONE 'UTC')::date AS transaction_date, source_chain, dest_chain, status,
	count(*) AS transaction_count, sum(asset_amount / power(10::double precision, asset_decimals)) AS total_volume,
	avg(asset_amount / power(10::double precision, asset_decimals)) AS avg_amount,
	min(asset_amount / power(10::double precision, asset_decimals)) AS min_amount,
	max(asset_amount / power(10::double precision, asset_decimals)) AS max_amount, count(DISTINCT asset_id) AS assets
FROM bridge_transactions
WHERE created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '90 days') AT TIME ZONE 'UTC'
GROUP BY 1, 2, 3, 4;
CREATE UNIQUE INDEX IF NOT EXISTS daily_bridge_stats_key ON daily_bridge_stats (transaction_date, source_chain, dest_chain, status);

CREATE MATERIALIZED VIEW IF NOT EXISTS validator_performance_stats AS
SELECT s.validator_id, count(*) AS signatures, count(DISTINCT s.bridge_tx_id) AS transactions,
	avg(extract(epoch FROM t.updated_at - t.created_at)) AS avg_seconds, max(s.created_at) AS last_signature
FROM validator_signatures AS s JOIN bridge_transactions AS t ON t.id = s.bridge_tx_id
WHERE s.created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '30 days') AT TIME ZONE 'UTC'
GROUP BY 1;
CREATE UNIQUE INDEX IF NOT EXISTS validator_performance_stats_key ON validator_performance_stats (validator_id);

CREATE MATERIALIZED VIEW IF NOT EXISTS chain_performance_stats AS
SELECT source_chain, dest_chain, count(*) AS transactions, count(*) FILTER (WHERE status = 'completed') AS completed,
	count(*) FILTER (WHERE status IN ('failed', 'reversed')) AS failed,
	avg(extract(epoch FROM updated_at - created_at)) FILTER (WHERE status = 'completed') AS avg_seconds,
	sum(asset_amount / power(10::double precision, asset_decimals)) AS volume
FROM bridge_transactions
WHERE created_at >= (date_trunc('day', now() AT TIME ZONE 'UTC') - interval '90 days') AT TIME ZONE 'UTC'
GROUP BY 1, 2;
CREATE UNIQUE INDEX IF NOT EXISTS chain_performance_stats_key ON chain_performance_stats (source_chain, dest_chain);

ANALYZE daily_bridge_stats;
ANALYZE validator_performance_stats;
ANALYZE chain_performance_stats;
