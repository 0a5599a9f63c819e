/* dytop panel
title: I/O
about: "Who reads and writes what: processes, kinds of object and contexts (PostgreSQL 16 and later; before, what the
  background writer counts)."
screen: io
digit: 6
order: 60
every: 2s
key: [process, object, context]
reset: stats_reset
sort: -work
hide: {title: unused, when: is_unused}
trend: rate(work)
fields:
  process: text
  object: text
  context: text
  reads: counter
  read_bytes: {kind: counter, from: 160000}
  read_time: {kind: counter, from: 160000}
  writes: counter
  write_bytes: {kind: counter, from: 160000}
  write_time: {kind: counter, from: 160000}
  writebacks: {kind: counter, from: 160000}
  extends: {kind: counter, from: 160000}
  extend_bytes: {kind: counter, from: 160000}
  extend_time: {kind: counter, from: 160000}
  hits: counter
  evictions: {kind: counter, from: 160000}
  reuses: {kind: counter, from: 160000}
  fsyncs: counter
  fsync_time: {kind: counter, from: 160000}
  traffic: {kind: counter, from: 160000}
  work: counter
  is_unused: bool
  stats_reset: time
columns:
  - {name: process, title: PROCESS, unit: text, width: 18, priority: 1, about: kind of process}
  - {name: object, title: OBJECT, unit: text, width: 13, priority: 1, about: "relation, temp relation or wal"}
  - {name: context, title: CONTEXT, unit: text, width: 9, priority: 1,
     about: "normal, or the ring of a vacuum, a bulk read or a bulk write"}
  - {name: work, title: OPS/s, expr: rate(work), unit: rate, width: 7, priority: 1,
     about: "reads, writes, appends and syncs in a second"}
  - {name: traffic, title: BYTES/s, expr: rate(traffic), unit: byterate, width: 8, priority: 1,
     about: "bytes read, written and appended in a second"}
  - {name: reads, title: READ/s, expr: rate(reads), unit: rate, width: 7, priority: 2, about: reads in a second}
  - {name: read_rate, title: READ B/s, expr: rate(read_bytes), unit: byterate, width: 8, priority: 3,
     about: bytes read in a second}
  - {name: read_time, title: READ TIME, expr: d(read_time) / d(reads), unit: ms, width: 9, priority: 3, warn: "> 10ms",
     about: "mean time of a read (needs track_io_timing)"}
  - {name: writes, title: WRITE/s, expr: rate(writes), unit: rate, width: 7, priority: 2, about: writes in a second}
  - {name: write_rate, title: WRITE B/s, expr: rate(write_bytes), unit: byterate, width: 9, priority: 3,
     about: bytes written in a second}
  - {name: write_time, title: WRITE TIME, expr: d(write_time) / d(writes), unit: ms, width: 10, priority: 4,
     warn: "> 10ms", about: "mean time of a write (needs track_io_timing, for wal track_wal_io_timing)"}
  - {name: extends, title: EXTEND/s, expr: rate(extends), unit: rate, width: 8, priority: 5,
     about: appends to files in a second}
  - {name: hit, title: HIT%, expr: 100 * d(hits) / (d(hits) + d(reads)), unit: percent, width: 6, priority: 3,
     warn: "< 90", about: blocks found in shared buffers}
  - {name: evictions, title: EVICT/s, expr: rate(evictions), unit: rate, width: 7, priority: 4,
     about: buffers taken from another page in a second}
  - {name: reuses, title: REUSE/s, expr: rate(reuses), unit: rate, width: 7, priority: 6,
     about: buffers of the ring used again in a second}
  - {name: fsyncs, title: FSYNC/s, expr: rate(fsyncs), unit: rate, width: 7, priority: 4,
     about: files forced to disk in a second}
  - {name: fsync_time, title: FSYNC TIME, expr: d(fsync_time) / d(fsyncs), unit: ms, width: 10, priority: 5,
     warn: "> 20ms", about: mean time of that}
  - {name: writebacks, title: WBACK/s, expr: rate(writebacks), unit: rate, width: 7, priority: 7,
     about: requests to the system to write out in a second}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 5,
     about: "reads, writes and appends over the last intervals"}
*/
-- since 180000
SELECT b.backend_type AS process, b.object, b.context, b.reads, b.read_bytes::int8 AS read_bytes,
       CASE WHEN t.timed THEN b.read_time END AS read_time, b.writes,
       b.write_bytes::int8 AS write_bytes, CASE WHEN t.timed THEN b.write_time END AS write_time, b.writebacks,
       b.extends, b.extend_bytes::int8 AS extend_bytes, CASE WHEN t.timed THEN b.extend_time END AS extend_time,
       b.hits, b.evictions, b.reuses, b.fsyncs, CASE WHEN t.timed THEN b.fsync_time END AS fsync_time,
       (coalesce(b.read_bytes, 0) + coalesce(b.write_bytes, 0) + coalesce(b.extend_bytes, 0))::int8 AS traffic,
       coalesce(b.reads, 0) + coalesce(b.writes, 0) + coalesce(b.extends, 0) + coalesce(b.fsyncs, 0) AS work,
       coalesce(b.reads, 0) + coalesce(b.writes, 0) + coalesce(b.extends, 0) + coalesce(b.hits, 0)
           + coalesce(b.fsyncs, 0) = 0 AS is_unused,
       b.stats_reset
  FROM pg_stat_get_io() AS b,
       LATERAL (SELECT current_setting(CASE b.object WHEN 'wal' THEN 'track_wal_io_timing'
           ELSE 'track_io_timing' END)::bool AS timed) AS t

