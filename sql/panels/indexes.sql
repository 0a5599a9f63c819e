/* dytop panel
title: Indexes
about: "What each index of this database is used for: scans, rows, size; unused, invalid and duplicate ones."
empty: "there are no indexes of users"
screen: indexes
digit: 4
order: 40
every: 10s
limit: 50000
key: [indexrelid]
target: {kind: index, oid: indexrelid, name: index}
sort: -scans
trend: rate(idx_scan)
fields:
  indexrelid: id
  indrelid: id
  idx_scan: counter
  idx_tup_read: counter
  idx_tup_fetch: counter
  last_scan: {kind: time, from: 160000}
  is_valid: bool
  is_unique: bool
lookups:
  names: {by: [indexrelid], fields: {index: text, table: text, method: text, partial: bool}, rows: visible, keep: 300s}
  sizes: {by: [indexrelid], fields: {bytes: gauge}, rows: visible, keep: 60s, gap: 2s, batch: 200}
  scans: {by: [indrelid], fields: {table_seq_scan: gauge, table_idx_scan: gauge}, rows: visible, keep: 10s}
  others: {by: [indexrelid], fields: {same_as: text}, rows: visible, keep: 300s}
  definition: {by: [indexrelid], fields: {definition: text}, rows: detail, keep: 60s}
columns:
  - {name: index, title: INDEX, unit: text, width: 28, priority: 1, about: name of the index}
  - {name: table, title: TABLE, unit: text, width: 22, priority: 2,
     about: "its table, with the schema when that is not public"}
  - {name: scans, title: SCANS/s, expr: rate(idx_scan), unit: rate, width: 8, priority: 1,
     about: scans of the index in a second}
  - {name: reads, title: READ/s, expr: rate(idx_tup_read), unit: rate, width: 8, priority: 3,
     about: entries returned by these scans in a second}
  - {name: fetches, title: FETCH/s, expr: rate(idx_tup_fetch), unit: rate, width: 8, priority: 4,
     about: live rows fetched by plain index scans in a second}
  - {name: per_scan, title: READ/SCAN, expr: d(idx_tup_read) / d(idx_scan), unit: float, width: 9, priority: 5,
     about: entries that a scan goes through}
  - {name: efficiency, title: FETCH%, expr: 100 * d(idx_tup_fetch) / d(idx_tup_read), unit: percent, width: 6,
     priority: 6,
     about: "live rows fetched of entries read (0 for index-only and bitmap scans, which fetch none or elsewhere)"}
  - {name: use, title: TABLE%, expr: 100 * table_idx_scan / (table_idx_scan + table_seq_scan), unit: percent, width: 6,
     priority: 3,
     about: "index scans of all scans of its table since the last reset: how well the table is served by indexes"}
  - {name: size, title: SIZE, expr: bytes, unit: bytes, width: 8, priority: 2, about: size of the index on disk}
  - {name: total_scans, title: SCANS, expr: idx_scan, unit: count, width: 8, priority: 2,
     about: scans since the last reset}
  - {name: last, title: LAST SCAN, expr: last_scan, unit: time, width: 10, priority: 7,
     about: "when it was last scanned (PostgreSQL 16 and later)"}
  - {name: flags, title: UNUSED, expr: idx_scan = 0 and not is_unique, unit: bool, width: 6, priority: 3,
     warn: "self and bytes > 10MB", about: never scanned since the last reset and not there to keep a constraint}
  - {name: invalid, title: INVALID, expr: not is_valid, unit: bool, width: 7, priority: 2, crit: "self",
     about: "left behind by a CREATE or REINDEX CONCURRENTLY that failed, or one still at work: written to, not used"}
  - {name: duplicate, title: DUPLICATE, expr: same_as, unit: text, width: 16, priority: 3, warn: 'self != ""',
     about: "another index that does its work: the same columns, or more columns behind the same first ones"}
  - {name: unique, title: UNIQUE, expr: is_unique, unit: bool, width: 6, priority: 6,
     about: keeps a unique or primary key constraint}
  - {name: method, title: METHOD, unit: text, width: 6, priority: 7, about: access method}
  - {name: partial, title: PARTIAL, unit: bool, width: 7, priority: 8, about: covers only the rows of its predicate}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 7, about: scans over the last intervals}
  - {name: definition, title: DEFINITION, unit: text, width: 40, priority: 9, show: no,
     about: the statement that makes it}
figures:
  - {name: indexes_unused, title: unused indexes, expr: count(idx_scan = 0 and not is_unique), unit: count}
  - {name: indexes_invalid, title: invalid indexes, expr: count(not is_valid), unit: count, warn: "> 0"}
*/
-- since 160000
SELECT i.indexrelid, i.indrelid, pg_stat_get_numscans(i.indexrelid) AS idx_scan,
       pg_stat_get_tuples_returned(i.indexrelid) AS idx_tup_read,
       pg_stat_get_tuples_fetched(i.indexrelid) AS idx_tup_fetch,
       pg_stat_get_lastscan(i.indexrelid) AS last_scan, i.indisvalid AND i.indisready AS is_valid,
       i.indisunique AS is_unique
  FROM pg_index AS i
 WHERE i.indexrelid >= 16384 AND i.indrelid NOT
     IN (SELECT t.reltoastrelid FROM pg_class AS t WHERE t.reltoastrelid <> 0)

