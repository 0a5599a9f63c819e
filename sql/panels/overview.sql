/* dytop panel
title: Overview
about: The whole server in one row, from counters that cost next to nothing.
screen: overview
digit: 0
shape: card
order: 0
always: yes
reset: stats_reset
fields:
  xact_commit: counter
  xact_rollback: counter
  blks_hit: counter
  blks_read: counter
  tup_returned: counter
  tup_fetched: counter
  tup_written: counter
  deadlocks: counter
  conflicts: counter
  temp_files: counter
  temp_bytes: counter
  wal_bytes: {kind: counter, from: 140000}
  backends: gauge
  max_connections: gauge
  usable_connections: gauge
  xid_age: gauge
  stats_reset: time
columns:
  - {name: xacts, title: XACT/s, expr: rate(xact_commit) + rate(xact_rollback), unit: rate, width: 7, priority: 1,
     about: "transactions ended in a second, all databases"}
  - {name: rollback, title: ROLLB%, expr: 100 * d(xact_rollback) / (d(xact_commit) + d(xact_rollback)), unit: percent,
     width: 6, priority: 3, warn: "> 10", about: share of them that were rolled back}
  - {name: hit, title: HIT%, expr: 100 * d(blks_hit) / (d(blks_hit) + d(blks_read)), unit: percent, width: 6,
     priority: 1, warn: "< 95", crit: "< 90",
     about: "blocks found in shared buffers, of all asked for in the interval (what is not found may be in the system's
       cache)"}
  - {name: hit_life, title: HIT% LIFE, expr: 100 * blks_hit / (blks_hit + blks_read), unit: percent, width: 6,
     priority: 4, about: the same since the last reset of the statistics}
  - {name: read, title: READ/s, expr: rate(blks_read), unit: rate, width: 7, priority: 3,
     about: blocks asked of the system in a second}
  - {name: returned, title: TUP READ/s, expr: rate(tup_returned), unit: rate, width: 7, priority: 5,
     about: rows that scans went through in a second}
  - {name: fetched, title: TUP FETCH/s, expr: rate(tup_fetched), unit: rate, width: 7, priority: 5,
     about: rows fetched through indexes in a second}
  - {name: written, title: TUP WRITE/s, expr: rate(tup_written), unit: rate, width: 7, priority: 4,
     about: "rows inserted, updated and deleted in a second"}
  - {name: deadlocks, title: DEADLOCKS, expr: d(deadlocks), unit: count, width: 5, priority: 2, crit: "> 0",
     about: deadlocks found in the interval}
  - {name: conflicts, title: CONFLICTS, expr: d(conflicts), unit: count, width: 5, priority: 6, warn: "> 0",
     about: queries cancelled on a standby in the interval}
  - {name: temp, title: TEMP/s, expr: rate(temp_bytes), unit: byterate, width: 7, priority: 3, warn: "> 10MB",
     about: "temporary files written in a second (work_mem was too small)"}
  - {name: wal, title: WAL/s, expr: rate(wal_bytes), unit: byterate, width: 7, priority: 3,
     about: write-ahead log made in a second}
  - {name: connections, title: CONN, expr: backends, unit: count, width: 5, priority: 1,
     about: connections to databases}
  - {name: connections_max, title: MAX, expr: usable_connections, unit: count, width: 5, priority: 2,
     about: max_connections less the reserved ones}
  - {name: connections_used, title: CONN%, expr: 100 * backends / usable_connections, unit: percent, width: 6,
     priority: 2, warn: "> 85", crit: "> 95", about: connections of those that anyone may use}
  - {name: xid_age, title: XID AGE, unit: count, width: 7, priority: 6, warn: "> 1000000000", crit: "> 1600000000",
     about: "transactions since the oldest one not yet frozen; the server stops itself near 2.1 billion"}
figures:
  - {name: xacts, title: xacts, expr: rate(xact_commit) + rate(xact_rollback), unit: rate, line: 1, order: 10,
     trend: yes}
  - {name: deadlocks, title: deadlocks, expr: d(deadlocks), unit: count, line: 1, order: 80, trend: yes, crit: "> 0"}
  - {name: pg_hit, title: postgres hit%, expr: 100 * d(blks_hit) / (d(blks_hit) + d(blks_read)), unit: percent, line: 2,
     order: 10, trend: yes, warn: "< 95", crit: "< 90"}
  - {name: pg_hit_life, title: "postgres hit%, lifetime", expr: 100 * blks_hit / (blks_hit + blks_read), unit: percent}
  - {name: connections, title: connections, expr: backends, unit: count, line: 2, order: 40}
  - {name: connections_max, title: of, expr: usable_connections, unit: count, line: 2, order: 41}
  - {name: connection_use, title: connections%, expr: 100 * backends / usable_connections, unit: percent, trend: yes,
     warn: "> 85", crit: "> 95"}
  - {name: rollbacks, title: rollbacks, expr: rate(xact_rollback), unit: rate}
  - {name: wal, title: wal, expr: rate(wal_bytes), unit: byterate, line: 3, order: 30}
  - {name: temp, title: temp, expr: rate(temp_bytes), unit: byterate, line: 3, order: 40, warn: "> 10MB"}
  - {name: xid_age, title: xid age, expr: xid_age, unit: count, warn: "> 1000000000", crit: "> 1600000000"}
charts:
  - {name: throughput, title: "Throughput /s", unit: rate, figures: [xacts, redis_ops, queries]}
  - {name: latency, title: Latency, unit: ms, figures: [mean, p95_bound, p99_bound]}
  - {name: hits, title: Hit ratios, unit: percent, figures: [pg_hit, redis_hit]}
  - {name: pool, title: In use, unit: percent, figures: [pool_use, connection_use]}
*/
-- since 140000
SELECT sum(pg_stat_get_db_xact_commit(d.oid))::int8 AS xact_commit,
       sum(pg_stat_get_db_xact_rollback(d.oid))::int8 AS xact_rollback,
       sum(pg_stat_get_db_blocks_hit(d.oid))::int8 AS blks_hit,
       sum(pg_stat_get_db_blocks_fetched(d.oid) - pg_stat_get_db_blocks_hit(d.oid))::int8 AS blks_read,
       sum(pg_stat_get_db_tuples_returned(d.oid))::int8 AS tup_returned,
       sum(pg_stat_get_db_tuples_fetched(d.oid))::int8 AS tup_fetched,
       sum(pg_stat_get_db_tuples_inserted(d.oid) + pg_stat_get_db_tuples_updated(d.oid)
           + pg_stat_get_db_tuples_deleted(d.oid))::int8 AS tup_written,
       sum(pg_stat_get_db_deadlocks(d.oid))::int8 AS deadlocks,
       sum(pg_stat_get_db_conflict_all(d.oid))::int8 AS conflicts,
       sum(pg_stat_get_db_temp_files(d.oid))::int8 AS temp_files,
       sum(pg_stat_get_db_temp_bytes(d.oid))::int8 AS temp_bytes,
       (SELECT w.wal_bytes::int8 FROM pg_stat_get_wal() w) AS wal_bytes,
       (SELECT count(*) FROM pg_stat_get_backend_idset() b WHERE pg_stat_get_backend_dbid(b) <> 0) AS backends,
       current_setting('max_connections')::int4 AS max_connections,
       current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
           - coalesce(current_setting('reserved_connections', true)::int4, 0) AS usable_connections,
       max(age(d.datfrozenxid)) AS xid_age,
       max(pg_stat_get_db_stat_reset_time(d.oid)) AS stats_reset
  FROM (SELECT oid, datfrozenxid FROM pg_database
        UNION ALL SELECT 0::oid, NULL::xid) AS d

