/* dytop panel
title: Checkpoints
about: What the checkpointer and the background writer do.
screen: checkpoints
shape: card
order: 120
every: 2s
reset: stats_reset
fields:
  timed: counter
  requested: counter
  done: {kind: counter, from: 180000}
  restartpoints: {kind: counter, from: 170000}
  write_time: counter
  sync_time: counter
  buffers_written: counter
  slru_written: {kind: counter, from: 180000}
  buffers_clean: counter
  maxwritten_clean: counter
  buffers_backend: {kind: counter, until: 170000}
  backend_fsync: {kind: counter, until: 170000}
  buffers_alloc: counter
  last_checkpoint: time
  redo_bytes: gauge
  max_wal: gauge
  timeout: gauge
  completion_target: gauge
  stats_reset: time
columns:
  - {name: timed, title: TIMED, expr: d(timed), unit: count, width: 6, priority: 2,
     about: checkpoints begun in the interval because their time had come}
  - {name: requested, title: REQUESTED, expr: d(requested), unit: count, width: 6, priority: 1, warn: "> 0",
     about: "checkpoints begun in the interval for another reason: max_wal_size was reached, or someone asked for one"}
  - {name: requested_share, title: REQUESTED% LIFE, expr: 100 * requested / (timed + requested), unit: percent,
     width: 6, priority: 1, warn: "> 30",
     about: "such checkpoints of all since the last reset; many: max_wal_size is too small"}
  - {name: total, title: ALL LIFE, expr: timed + requested, unit: count, width: 6, priority: 3,
     about: checkpoints since the last reset}
  - {name: done, title: DONE LIFE, expr: done, unit: count, width: 6, priority: 6,
     about: checkpoints that had something to do (PostgreSQL 18 and later)}
  - {name: restartpoints, title: RESTARTPOINTS, expr: d(restartpoints), unit: count, width: 6, priority: 7,
     about: the same on a standby in the interval}
  - {name: age, title: LAST, expr: age(last_checkpoint), unit: age, width: 6, priority: 1,
     about: since the last checkpoint began}
  - {name: timeout, title: TIMEOUT, expr: timeout, unit: age, width: 6, priority: 3, about: checkpoint_timeout}
  - {name: redo, title: WAL SINCE, expr: redo_bytes, unit: bytes, width: 8, priority: 1,
     about: log since the last checkpoint began; what a crash would have to replay}
  - {name: redo_share, title: OF MAX%, expr: 100 * redo_bytes / max_wal, unit: percent, width: 6, priority: 2,
     about: that as a share of max_wal_size}
  - {name: written, title: WRITTEN/s, expr: rate(buffers_written), unit: rate, width: 7, priority: 2,
     about: buffers written by checkpoints in a second}
  - {name: write_time, title: WRITE TIME LIFE, expr: write_time / (timed + requested), unit: ms, width: 8, priority: 4,
     about: mean time that a checkpoint spends writing since the last reset}
  - {name: sync_time, title: SYNC TIME LIFE, expr: sync_time / (timed + requested), unit: ms, width: 8, priority: 4,
     warn: "> 10s", about: mean time that a checkpoint waits for the disk since the last reset}
  - {name: cleaned, title: BGWRITER/s, expr: rate(buffers_clean), unit: rate, width: 7, priority: 3,
     about: buffers written by the background writer in a second}
  - {name: halted, title: HALTED/s, expr: rate(maxwritten_clean), unit: rate, width: 7, priority: 4, warn: "> 1",
     about: "times in a second that it stopped at bgwriter_lru_maxpages"}
  - {name: by_backends, title: BACKENDS/s, expr: rate(buffers_backend), unit: rate, width: 7, priority: 3,
     about: "buffers that sessions had to write themselves in a second (until PostgreSQL 16; later see I/O)"}
  - {name: backend_fsyncs, title: BACKEND FSYNC, expr: d(backend_fsync), unit: count, width: 5, priority: 5,
     crit: "> 0", about: files that sessions had to force to disk themselves in the interval (until PostgreSQL 16)}
  - {name: allocated, title: ALLOC/s, expr: rate(buffers_alloc), unit: rate, width: 7, priority: 5,
     about: buffers filled in a second}
  - {name: target, title: TARGET, expr: completion_target, unit: float, width: 5, priority: 6, warn: "< 0.7",
     about: checkpoint_completion_target}
  - {name: slru, title: SLRU/s, expr: rate(slru_written), unit: rate, width: 7, priority: 8,
     about: buffers of small caches written in a second (PostgreSQL 18 and later)}
figures:
  - {name: checkpoints_requested, title: requested checkpoints, expr: d(requested), unit: count, warn: "> 0"}
*/
-- since 180000
SELECT c.num_timed AS timed, c.num_requested AS requested, c.num_done AS done, c.restartpoints_done AS restartpoints,
       c.write_time, c.sync_time,
       c.buffers_written, c.slru_written, b.buffers_clean, b.maxwritten_clean, b.buffers_alloc,
       p.checkpoint_time AS last_checkpoint,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
           ELSE pg_current_wal_insert_lsn() END, p.redo_lsn)::int8
           AS redo_bytes,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal,
       current_setting('checkpoint_timeout')::interval AS timeout,
       current_setting('checkpoint_completion_target')::float8 AS completion_target, c.stats_reset
  FROM pg_stat_checkpointer AS c, pg_stat_bgwriter AS b, pg_control_checkpoint() AS p

-- since 170000
SELECT c.num_timed AS timed, c.num_requested AS requested, c.restartpoints_done AS restartpoints, c.write_time,
       c.sync_time,
       c.buffers_written, b.buffers_clean, b.maxwritten_clean, b.buffers_alloc, p.checkpoint_time AS last_checkpoint,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
           ELSE pg_current_wal_insert_lsn() END, p.redo_lsn)::int8
           AS redo_bytes,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal,
       current_setting('checkpoint_timeout')::interval AS timeout,
       current_setting('checkpoint_completion_target')::float8 AS completion_target, c.stats_reset
  FROM pg_stat_checkpointer AS c, pg_stat_bgwriter AS b, pg_control_checkpoint() AS p

-- since 130000
SELECT b.checkpoints_timed AS timed, b.checkpoints_req AS requested, b.checkpoint_write_time AS write_time,
       b.checkpoint_sync_time AS sync_time, b.buffers_checkpoint AS buffers_written, b.buffers_clean,
       b.maxwritten_clean,
       b.buffers_backend, b.buffers_backend_fsync AS backend_fsync, b.buffers_alloc,
       p.checkpoint_time AS last_checkpoint,
       pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
           ELSE pg_current_wal_insert_lsn() END, p.redo_lsn)::int8
           AS redo_bytes,
       pg_size_bytes(current_setting('max_wal_size')) AS max_wal,
       current_setting('checkpoint_timeout')::interval AS timeout,
       current_setting('checkpoint_completion_target')::float8 AS completion_target, b.stats_reset
  FROM pg_stat_bgwriter AS b, pg_control_checkpoint() AS p
