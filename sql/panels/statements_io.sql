/* dytop panel
title: Statements, blocks
about: "What each normalised statement read, wrote and spilled in the last interval."
screen: statements
order: 21
every: 5s
timeout: 2s
limit: 20000
needs: [pg_stat_statements]
key: [userid, dbid, queryid, toplevel]
reset: stats_since
hidden: is_hidden
target: {kind: statement, user: userid, database: dbid, queryid: queryid}
sort: -reads
trend: rate(shared_read) + rate(shared_written) + rate(temp_read) + rate(temp_written)
fields:
  userid: id
  dbid: id
  queryid: id
  toplevel: {kind: bool, from: 140000}
  is_hidden: bool
  calls: counter
  shared_hit: counter
  shared_read: counter
  shared_dirtied: counter
  shared_written: counter
  local_blocks: counter
  temp_read: counter
  temp_written: counter
  read_time: counter
  write_time: counter
  temp_time: {kind: counter, from: 150000}
  wal_records: counter
  wal_fpi: counter
  wal_bytes: counter
  wal_buffers_full: {kind: counter, from: 180000}
  jit_time: {kind: counter, from: 150000}
  workers_planned: {kind: counter, from: 180000}
  workers_launched: {kind: counter, from: 180000}
  stats_since: {kind: time, from: 140000}
lookups:
  texts: {by: [userid, dbid, queryid], fields: {text: text}, rows: visible, gap: 30s, batch: 200}
  running: {by: [queryid], fields: {example: {kind: text, from: 140000}}, rows: visible, gap: 10s}
  databases: {by: [dbid], fields: {database: text}, rows: visible, keep: 300s}
  roles: {by: [userid], fields: {user: text}, rows: visible, keep: 300s}
  whole: {by: [userid, dbid, queryid], fields: {full_query: text}, rows: detail}
columns:
  - {name: calls, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 2, about: executions in a second}
  - {name: share, title: READ%, expr: share(d(shared_read)), unit: percent, width: 6, priority: 1, warn: "> 50",
     about: share of all blocks read from outside shared buffers}
  - {name: hits, title: HIT/s, expr: rate(shared_hit), unit: rate, width: 8, priority: 3,
     about: blocks found in shared buffers in a second}
  - {name: reads, title: READ/s, expr: rate(shared_read), unit: rate, width: 8, priority: 1,
     about: blocks read from outside shared buffers in a second}
  - {name: hit, title: HIT%, expr: 100 * d(shared_hit) / (d(shared_hit) + d(shared_read)), unit: percent, width: 6,
     priority: 2, warn: "< 90", about: blocks found in shared buffers of all that it asked for}
  - {name: per_call, title: BLOCKS/c, expr: (d(shared_hit) + d(shared_read)) / d(calls), unit: float, width: 8,
     priority: 3, about: blocks that an execution asks for}
  - {name: read_time, title: READ TIME, expr: d(read_time) / d(shared_read), unit: ms, width: 9, priority: 4,
     warn: "> 10ms", about: "mean time of reading a block (needs track_io_timing)"}
  - {name: dirtied, title: DIRTY/s, expr: rate(shared_dirtied), unit: rate, width: 8, priority: 3,
     about: blocks changed in a second}
  - {name: written, title: WRITE/s, expr: rate(shared_written), unit: rate, width: 8, priority: 4, warn: "> 100",
     about: blocks that its sessions had to write out themselves in a second}
  - {name: write_time, title: WRITE TIME, expr: d(write_time) / d(shared_written), unit: ms, width: 10, priority: 6,
     about: mean time of writing such a block}
  - {name: temp_reads, title: TEMP R/s, expr: 8192 * rate(temp_read), unit: byterate, width: 8, priority: 4,
     about: "temporary files read in a second (blocks of 8 kB)"}
  - {name: temp_writes, title: TEMP W/s, expr: 8192 * rate(temp_written), unit: byterate, width: 8, priority: 3,
     warn: "> 10MB", about: "temporary files written in a second"}
  - {name: temp_time, title: TEMP TIME, expr: d(temp_time) / d(calls), unit: ms, width: 9, priority: 7,
     about: "time of an execution spent on them (PostgreSQL 15 and later)"}
  - {name: local, title: LOCAL/s, expr: rate(local_blocks), unit: rate, width: 8, priority: 8, show: no,
     about: blocks of temporary tables touched in a second}
  - {name: wal, title: WAL/s, expr: rate(wal_bytes), unit: byterate, width: 8, priority: 3,
     about: write-ahead log made in a second}
  - {name: wal_call, title: WAL/c, expr: d(wal_bytes) / d(calls), unit: bytes, width: 8, priority: 6,
     about: write-ahead log made by an execution}
  - {name: records, title: RECORDS/s, expr: rate(wal_records), unit: rate, width: 9, priority: 7, show: no,
     about: log records in a second}
  - {name: full_pages, title: FPI/s, expr: rate(wal_fpi), unit: rate, width: 7, priority: 7,
     about: whole pages written into the log in a second}
  - {name: buffers_full, title: BUF FULL/s, expr: rate(wal_buffers_full), unit: rate, width: 10, priority: 8, show: no,
     about: "times in a second that wal_buffers was full (PostgreSQL 18 and later)"}
  - {name: jit, title: JIT, expr: d(jit_time) / d(calls), unit: ms, width: 8, priority: 7,
     about: "time of an execution spent on compiling (PostgreSQL 15 and later)"}
  - {name: workers, title: WORK%, expr: 100 * d(workers_launched) / d(workers_planned), unit: percent, width: 6,
     priority: 8, warn: "< 80", about: "parallel workers got of those planned (PostgreSQL 18 and later)"}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 7,
     about: "blocks read, written and spilled over the last intervals"}
  - {name: database, title: DATABASE, unit: text, width: 10, priority: 6, about: where it ran}
  - {name: user, title: USER, unit: text, width: 10, priority: 8, about: role that ran it}
  - {name: queryid, title: QUERY ID, unit: id, width: 20, priority: 9, show: no, about: the statement's id}
  - {name: query, title: QUERY, expr: "coalesce(text, example)", unit: text, flex: yes, width: 36, priority: 1,
     about: "the statement with its constants taken out; until that is read, one as it is running"}
  - {name: full_query, title: FULL QUERY, unit: text, width: 20, priority: 9, show: no, about: the whole text}
*/
-- since 180000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read, s.shared_blks_dirtied AS shared_dirtied,
       s.shared_blks_written AS shared_written,
       s.local_blks_hit + s.local_blks_read + s.local_blks_written AS local_blocks, s.temp_blks_read AS temp_read,
       s.temp_blks_written AS temp_written,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.shared_blk_read_time END AS read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.shared_blk_write_time END AS write_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.temp_blk_read_time
           + s.temp_blk_write_time END AS temp_time,
       s.wal_records, s.wal_fpi, s.wal_bytes::int8 AS wal_bytes, s.wal_buffers_full,
       s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time + s.jit_deform_time
           AS jit_time,
       s.parallel_workers_to_launch AS workers_planned, s.parallel_workers_launched AS workers_launched, s.stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s

