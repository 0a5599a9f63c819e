/* dytop panel
title: Statements
about: What each normalised statement did in the last interval.
empty: "no statement was recorded yet"
screen: statements
digit: 2
order: 20
every: 5s
timeout: 2s
limit: 20000
needs: [pg_stat_statements]
key: [userid, dbid, queryid, toplevel]
reset: stats_since
hidden: is_hidden
target: {kind: statement, user: userid, database: dbid, queryid: queryid, text: text}
sort: -share
trend: rate(total_exec_time)
timings: {calls: calls, total: total_exec_time, stddev: stddev_exec_time, max: max_exec_time,
          queryid: queryid}
fields:
  userid: id
  dbid: id
  queryid: id
  toplevel: {kind: bool, from: 140000}
  is_hidden: bool
  calls: counter
  total_exec_time: counter
  stddev_exec_time: gauge
  max_exec_time: gauge
  rows: counter
  shared_hit: counter
  shared_read: counter
  io_time: counter
  temp_blocks: counter
  wal_bytes: counter
  plans: counter
  total_plan_time: counter
  stats_since: {kind: time, from: 140000}
lookups:
  texts: {by: [userid, dbid, queryid], fields: {text: text}, rows: visible, gap: 30s, batch: 200}
  running: {by: [queryid], fields: {example: {kind: text, from: 140000}}, rows: visible, gap: 10s}
  databases: {by: [dbid], fields: {database: text}, rows: visible, keep: 300s}
  roles: {by: [userid], fields: {user: text}, rows: visible, keep: 300s}
  whole: {by: [userid, dbid, queryid], fields: {full_query: text}, rows: detail}
columns:
  - {name: share, title: TIME%, expr: share(d(total_exec_time)), unit: percent, width: 6, priority: 1, warn: "> 50",
     about: share of the execution time of all statements in the interval}
  - {name: calls, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 1, about: executions in a second}
  - {name: mean, title: MEAN, expr: d(total_exec_time) / d(calls), unit: ms, width: 8, priority: 1, warn: "> 100ms",
     crit: "> 1s", about: mean time of an execution in the interval}
  - {name: p95, title: P95, expr: quantile(0.95), unit: ms, width: 9, priority: 3,
     about: "95 of 100 executions in the interval took no longer; ~ estimated, <= at most"}
  - {name: p99, title: P99, expr: quantile(0.99), unit: ms, width: 9, priority: 5,
     about: "99 of 100 executions in the interval took no longer; ~ estimated, <= at most"}
  - {name: max, title: MAX, expr: max_exec_time, unit: ms, width: 8, priority: 4,
     about: "longest execution since the statistics of the statement began, not only in the interval"}
  - {name: stddev, title: STDDEV, expr: stddev(), unit: ms, width: 8, priority: 8, show: no,
     about: "standard deviation of the times in the interval, from 10 calls on"}
  - {name: per_call, title: ROWS/c, expr: d(rows) / d(calls), unit: float, width: 7, priority: 5,
     about: rows returned or changed by an execution}
  - {name: hit, title: HIT%, expr: 100 * d(shared_hit) / (d(shared_hit) + d(shared_read)), unit: percent, width: 6,
     priority: 4, warn: "< 90", about: blocks found in shared buffers of all that it asked for}
  - {name: io, title: IO, expr: d(io_time) / d(calls), unit: ms, width: 7, priority: 6,
     about: "time of an execution spent reading and writing blocks (needs track_io_timing)"}
  - {name: temp, title: TEMP/s, expr: 8192 * rate(temp_blocks), unit: byterate, width: 8, priority: 7, warn: "> 10MB",
     about: "temporary files read and written in a second (blocks of 8 kB)"}
  - {name: wal, title: WAL/s, expr: rate(wal_bytes), unit: byterate, width: 8, priority: 7,
     about: write-ahead log made in a second}
  - {name: plan, title: PLAN, expr: d(total_plan_time) / d(plans), unit: ms, width: 7, priority: 8,
     about: "mean time of planning (needs pg_stat_statements.track_planning)"}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 6, about: execution time over the last intervals}
  - {name: time, title: TIME/s, expr: rate(total_exec_time), unit: ms, width: 8, priority: 8, show: no,
     about: execution time in a second of the clock}
  - {name: total_calls, title: CALLS, expr: calls, unit: count, width: 8, priority: 8, show: no,
     about: executions since the statistics began}
  - {name: total_time, title: TOTAL, expr: total_exec_time, unit: ms, width: 8, priority: 8, show: no,
     about: execution time since the statistics began}
  - {name: mean_life, title: MEAN LIFE, expr: total_exec_time / calls, unit: ms, width: 8, priority: 8, show: no,
     about: mean time of an execution since the statistics began}
  - {name: database, title: DATABASE, unit: text, width: 10, priority: 6, about: where it ran}
  - {name: user, title: USER, unit: text, width: 10, priority: 7, about: role that ran it}
  - {name: toplevel, title: TOP, unit: bool, width: 4, priority: 9, show: no,
     about: "sent by a client; no: run inside a function"}
  - {name: queryid, title: QUERY ID, unit: id, width: 20, priority: 9, show: no, about: the statement's id}
  - {name: since, title: SINCE, expr: stats_since, unit: time, width: 10, priority: 9, show: no,
     about: when its statistics began}
  - {name: query, title: QUERY, expr: "coalesce(text, example)", unit: text, flex: yes, width: 36, priority: 1,
     about: "the statement with its constants taken out; until that is read, one as it is running"}
  - {name: full_query, title: FULL QUERY, unit: text, width: 20, priority: 9, show: no, about: the whole text}
*/
-- since 170000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.total_exec_time,
       s.stddev_exec_time, s.max_exec_time, s.rows, s.shared_blks_hit AS shared_hit, s.shared_blks_read AS shared_read,
       s.temp_blks_read + s.temp_blks_written AS temp_blocks,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.shared_blk_read_time
           + s.shared_blk_write_time END AS io_time,
       s.wal_bytes::int8 AS wal_bytes,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool) THEN s.plans END AS plans,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool)
           THEN s.total_plan_time END AS total_plan_time, s.stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s

