/* dytop panel
title: Databases
about: What each database of the server did in the last interval.
screen: databases
order: 100
every: 2s
key: [datid]
target: {kind: database, database: datid, name: database}
reset: stats_reset
sort: -xacts
trend: rate(xact_commit) + rate(xact_rollback)
fields:
  datid: id
  database: text
  backends: gauge
  xact_commit: counter
  xact_rollback: counter
  blks_read: counter
  blks_hit: counter
  tup_returned: counter
  tup_fetched: counter
  tup_inserted: counter
  tup_updated: counter
  tup_deleted: counter
  conflicts: counter
  temp_files: counter
  temp_bytes: counter
  deadlocks: counter
  checksum_failures: counter
  blk_read_time: counter
  blk_write_time: counter
  session_time: {kind: counter, from: 140000}
  active_time: {kind: counter, from: 140000}
  idle_in_transaction_time: {kind: counter, from: 140000}
  sessions: {kind: counter, from: 140000}
  sessions_abandoned: {kind: counter, from: 140000}
  sessions_fatal: {kind: counter, from: 140000}
  sessions_killed: {kind: counter, from: 140000}
  workers_planned: {kind: counter, from: 180000}
  workers_launched: {kind: counter, from: 180000}
  stats_reset: time
lookups:
  sizes: {by: [datid], fields: {bytes: gauge}, rows: visible, keep: 300s, gap: 5s, batch: 50}
  limits: {by: [datid], fields: {xid_age: gauge, connection_limit: gauge}, rows: visible, keep: 60s}
columns:
  - {name: database, title: DATABASE, unit: text, width: 16, priority: 1,
     about: "the database; (shared) are the catalogs that all have in common"}
  - {name: backends, title: CONN, unit: count, width: 5, priority: 1, about: connections to it}
  - {name: xacts, title: XACT/s, expr: rate(xact_commit) + rate(xact_rollback), unit: rate, width: 7, priority: 1,
     about: transactions ended in a second}
  - {name: rollback, title: ROLLB%, expr: 100 * d(xact_rollback) / (d(xact_commit) + d(xact_rollback)), unit: percent,
     width: 6, priority: 4, warn: "> 10", about: share of them that were rolled back}
  - {name: hit, title: HIT%, expr: 100 * d(blks_hit) / (d(blks_hit) + d(blks_read)), unit: percent, width: 6,
     priority: 1, warn: "< 95", crit: "< 90", about: blocks found in shared buffers in the interval}
  - {name: hit_life, title: HIT% LIFE, expr: 100 * blks_hit / (blks_hit + blks_read), unit: percent, width: 9,
     priority: 6, about: the same since the last reset}
  - {name: reads, title: READ/s, expr: rate(blks_read), unit: rate, width: 7, priority: 4,
     about: blocks asked of the system in a second}
  - {name: io, title: IO ms/s, expr: rate(blk_read_time) + rate(blk_write_time), unit: ms, width: 8, priority: 5,
     about: "time spent reading and writing blocks in a second of the clock (needs track_io_timing)"}
  - {name: returned, title: ROWS/s, expr: rate(tup_returned), unit: rate, width: 7, priority: 5,
     about: rows that scans went through in a second}
  - {name: fetched, title: FETCH/s, expr: rate(tup_fetched), unit: rate, width: 7, priority: 6,
     about: rows fetched through indexes in a second}
  - {name: inserts, title: INS/s, expr: rate(tup_inserted), unit: rate, width: 7, priority: 5,
     about: rows inserted in a second}
  - {name: updates, title: UPD/s, expr: rate(tup_updated), unit: rate, width: 7, priority: 5,
     about: rows updated in a second}
  - {name: deletes, title: DEL/s, expr: rate(tup_deleted), unit: rate, width: 7, priority: 6,
     about: rows deleted in a second}
  - {name: temp, title: TEMP/s, expr: rate(temp_bytes), unit: byterate, width: 7, priority: 3, warn: "> 10MB",
     about: temporary files written in a second}
  - {name: temps, title: TEMPS, expr: d(temp_files), unit: count, width: 5, priority: 7, show: no,
     about: temporary files made in the interval}
  - {name: deadlocks, title: DEADLOCKS, expr: d(deadlocks), unit: count, width: 9, priority: 3, crit: "> 0",
     about: deadlocks found in the interval}
  - {name: deadlocks_life, title: DEADL LIFE, expr: deadlocks, unit: count, width: 10, priority: 7, show: no,
     about: deadlocks since the last reset}
  - {name: conflicts, title: CONFLICTS, expr: d(conflicts), unit: count, width: 9, priority: 7, warn: "> 0",
     about: queries cancelled on a standby in the interval}
  - {name: checksums, title: CHECKSUM, expr: checksum_failures, unit: count, width: 8, priority: 6, crit: "> 0",
     about: "pages that failed their checksum since the last reset; - when checksums are off"}
  - {name: new_sessions, title: SESS/s, expr: rate(sessions), unit: rate, width: 7, priority: 4, warn: "> 20",
     about: connections made in a second (PostgreSQL 14 and later)}
  - {name: busy, title: ACTIVE, expr: rate(active_time) / 1000, unit: float, width: 7, priority: 5,
     about: "sessions that were at work on average; counted when a statement ends (PostgreSQL 14 and later)"}
  - {name: held, title: IDLE TX, expr: rate(idle_in_transaction_time) / 1000, unit: float, width: 7, priority: 6,
     warn: "> 1", about: sessions that were idle in a transaction on average}
  - {name: lost, title: LOST, expr: d(sessions_abandoned) + d(sessions_fatal) + d(sessions_killed), unit: count,
     width: 5, priority: 6, warn: "> 0",
     about: "sessions that ended badly in the interval: client gone, fatal error, terminated"}
  - {name: workers, title: WORK%, expr: 100 * d(workers_launched) / d(workers_planned), unit: percent, width: 6,
     priority: 8, warn: "< 80", about: "parallel workers got of those planned (PostgreSQL 18 and later)"}
  - {name: size, title: SIZE, expr: bytes, unit: bytes, width: 8, priority: 3, about: size on disk}
  - {name: xid, title: XID AGE, expr: xid_age, unit: count, width: 8, priority: 7, warn: "> 1000000000",
     crit: "> 1600000000", about: transactions since the oldest one not frozen}
  - {name: limit, title: LIMIT, expr: "if(connection_limit >= 0, connection_limit, unknown)", unit: count, width: 5,
     priority: 8, show: no, about: "connections that it allows; - no limit of its own"}
  - {name: reset, title: RESET, expr: stats_reset, unit: time, width: 10, priority: 8, show: no,
     about: when its statistics were last reset}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 7, about: transactions over the last intervals}
*/
-- since 180000
SELECT d.datid, coalesce(d.datname, '(shared)') AS database, d.numbackends AS backends, d.xact_commit, d.xact_rollback,
       d.blks_read, d.blks_hit,
       d.tup_returned, d.tup_fetched, d.tup_inserted, d.tup_updated, d.tup_deleted, d.conflicts, d.temp_files,
       d.temp_bytes,
       d.deadlocks, d.checksum_failures,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_read_time END AS blk_read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_write_time END AS blk_write_time,
       d.session_time, d.active_time,
       d.idle_in_transaction_time, d.sessions, d.sessions_abandoned, d.sessions_fatal, d.sessions_killed,
       d.parallel_workers_to_launch AS workers_planned, d.parallel_workers_launched AS workers_launched, d.stats_reset
  FROM pg_stat_database AS d

