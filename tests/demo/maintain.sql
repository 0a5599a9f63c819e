-- SPDX-License-Identifier: PostgreSQL
-- The hourly and weekly work, much more often: progress to look at. Paced, so that it does not disturb.
SET vacuum_cost_delay = '20ms';
VACUUM (ANALYZE) bridge_transactions;
REFRESH MATERIALIZED VIEW CONCURRENTLY chain_performance_stats;
REINDEX INDEX CONCURRENTLY idx_bridge_transactions_status_chains;
UPDATE bridge_state SET value = to_jsonb(now()), updated_at = now() WHERE key = 'last_index_maintenance';
