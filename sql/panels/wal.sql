/* dytop panel
title: WAL
about: The write-ahead log in one row.
screen: io
shape: card
order: 59
every: 2s
reset: stats_reset
fields:
  lsn: counter
  wal_records: {kind: counter, from: 140000}
  wal_fpi: {kind: counter, from: 140000}
  wal_bytes: {kind: counter, from: 140000}
  wal_buffers_full: {kind: counter, from: 140000}
  wal_write: {kind: counter, from: 140000}
  wal_sync: {kind: counter, from: 140000}
  wal_write_time: {kind: counter, from: 140000}
  wal_sync_time: {kind: counter, from: 140000}
  archived: counter
  failed: counter
  last_failed: time
  last_archived: time
  in_recovery: bool
  stats_reset: {kind: time, from: 140000}
columns:
  - {name: bytes, title: WAL/s, expr: rate(lsn), unit: byterate, width: 8, priority: 1,
     about: "log made (on a standby: replayed) in a second"}
  - {name: records, title: RECORDS/s, expr: rate(wal_records), unit: rate, width: 7, priority: 2,
     about: records in a second}
  - {name: per_record, title: BYTES/RECORD, expr: d(wal_bytes) / d(wal_records), unit: bytes, width: 7, priority: 5,
     about: mean size of a record}
  - {name: full_pages, title: FPI/s, expr: rate(wal_fpi), unit: rate, width: 7, priority: 3,
     about: "whole pages written into the log in a second, after a checkpoint"}
  - {name: buffers_full, title: BUF FULL/s, expr: rate(wal_buffers_full), unit: rate, width: 7, priority: 2,
     warn: "> 1", about: "times in a second that the log was written because wal_buffers was full"}
  - {name: writes, title: WRITE/s, expr: rate(wal_write), unit: rate, width: 7, priority: 3,
     about: writes of the log in a second}
  - {name: write_time, title: WRITE TIME, expr: d(wal_write_time) / d(wal_write), unit: ms, width: 8, priority: 4,
     about: "mean time of such a write (needs track_wal_io_timing)"}
  - {name: syncs, title: SYNC/s, expr: rate(wal_sync), unit: rate, width: 7, priority: 3,
     about: times that the log was forced to disk in a second}
  - {name: sync_time, title: SYNC TIME, expr: d(wal_sync_time) / d(wal_sync), unit: ms, width: 8, priority: 3,
     warn: "> 20ms", about: "mean time of that (needs track_wal_io_timing)"}
  - {name: archived, title: ARCHIVED/s, expr: rate(archived), unit: rate, width: 7, priority: 6,
     about: files archived in a second}
  - {name: archive_failed, title: ARCHIVE FAILED, expr: d(failed), unit: count, width: 5, priority: 4, crit: "> 0",
     about: files that could not be archived in the interval}
  - {name: archive_age, title: LAST ARCHIVED, expr: age(last_archived), unit: age, width: 6, priority: 6,
     about: since the last file was archived}
  - {name: standby, title: STANDBY, expr: in_recovery, unit: bool, width: 4, priority: 7,
     about: the server replays the log of another one}
figures:
  - {name: wal_sync_time, title: wal sync, expr: d(wal_sync_time) / d(wal_sync), unit: ms, warn: "> 20ms"}
*/
-- since 180000
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END AS lsn,
       w.wal_records, w.wal_fpi, w.wal_bytes::int8 AS wal_bytes, w.wal_buffers_full, i.wal_write, i.wal_sync,
       CASE WHEN t.timed THEN i.wal_write_time END AS wal_write_time,
       CASE WHEN t.timed THEN i.wal_sync_time END AS wal_sync_time,
       a.archived_count AS archived, a.failed_count AS failed, a.last_failed_time AS last_failed,
       a.last_archived_time AS last_archived, pg_is_in_recovery() AS in_recovery, w.stats_reset
  FROM pg_stat_get_wal() AS w, pg_stat_get_archiver() AS a,
       (SELECT sum(b.writes)::int8 AS wal_write, sum(b.fsyncs)::int8 AS wal_sync, sum(b.write_time) AS wal_write_time,
               sum(b.fsync_time) AS wal_sync_time
          FROM pg_stat_get_io() AS b WHERE b.object = 'wal') AS i,
       (SELECT current_setting('track_wal_io_timing')::bool AS timed) AS t

-- since 140000
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END AS lsn,
       w.wal_records, w.wal_fpi, w.wal_bytes::int8 AS wal_bytes, w.wal_buffers_full, w.wal_write, w.wal_sync,
       CASE WHEN t.timed THEN w.wal_write_time END AS wal_write_time,
       CASE WHEN t.timed THEN w.wal_sync_time END AS wal_sync_time,
       a.archived_count AS archived, a.failed_count AS failed, a.last_failed_time AS last_failed,
       a.last_archived_time AS last_archived, pg_is_in_recovery() AS in_recovery, w.stats_reset
  FROM pg_stat_get_wal() AS w, pg_stat_get_archiver() AS a,
       (SELECT current_setting('track_wal_io_timing')::bool AS timed) AS t

-- since 130000
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END AS lsn,
       a.archived_count AS archived, a.failed_count AS failed, a.last_failed_time AS last_failed,
       a.last_archived_time AS last_archived, pg_is_in_recovery() AS in_recovery
  FROM pg_stat_get_archiver() AS a
