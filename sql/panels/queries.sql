/* dytop panel
title: Queries
about: "All statements together, for the header and the latency chart: sums made on the server, one row."
screen: statements
shape: hidden
order: 29
always: yes
every: 10s
timeout: 2s
needs: [pg_stat_statements]
reset: stats_reset
fields:
  entries: gauge
  calls: counter
  total_exec_time: counter
  squares: counter
  slowest: gauge
  rows: counter
  shared_hit: counter
  shared_read: counter
  dealloc: {kind: counter, from: 140000}
  stats_reset: {kind: time, from: 140000}
columns:
  - {name: entries, title: ENTRIES, unit: count, width: 8, priority: 1, about: statements that the extension keeps}
  - {name: calls, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 1, about: executions in a second}
  - {name: mean, title: MEAN, expr: d(total_exec_time) / d(calls), unit: ms, width: 8, priority: 1,
     about: mean time of an execution}
  - {name: evicted, title: EVICTED, expr: d(dealloc), unit: count, width: 7, priority: 2, warn: "> 0",
     about: "times in the interval that entries were thrown out for want of room (pg_stat_statements.max)"}
figures:
  # Entries that were thrown out take their sums with them: then nothing is known of the interval.
  - {name: queries, title: queries, expr: "if(coalesce(d(dealloc), 0) > 0, unknown, rate(calls))", unit: rate, line: 1,
     order: 20, trend: yes}
  - {name: mean, title: mean, expr: "if(coalesce(d(dealloc), 0) > 0, unknown, d(total_exec_time) / d(calls))", unit: ms,
     line: 1, order: 30, trend: yes, warn: "> 100ms", crit: "> 1s"}
  # Cantelli: at most 5 % lie above mean + sqrt(0.95 / 0.05) * deviation, whatever the distribution. The last term of
  # the root is what rounding of the sums can hide. And none lies above the longest one ever.
  - {name: p95_bound, title: p95, unit: ms, line: 1, order: 40, trend: yes,
     expr: "if(coalesce(d(dealloc), 0) > 0, unknown, bound(least(slowest, d(total_exec_time) / d(calls) + 4.359 *
       sqrt(greatest(0, d(squares) / d(calls) - (d(total_exec_time) / d(calls)) * (d(total_exec_time) / d(calls))) +
       0.000000000001 * squares / d(calls)))))"}
  - {name: p99_bound, title: p99, unit: ms, line: 1, order: 50, trend: yes,
     expr: "if(coalesce(d(dealloc), 0) > 0, unknown, bound(least(slowest, d(total_exec_time) / d(calls) + 9.950 *
       sqrt(greatest(0, d(squares) / d(calls) - (d(total_exec_time) / d(calls)) * (d(total_exec_time) / d(calls))) +
       0.000000000001 * squares / d(calls)))))"}
  - {name: statements_evicted, title: statements evicted, expr: d(dealloc), unit: count, warn: "> 0"}
*/
-- since 140000
SELECT count(*) AS entries, sum(s.calls)::int8 AS calls, sum(s.total_exec_time) AS total_exec_time,
       sum(s.calls * (s.mean_exec_time * s.mean_exec_time + s.stddev_exec_time * s.stddev_exec_time)) AS squares,
       max(s.max_exec_time) AS slowest,
       sum(s.rows)::int8 AS rows, sum(s.shared_blks_hit)::int8 AS shared_hit,
       sum(s.shared_blks_read)::int8 AS shared_read,
       max(i.dealloc) AS dealloc, max(i.stats_reset) AS stats_reset
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s,
       :"pg_stat_statements_schema".pg_stat_statements_info() AS i

-- since 130000
SELECT count(*) AS entries, sum(s.calls)::int8 AS calls, sum(s.total_exec_time) AS total_exec_time,
       sum(s.calls * (s.mean_exec_time * s.mean_exec_time + s.stddev_exec_time * s.stddev_exec_time)) AS squares,
       max(s.max_exec_time) AS slowest,
       sum(s.rows)::int8 AS rows, sum(s.shared_blks_hit)::int8 AS shared_hit,
       sum(s.shared_blks_read)::int8 AS shared_read
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s