-- since 170000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read, s.shared_blks_dirtied AS shared_dirtied,
       s.shared_blks_written AS shared_written,
       s.local_blks_hit + s.local_blks_read + s.local_blks_written AS local_blocks, s.temp_blks_read AS temp_read,
       s.temp_blks_written AS temp_written,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.shared_blk_read_time END AS read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.shared_blk_write_time END AS write_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.temp_blk_read_time
           + s.temp_blk_write_time END AS temp_time,
       s.wal_records, s.wal_fpi, s.wal_bytes::int8 AS wal_bytes,
       s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time + s.jit_deform_time
           AS jit_time, s.stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s

-- since 150000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read, s.shared_blks_dirtied AS shared_dirtied,
       s.shared_blks_written AS shared_written,
       s.local_blks_hit + s.local_blks_read + s.local_blks_written AS local_blocks, s.temp_blks_read AS temp_read,
       s.temp_blks_written AS temp_written,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_read_time END AS read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_write_time END AS write_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.temp_blk_read_time
           + s.temp_blk_write_time END AS temp_time,
       s.wal_records, s.wal_fpi, s.wal_bytes::int8 AS wal_bytes,
       s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time + s.jit_emission_time AS jit_time,
       i.stats_reset AS stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s,
       :"pg_stat_statements_schema".pg_stat_statements_info() AS i

-- since 140000
SELECT s.userid, s.dbid, s.queryid, s.toplevel, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read, s.shared_blks_dirtied AS shared_dirtied,
       s.shared_blks_written AS shared_written,
       s.local_blks_hit + s.local_blks_read + s.local_blks_written AS local_blocks, s.temp_blks_read AS temp_read,
       s.temp_blks_written AS temp_written,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_read_time END AS read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_write_time END AS write_time,
       s.wal_records, s.wal_fpi, s.wal_bytes::int8 AS wal_bytes, i.stats_reset AS stats_since
  FROM :"pg_stat_statements_schema".pg_stat_statements(false) AS s,
       :"pg_stat_statements_schema".pg_stat_statements_info() AS i

-- since 130000
SELECT s.userid, s.dbid, s.queryid, nullif(s.queryid IS NULL, false) AS is_hidden, s.calls,
       s.shared_blks_hit AS shared_hit,
       s.shared_blks_read AS shared_read, s.shared_blks_dirtied AS shared_dirtied,
       s.shared_blks_written AS shared_written,
       s.local_blks_hit + s.local_blks_read + s.local_blks_written AS local_blocks, s.temp_blks_read AS temp_read,
       s.temp_blks_written AS temp_written,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_read_time END AS read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN s.blk_write_time END AS write_time,
       s.wal_records, s.wal_fpi, s.wal_bytes::int8 AS wal_bytes
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
