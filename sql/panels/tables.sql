/* dytop panel
title: Tables
about: "What happens to each table of this database: scans, changes, dead rows, vacuum, size."
empty: "there are no tables of users"
screen: tables
digit: 5
order: 50
every: 10s
limit: 50000
key: [relid]
target: {kind: table, oid: relid, name: table, relkind: relkind}
sort: -seq_reads
trend: rate(seq_scan) + rate(idx_scan)
fields:
  relid: id
  seq_scan: counter
  seq_tup_read: counter
  idx_scan: counter
  n_ins: counter
  n_upd: counter
  n_del: counter
  n_hot: counter
  n_live: gauge
  n_dead: gauge
  n_mod: gauge
  blks_hit: counter
  blks_read: counter
lookups:
  names: {by: [relid], fields: {table: text, relkind: text, est_rows: gauge, xid_age: gauge}, rows: visible, keep: 60s}
  sizes: {by: [relid], fields: {bytes: gauge, index_bytes: gauge}, rows: visible, keep: 60s, gap: 2s, batch: 100}
  care: {by: [relid], fields: {last_vacuum: time, last_analyze: time, vacuums: gauge, autovacuums: gauge,
          analyzes: gauge,
         last_seq: {kind: time, from: 160000}, vacuum_time: {kind: gauge, from: 180000}}, rows: visible, keep: 10s}
columns:
  - {name: table, title: TABLE, unit: text, width: 26, priority: 1,
     about: "the table, with the schema when that is not public"}
  - {name: seq, title: SEQ/s, expr: rate(seq_scan), unit: rate, width: 7, priority: 2,
     about: scans of the whole table in a second}
  - {name: seq_reads, title: SEQ ROWS/s, expr: rate(seq_tup_read), unit: rate, width: 10, priority: 1,
     warn: "> 1000000", about: rows read by such scans in a second}
  - {name: idx, title: IDX/s, expr: rate(idx_scan), unit: rate, width: 7, priority: 2,
     about: scans of its indexes in a second}
  - {name: use, title: IDX%, expr: 100 * d(idx_scan) / (d(idx_scan) + d(seq_scan)), unit: percent, width: 6,
     priority: 2, warn: "self < 50 and n_live > 10000", about: index scans of all its scans in the interval}
  - {name: use_life, title: IDX% LIFE, expr: 100 * idx_scan / (idx_scan + seq_scan), unit: percent, width: 9,
     priority: 5, warn: "self < 50 and n_live > 10000", about: the same since the last reset}
  - {name: inserts, title: INS/s, expr: rate(n_ins), unit: rate, width: 7, priority: 4,
     about: rows inserted in a second}
  - {name: updates, title: UPD/s, expr: rate(n_upd), unit: rate, width: 7, priority: 4, about: rows updated in a second}
  - {name: deletes, title: DEL/s, expr: rate(n_del), unit: rate, width: 7, priority: 5, about: rows deleted in a second}
  - {name: hot, title: HOT%, expr: 100 * d(n_hot) / d(n_upd), unit: percent, width: 6, priority: 6,
     about: updates that no index had to hear of}
  - {name: live, title: LIVE, expr: n_live, unit: count, width: 8, priority: 3,
     about: "rows, as the server estimates them"}
  - {name: dead, title: DEAD, expr: n_dead, unit: count, width: 8, priority: 3,
     about: "dead rows that vacuum has not removed, estimated"}
  - {name: dead_share, title: DEAD%, expr: 100 * n_dead / (n_live + n_dead), unit: percent, width: 6, priority: 2,
     warn: "self > 20 and n_dead > 10000", crit: "self > 50 and n_dead > 100000", about: dead rows of all rows}
  - {name: hit, title: HIT%, expr: 100 * d(blks_hit) / (d(blks_hit) + d(blks_read)), unit: percent, width: 6,
     priority: 4, warn: "< 90", about: blocks of the table found in shared buffers in the interval}
  - {name: size, title: SIZE, expr: bytes, unit: bytes, width: 8, priority: 3, about: size of the table with its TOAST}
  - {name: index_size, title: INDEXES, expr: index_bytes, unit: bytes, width: 8, priority: 5,
     about: size of all its indexes}
  - {name: vacuum, title: VACUUM, expr: age(last_vacuum), unit: age, width: 7, priority: 4,
     about: "since its last vacuum, by hand or automatic; - never"}
  - {name: analyze, title: ANALYZE, expr: age(last_analyze), unit: age, width: 7, priority: 4,
     about: "since its last analyze, by hand or automatic; - never"}
  - {name: stale, title: MODIFIED, expr: n_mod, unit: count, width: 8, priority: 6, warn: "self > 0.2 * n_live + 10000",
     about: rows changed since the last analyze}
  - {name: xid, title: XID AGE, expr: xid_age, unit: count, width: 8, priority: 8, warn: "> 400000000",
     crit: "> 1600000000", about: transactions since the oldest row that is not frozen}
  - {name: vacuums, title: VACUUMS, unit: count, width: 7, priority: 8, show: no,
     about: vacuums by hand since the last reset}
  - {name: autovacuums, title: AUTOVAC, unit: count, width: 7, priority: 8, show: no,
     about: automatic vacuums since the last reset}
  - {name: analyzes, title: ANALYZES, unit: count, width: 8, priority: 8, show: no,
     about: analyzes of both kinds since the last reset}
  - {name: vacuum_time, title: VAC TIME, unit: ms, width: 8, priority: 8, show: no,
     about: "time that vacuums took since the last reset (PostgreSQL 18 and later)"}
  - {name: last_seq, title: LAST SEQ, unit: time, width: 10, priority: 8, show: no,
     about: "when it was last scanned as a whole (PostgreSQL 16 and later)"}
  - {name: rows, title: PLANNED, expr: est_rows, unit: count, width: 8, priority: 9, show: no,
     about: rows that the planner reckons with}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 7, about: scans of both kinds over the last intervals}
figures:
  - {name: dead_rows, title: dead rows, expr: sum(n_dead), unit: count}
*/
-- since 130000
SELECT c.oid AS relid, pg_stat_get_numscans(c.oid) AS seq_scan, pg_stat_get_tuples_returned(c.oid) AS seq_tup_read,
       coalesce(x.idx_scan, 0) AS idx_scan, pg_stat_get_tuples_inserted(c.oid) AS n_ins,
       pg_stat_get_tuples_updated(c.oid) AS n_upd, pg_stat_get_tuples_deleted(c.oid) AS n_del,
       pg_stat_get_tuples_hot_updated(c.oid) AS n_hot, pg_stat_get_live_tuples(c.oid) AS n_live,
       pg_stat_get_dead_tuples(c.oid) AS n_dead, pg_stat_get_mod_since_analyze(c.oid) AS n_mod,
       pg_stat_get_blocks_hit(c.oid) AS blks_hit,
       pg_stat_get_blocks_fetched(c.oid) - pg_stat_get_blocks_hit(c.oid) AS blks_read
  FROM pg_class AS c
       LEFT JOIN (SELECT i.indrelid, sum(pg_stat_get_numscans(i.indexrelid))::int8 AS idx_scan
                    FROM pg_index AS i WHERE i.indrelid >= 16384 GROUP BY i.indrelid) AS x ON x.indrelid = c.oid
 WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384

