-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: optimized
about: "the views as of the rows that were loaded"
run: rows
*/

REFRESH MATERIALIZED VIEW CONCURRENTLY daily_bridge_stats;
REFRESH MATERIALIZED VIEW CONCURRENTLY validator_performance_stats;
REFRESH MATERIALIZED VIEW CONCURRENTLY chain_performance_stats;
ANALYZE daily_bridge_stats;
ANALYZE validator_performance_stats;
ANALYZE chain_performance_stats;
INSERT INTO bridge_state (key, value) VALUES ('last_analytics_refresh', to_jsonb(now()))
	ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = now();