-- since 160000
SELECT b.backend_type AS process, b.object, b.context, b.reads, b.reads * b.op_bytes AS read_bytes,
       CASE WHEN t.timed THEN b.read_time END AS read_time, b.writes,
       b.writes * b.op_bytes AS write_bytes, CASE WHEN t.timed THEN b.write_time END AS write_time, b.writebacks,
       b.extends, b.extends * b.op_bytes AS extend_bytes, CASE WHEN t.timed THEN b.extend_time END AS extend_time,
       b.hits, b.evictions, b.reuses, b.fsyncs, CASE WHEN t.timed THEN b.fsync_time END AS fsync_time,
       b.op_bytes * (coalesce(b.reads, 0) + coalesce(b.writes, 0) + coalesce(b.extends, 0)) AS traffic,
       coalesce(b.reads, 0) + coalesce(b.writes, 0) + coalesce(b.extends, 0) + coalesce(b.fsyncs, 0) AS work,
       coalesce(b.reads, 0) + coalesce(b.writes, 0) + coalesce(b.extends, 0) + coalesce(b.hits, 0)
           + coalesce(b.fsyncs, 0) = 0 AS is_unused,
       b.stats_reset
  FROM pg_stat_get_io() AS b, (SELECT current_setting('track_io_timing')::bool AS timed) AS t

-- since 130000
SELECT v.process, 'relation' AS object, 'all' AS context, v.reads, v.writes, v.hits, v.fsyncs,
       coalesce(v.reads, 0) + v.writes AS work, false AS is_unused, b.stats_reset
  FROM pg_stat_bgwriter AS b,
       (SELECT sum(d.blks_read)::int8 AS blks_read, sum(d.blks_hit)::int8 AS blks_hit FROM pg_stat_database AS d) AS d,
       LATERAL (VALUES ('client backend', d.blks_read, b.buffers_backend, d.blks_hit, b.buffers_backend_fsync),
                       ('checkpointer', NULL, b.buffers_checkpoint, NULL, NULL),
                       ('background writer', NULL, b.buffers_clean, NULL, NULL)) AS v(process, reads, writes, hits,
                       fsyncs)