-- since 130000
SELECT i.indexrelid, i.indrelid, pg_stat_get_numscans(i.indexrelid) AS idx_scan,
       pg_stat_get_tuples_returned(i.indexrelid) AS idx_tup_read,
       pg_stat_get_tuples_fetched(i.indexrelid) AS idx_tup_fetch,
       i.indisvalid AND i.indisready AS is_valid, i.indisunique AS is_unique
  FROM pg_index AS i
 WHERE i.indexrelid >= 16384 AND i.indrelid NOT
     IN (SELECT t.reltoastrelid FROM pg_class AS t WHERE t.reltoastrelid <> 0)

-- lookup names since 130000
SELECT c.oid AS indexrelid, c.relname AS index,
       CASE WHEN n.nspname = 'public' THEN t.relname::text ELSE n.nspname || '.' || t.relname END AS table,
       m.amname AS method, i.indpred IS NOT NULL AS partial
  FROM pg_class AS c
       JOIN pg_index AS i ON i.indexrelid = c.oid
       JOIN pg_class AS t ON t.oid = i.indrelid
       JOIN pg_namespace AS n ON n.oid = t.relnamespace
       JOIN pg_am AS m ON m.oid = c.relam
 WHERE c.oid = ANY ($1::int8[]::oid[])

-- lookup sizes since 130000
SELECT x.o AS indexrelid, pg_relation_size(x.o::oid) AS bytes
  FROM unnest($1::int8[]) AS x(o)
 WHERE x.o::oid <> ALL (SELECT l.relation FROM pg_lock_status() AS l
                         WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)

-- lookup scans since 130000
SELECT x.o AS indrelid, pg_stat_get_numscans(x.o::oid) AS table_seq_scan,
       (SELECT sum(pg_stat_get_numscans(i.indexrelid))::int8 FROM pg_index AS i WHERE i.indrelid = x.o::oid)
           AS table_idx_scan
  FROM unnest($1::int8[]) AS x(o)

-- lookup others since 130000
SELECT a.indexrelid, min(c.relname::text) AS same_as
  FROM pg_index AS a
       JOIN pg_class AS ac ON ac.oid = a.indexrelid
       JOIN pg_index AS b ON b.indrelid = a.indrelid AND b.indexrelid <> a.indexrelid AND b.indisvalid
       JOIN pg_class AS c ON c.oid = b.indexrelid AND c.relam = ac.relam
       JOIN pg_am AS m ON m.oid = c.relam
 WHERE a.indexrelid = ANY ($1::int8[]::oid[])
   AND a.indexprs::text IS NOT DISTINCT FROM b.indexprs::text
   AND a.indpred::text IS NOT DISTINCT FROM b.indpred::text
   AND (a.indkey::text = b.indkey::text AND a.indclass::text = b.indclass::text
       AND a.indoption::text = b.indoption::text
        AND a.indcollation::text = b.indcollation::text AND a.indnkeyatts = b.indnkeyatts
        AND (NOT a.indisunique OR b.indisunique)
     OR m.amname = 'btree' AND NOT a.indisunique AND a.indnkeyatts = a.indnatts AND a.indnkeyatts < b.indnkeyatts
        AND starts_with(b.indkey::text, a.indkey::text || ' ')
        AND starts_with(b.indclass::text, a.indclass::text || ' ')
        AND starts_with(b.indoption::text, a.indoption::text || ' ')
        AND starts_with(b.indcollation::text, a.indcollation::text || ' '))
 GROUP BY a.indexrelid

-- lookup definition since 130000
SELECT x.o AS indexrelid, pg_get_indexdef(x.o::oid) AS definition FROM unnest($1::int8[]) AS x(o)