-- since 130000
SELECT sum(pg_stat_get_db_xact_commit(d.oid))::int8 AS xact_commit,
       sum(pg_stat_get_db_xact_rollback(d.oid))::int8 AS xact_rollback,
       sum(pg_stat_get_db_blocks_hit(d.oid))::int8 AS blks_hit,
       sum(pg_stat_get_db_blocks_fetched(d.oid) - pg_stat_get_db_blocks_hit(d.oid))::int8 AS blks_read,
       sum(pg_stat_get_db_tuples_returned(d.oid))::int8 AS tup_returned,
       sum(pg_stat_get_db_tuples_fetched(d.oid))::int8 AS tup_fetched,
       sum(pg_stat_get_db_tuples_inserted(d.oid) + pg_stat_get_db_tuples_updated(d.oid)
           + pg_stat_get_db_tuples_deleted(d.oid))::int8 AS tup_written,
       sum(pg_stat_get_db_deadlocks(d.oid))::int8 AS deadlocks,
       sum(pg_stat_get_db_conflict_all(d.oid))::int8 AS conflicts,
       sum(pg_stat_get_db_temp_files(d.oid))::int8 AS temp_files,
       sum(pg_stat_get_db_temp_bytes(d.oid))::int8 AS temp_bytes,
       (SELECT count(*) FROM pg_stat_get_backend_idset() b WHERE pg_stat_get_backend_dbid(b) <> 0) AS backends,
       current_setting('max_connections')::int4 AS max_connections,
       current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
           - coalesce(current_setting('reserved_connections', true)::int4, 0) AS usable_connections,
       max(age(d.datfrozenxid)) AS xid_age,
       max(pg_stat_get_db_stat_reset_time(d.oid)) AS stats_reset
  FROM (SELECT oid, datfrozenxid FROM pg_database
        UNION ALL SELECT 0::oid, NULL::xid) AS d