-- since 140000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.total_exec_time,
       s.stddev_exec_time, s.max_exec_time, s.rows, s.shared_blks_hit AS shared_hit, s.shared_blks_read AS shared_read,
       s.temp_blks_read + s.temp_blks_written AS temp_blocks,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_read_time + s.blk_write_time END
           AS io_time,
       s.wal_bytes::int8 AS wal_bytes,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool) THEN s.plans END AS plans,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool)
           THEN s.total_plan_time END AS total_plan_time, i.stats_reset AS stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s,
       :"pg_stat_statements_schema".pg_stat_statements_info() AS i

-- since 130000
SELECT s.userid, s.dbid, s.queryid, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls, s.total_exec_time,
       s.stddev_exec_time, s.max_exec_time, s.rows, s.shared_blks_hit AS shared_hit, s.shared_blks_read AS shared_read,
       s.temp_blks_read + s.temp_blks_written AS temp_blocks,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_read_time + s.blk_write_time END
           AS io_time,
       s.wal_bytes::int8 AS wal_bytes,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool) THEN s.plans END AS plans,
       CASE WHEN (SELECT current_setting('pg_stat_statements.track_planning', true)::bool)
           THEN s.total_plan_time END AS total_plan_time
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s

-- lookup texts since 130000
SELECT s.userid, s.dbid, s.queryid, left(s.query, 600) AS text
  FROM :"pg_stat_statements_schema".pg_stat_statements(true) AS s
 WHERE s.queryid = ANY ($3::int8[])
   AND (s.userid::int8, s.dbid::int8, s.queryid)
       IN (SELECT k.u, k.d, k.q FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS k(u, d, q))

-- lookup running since 140000
SELECT DISTINCT ON (a.query_id) a.query_id AS queryid, left(a.query || '    ', 600) AS example
  FROM pg_stat_get_activity(NULL) AS a
 WHERE a.query_id = ANY ($1::int8[]) AND a.pid <> pg_backend_pid()

-- lookup databases since 130000
SELECT oid AS dbid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])

-- lookup roles since 130000
SELECT u AS userid, pg_get_userbyid(u::oid) AS user FROM unnest($1::int8[]) AS u

-- lookup whole since 130000
SELECT s.userid, s.dbid, s.queryid, left(s.query, 1000000) AS full_query
  FROM :"pg_stat_statements_schema".pg_stat_statements(true) AS s
 WHERE s.queryid = ANY ($3::int8[])
   AND (s.userid::int8, s.dbid::int8, s.queryid)
       IN (SELECT k.u, k.d, k.q FROM unnest($1::int8[], $2::int8[], $3::int8[]) AS k(u, d, q))
