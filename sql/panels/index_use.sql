/* dytop panel
title: Index use
about: "How well the larger tables of this database are served by indexes, for the header: one row, once a minute."
screen: indexes
shape: card
order: 39
always: yes
every: 60s
timeout: 2s
fields:
  tables: gauge
  seq_scan: counter
  idx_scan: counter
columns:
  - {name: tables, title: TABLES, unit: count, width: 6, priority: 2,
     about: "tables of 1,000 rows and more: smaller ones are rightly read as a whole"}
  - {name: use, title: INDEX USE%, expr: 100 * d(idx_scan) / (d(idx_scan) + d(seq_scan)), unit: percent, width: 6,
     priority: 1, warn: "< 80", crit: "< 50", about: index scans of all scans of these tables in the last minute}
  - {name: use_life, title: INDEX USE% LIFE, expr: 100 * idx_scan / (idx_scan + seq_scan), unit: percent, width: 6,
     priority: 1, warn: "< 80", crit: "< 50", about: the same since the last reset}
  - {name: seq, title: SEQ/s, expr: rate(seq_scan), unit: rate, width: 7, priority: 2,
     about: scans of whole tables in a second}
  - {name: idx, title: IDX/s, expr: rate(idx_scan), unit: rate, width: 7, priority: 2, about: index scans in a second}
figures:
  - {name: index_use, title: "index use%", expr: 100 * d(idx_scan) / (d(idx_scan) + d(seq_scan)), unit: percent,
     line: 2, order: 50, warn: "< 80", crit: "< 50"}
  - {name: index_use_life, title: "index use%, lifetime", expr: 100 * idx_scan / (idx_scan + seq_scan), unit: percent}
*/
-- since 130000
SELECT count(*) AS tables, coalesce(sum(pg_stat_get_numscans(c.oid)), 0)::int8 AS seq_scan,
       coalesce(sum((SELECT sum(pg_stat_get_numscans(i.indexrelid)) FROM pg_index AS i WHERE i.indrelid = c.oid)),
           0)::int8 AS idx_scan
  FROM pg_class AS c
 WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.reltuples >= 1000