-- since 140000
SELECT d.datid, coalesce(d.datname, '(shared)') AS database, d.numbackends AS backends, d.xact_commit, d.xact_rollback,
       d.blks_read, d.blks_hit,
       d.tup_returned, d.tup_fetched, d.tup_inserted, d.tup_updated, d.tup_deleted, d.conflicts, d.temp_files,
       d.temp_bytes,
       d.deadlocks, d.checksum_failures,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_read_time END AS blk_read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_write_time END AS blk_write_time,
       d.session_time, d.active_time,
       d.idle_in_transaction_time, d.sessions, d.sessions_abandoned, d.sessions_fatal, d.sessions_killed, d.stats_reset
  FROM pg_stat_database AS d

-- since 130000
SELECT d.datid, coalesce(d.datname, '(shared)') AS database, d.numbackends AS backends, d.xact_commit, d.xact_rollback,
       d.blks_read, d.blks_hit,
       d.tup_returned, d.tup_fetched, d.tup_inserted, d.tup_updated, d.tup_deleted, d.conflicts, d.temp_files,
       d.temp_bytes,
       d.deadlocks, d.checksum_failures,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_read_time END AS blk_read_time,
       CASE WHEN (SELECT current_setting('track_io_timing')::bool) THEN d.blk_write_time END AS blk_write_time,
       d.stats_reset
  FROM pg_stat_database AS d

-- lookup sizes since 130000
SELECT d.oid AS datid, pg_database_size(d.oid) AS bytes
  FROM pg_database AS d
 WHERE d.oid = ANY ($1::int8[]::oid[])
   AND (has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'MEMBER'))

-- lookup limits since 130000
SELECT d.oid AS datid, age(d.datfrozenxid) AS xid_age, d.datconnlimit AS connection_limit
  FROM pg_database AS d
 WHERE d.oid = ANY ($1::int8[]::oid[])
