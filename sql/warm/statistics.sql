-- SPDX-License-Identifier: PostgreSQL
/* dytop warm
title: Statistics of the bridge
about: One value under :stats, counted per status, and the last day of every route from the materialised view. Replaced each time,
  because figures grow old faster than keys.
prefix: "dytallix:bridge:"
codec: raw
mode: set
ttl: {low: 1800s, medium: 3600s, high: 600s, critical: 1200s}
jitter: 0%
limit: 100
value_limit: 1048576
*/
SELECT 'stats' AS key,
	json_build_object('total', coalesce(sum(n), 0), 'by_status', coalesce(json_object_agg(status, n), '{}'::json),
		'at', floor(extract(epoch FROM statement_timestamp()))::bigint) AS value, 'High' AS priority
FROM (SELECT status, count(*) AS n FROM bridge_transactions GROUP BY status) AS s
UNION ALL
SELECT 'perf', json_build_object('routes', coalesce(json_agg(json_build_object('source_chain', source_chain, 'dest_chain', dest_chain,
		'transactions', transactions, 'completed', completed, 'failed', failed, 'avg_seconds', avg_seconds, 'volume', volume)
		ORDER BY source_chain, dest_chain), '[]'::json), 'at', floor(extract(epoch FROM statement_timestamp()))::bigint), 'Medium'
FROM chain_performance_stats
LIMIT $1
-- estimate
SELECT 2