-- lookup names since 130000
SELECT c.oid AS relid,
       CASE WHEN n.nspname = 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS table,
       c.relkind::text AS relkind, nullif(c.reltuples, -1) AS est_rows, age(c.relfrozenxid) AS xid_age
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::int8[]::oid[])

-- lookup sizes since 130000
SELECT x.o AS relid, pg_table_size(x.o::oid) AS bytes, pg_indexes_size(x.o::oid) AS index_bytes
  FROM unnest($1::int8[]) AS x(o)
 WHERE NOT EXISTS (SELECT FROM pg_lock_status() AS l
                    WHERE l.mode = 'AccessExclusiveLock'
                      AND (l.relation = x.o::oid OR l.relation
                          IN (SELECT i.indexrelid FROM pg_index AS i WHERE i.indrelid = x.o::oid)))

-- lookup care since 180000
SELECT x.o AS relid, greatest(pg_stat_get_last_vacuum_time(x.o::oid), pg_stat_get_last_autovacuum_time(x.o::oid))
           AS last_vacuum,
       greatest(pg_stat_get_last_analyze_time(x.o::oid), pg_stat_get_last_autoanalyze_time(x.o::oid)) AS last_analyze,
       pg_stat_get_vacuum_count(x.o::oid) AS vacuums, pg_stat_get_autovacuum_count(x.o::oid) AS autovacuums,
       pg_stat_get_analyze_count(x.o::oid) + pg_stat_get_autoanalyze_count(x.o::oid) AS analyzes,
       pg_stat_get_lastscan(x.o::oid) AS last_seq,
       pg_stat_get_total_vacuum_time(x.o::oid) + pg_stat_get_total_autovacuum_time(x.o::oid) AS vacuum_time
  FROM unnest($1::int8[]) AS x(o)

-- lookup care since 160000
SELECT x.o AS relid, greatest(pg_stat_get_last_vacuum_time(x.o::oid), pg_stat_get_last_autovacuum_time(x.o::oid))
           AS last_vacuum,
       greatest(pg_stat_get_last_analyze_time(x.o::oid), pg_stat_get_last_autoanalyze_time(x.o::oid)) AS last_analyze,
       pg_stat_get_vacuum_count(x.o::oid) AS vacuums, pg_stat_get_autovacuum_count(x.o::oid) AS autovacuums,
       pg_stat_get_analyze_count(x.o::oid) + pg_stat_get_autoanalyze_count(x.o::oid) AS analyzes,
       pg_stat_get_lastscan(x.o::oid) AS last_seq
  FROM unnest($1::int8[]) AS x(o)

-- lookup care since 130000
SELECT x.o AS relid, greatest(pg_stat_get_last_vacuum_time(x.o::oid), pg_stat_get_last_autovacuum_time(x.o::oid))
           AS last_vacuum,
       greatest(pg_stat_get_last_analyze_time(x.o::oid), pg_stat_get_last_autoanalyze_time(x.o::oid)) AS last_analyze,
       pg_stat_get_vacuum_count(x.o::oid) AS vacuums, pg_stat_get_autovacuum_count(x.o::oid) AS autovacuums,
       pg_stat_get_analyze_count(x.o::oid) + pg_stat_get_autoanalyze_count(x.o::oid) AS analyzes
  FROM unnest($1::int8[]) AS x(o)
