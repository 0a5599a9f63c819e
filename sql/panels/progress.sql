/* dytop panel
title: Progress
about: "Long commands and how far they are: vacuum, analyze, create index, cluster, copy, base backup."
empty: "nothing under way: no vacuum, analyze, create index, copy, cluster or base backup"
screen: progress
digit: 9
order: 90
key: [pid, command]
target: {kind: session, pid: pid, start: backend_start, database: datid}
sort: -age
fields:
  pid: id
  backend_start: time
  datid: id
  relation: id
  command: text
  phase: text
  unit: text
  done: counter
  total: gauge
  detail: text
  age: gauge
  wait: text
lookups:
  relations: {by: [relation], fields: {target: text}, rows: all, keep: 60s}
  databases: {by: [datid], fields: {database: text}, rows: all, keep: 60s}
  whole: {by: [pid], fields: {full_query: text}, rows: detail, keep: 2s}
columns:
  - {name: pid, title: PID, unit: id, width: 7, priority: 1, about: process that works}
  - {name: database, title: DATABASE, unit: text, width: 10, priority: 4, about: where it works}
  - {name: command, title: COMMAND, unit: text, width: 25, priority: 1, about: what is done}
  - {name: target, title: TARGET, unit: text, width: 16, priority: 2, about: "table, where it is of this database"}
  - {name: phase, title: PHASE, unit: text, width: 26, priority: 1, about: the step that it is at}
  - {name: percent, title: DONE%, expr: 100 * done / total, unit: percent, width: 6, priority: 1,
     about: how much of the step is done}
  - {name: done, title: DONE, unit: count, width: 8, priority: 4, about: how much of the step is done}
  - {name: total, title: OF, unit: count, width: 8, priority: 4, about: size of the step}
  - {name: unit, title: UNIT, unit: text, width: 8, priority: 4, about: what is counted}
  - {name: speed, title: SPEED/s, expr: rate(done), unit: rate, width: 8, priority: 4,
     about: how much is done in a second}
  - {name: left, title: LEFT, expr: 1000 * (total - done) / rate(done), unit: age, width: 6, priority: 2,
     about: "time left in the step, at the speed of the interval"}
  - {name: age, title: TIME, unit: age, width: 6, priority: 2, about: how long the command runs}
  - {name: wait, title: WAIT, unit: text, width: 18, priority: 5, about: "what it waits for, as type:event"}
  - {name: detail, title: DETAIL, unit: text, flex: yes, width: 16, priority: 3, about: what else is known of it}
  - {name: full_query, title: FULL QUERY, unit: text, width: 20, priority: 9, show: no,
     about: "the command, as long as the server keeps it"}
figures:
  - {name: jobs_running, title: long commands, expr: count(), unit: count}
*/
-- since 180000
SELECT p.pid, a.backend_start, p.datid, CASE WHEN p.datid = own.oid THEN p.relid END AS relation, p.command, p.phase,
       p.unit, p.done, p.total, p.detail,
       clock_timestamp() - a.query_start AS age, a.wait_event_type || ':' || a.wait_event AS wait
  FROM (
	SELECT v.pid, v.datid, v.relid, 'VACUUM' AS command, v.phase,
	       CASE WHEN v.indexes_total > 0 THEN 'indexes' ELSE 'blocks' END AS unit,
	       CASE WHEN v.indexes_total > 0 THEN v.indexes_processed
	            WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END AS done,
	       CASE WHEN v.indexes_total > 0 THEN v.indexes_total ELSE v.heap_blks_total END AS total,
	       concat('dead rows ', v.num_dead_item_ids, ', memory ', pg_size_pretty(v.dead_tuple_bytes), ' of ',
	              pg_size_pretty(v.max_dead_tuple_bytes), ', index rounds ', v.index_vacuum_count,
	              ', delayed ' || nullif(round(v.delay_time), 0) || ' ms') AS detail
	  FROM pg_stat_progress_vacuum AS v
	UNION ALL
	SELECT a.pid, a.datid, a.relid, 'ANALYZE', a.phase, 'blocks', a.sample_blks_scanned, a.sample_blks_total,
	       CASE WHEN a.child_tables_total > 0
	           THEN concat('children ', a.child_tables_done, ' of ', a.child_tables_total)
	            WHEN a.ext_stats_total > 0 THEN concat('statistics ', a.ext_stats_computed, ' of ',
	                a.ext_stats_total) END
	  FROM pg_stat_progress_analyze AS a
	UNION ALL
	SELECT i.pid, i.datid, i.relid, i.command, i.phase,
	       CASE WHEN i.phase LIKE 'waiting%' THEN 'lockers' WHEN i.tuples_total > 0 THEN 'rows'
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN 'parts' ELSE 'blocks' END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_done WHEN i.tuples_total > 0 THEN i.tuples_done
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_done ELSE i.blocks_done END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_total WHEN i.tuples_total > 0 THEN i.tuples_total
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_total ELSE i.blocks_total END,
	       concat_ws(', ', 'waits for ' || nullif(i.current_locker_pid, 0),
	                 CASE WHEN i.partitions_total > 0
	                     THEN concat('parts ', i.partitions_done, ' of ', i.partitions_total) END)
	  FROM pg_stat_progress_create_index AS i
	UNION ALL
	SELECT c.pid, c.datid, c.relid, c.command, c.phase, 'blocks', c.heap_blks_scanned, c.heap_blks_total,
	       concat('rows read ', c.heap_tuples_scanned, ', written ', c.heap_tuples_written, ', indexes rebuilt ',
	           c.index_rebuild_count)
	  FROM pg_stat_progress_cluster AS c
	UNION ALL
	SELECT b.pid, NULL::oid, NULL::oid, 'BASE BACKUP', b.phase, 'bytes', b.backup_streamed, b.backup_total,
	       concat('tablespaces ', b.tablespaces_streamed, ' of ', b.tablespaces_total)
	  FROM pg_stat_progress_basebackup AS b
	UNION ALL
	SELECT y.pid, y.datid, nullif(y.relid, 0::oid), y.command, lower(y.type), 'bytes', y.bytes_processed,
	       nullif(y.bytes_total, 0),
	       concat('rows ', y.tuples_processed, ', left out ', y.tuples_excluded, ', skipped ', y.tuples_skipped)
	  FROM pg_stat_progress_copy AS y
       ) AS p
       LEFT JOIN LATERAL pg_stat_get_activity(p.pid) AS a ON true,
       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own

-- since 170000
SELECT p.pid, a.backend_start, p.datid, CASE WHEN p.datid = own.oid THEN p.relid END AS relation, p.command, p.phase,
       p.unit, p.done, p.total, p.detail,
       clock_timestamp() - a.query_start AS age, a.wait_event_type || ':' || a.wait_event AS wait
  FROM (
	SELECT v.pid, v.datid, v.relid, 'VACUUM' AS command, v.phase,
	       CASE WHEN v.indexes_total > 0 THEN 'indexes' ELSE 'blocks' END AS unit,
	       CASE WHEN v.indexes_total > 0 THEN v.indexes_processed
	            WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END AS done,
	       CASE WHEN v.indexes_total > 0 THEN v.indexes_total ELSE v.heap_blks_total END AS total,
	       concat('dead rows ', v.num_dead_item_ids, ', memory ', pg_size_pretty(v.dead_tuple_bytes), ' of ',
	              pg_size_pretty(v.max_dead_tuple_bytes), ', index rounds ', v.index_vacuum_count) AS detail
	  FROM pg_stat_progress_vacuum AS v
	UNION ALL
	SELECT a.pid, a.datid, a.relid, 'ANALYZE', a.phase, 'blocks', a.sample_blks_scanned, a.sample_blks_total,
	       CASE WHEN a.child_tables_total > 0
	           THEN concat('children ', a.child_tables_done, ' of ', a.child_tables_total)
	            WHEN a.ext_stats_total > 0 THEN concat('statistics ', a.ext_stats_computed, ' of ',
	                a.ext_stats_total) END
	  FROM pg_stat_progress_analyze AS a
	UNION ALL
	SELECT i.pid, i.datid, i.relid, i.command, i.phase,
	       CASE WHEN i.phase LIKE 'waiting%' THEN 'lockers' WHEN i.tuples_total > 0 THEN 'rows'
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN 'parts' ELSE 'blocks' END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_done WHEN i.tuples_total > 0 THEN i.tuples_done
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_done ELSE i.blocks_done END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_total WHEN i.tuples_total > 0 THEN i.tuples_total
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_total ELSE i.blocks_total END,
	       concat_ws(', ', 'waits for ' || nullif(i.current_locker_pid, 0),
	                 CASE WHEN i.partitions_total > 0
	                     THEN concat('parts ', i.partitions_done, ' of ', i.partitions_total) END)
	  FROM pg_stat_progress_create_index AS i
	UNION ALL
	SELECT c.pid, c.datid, c.relid, c.command, c.phase, 'blocks', c.heap_blks_scanned, c.heap_blks_total,
	       concat('rows read ', c.heap_tuples_scanned, ', written ', c.heap_tuples_written, ', indexes rebuilt ',
	           c.index_rebuild_count)
	  FROM pg_stat_progress_cluster AS c
	UNION ALL
	SELECT b.pid, NULL::oid, NULL::oid, 'BASE BACKUP', b.phase, 'bytes', b.backup_streamed, b.backup_total,
	       concat('tablespaces ', b.tablespaces_streamed, ' of ', b.tablespaces_total)
	  FROM pg_stat_progress_basebackup AS b
	UNION ALL
	SELECT y.pid, y.datid, nullif(y.relid, 0::oid), y.command, lower(y.type), 'bytes', y.bytes_processed,
	       nullif(y.bytes_total, 0),
	       concat('rows ', y.tuples_processed, ', left out ', y.tuples_excluded, ', skipped ', y.tuples_skipped)
	  FROM pg_stat_progress_copy AS y
       ) AS p
       LEFT JOIN LATERAL pg_stat_get_activity(p.pid) AS a ON true,
       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own

-- since 140000
SELECT p.pid, a.backend_start, p.datid, CASE WHEN p.datid = own.oid THEN p.relid END AS relation, p.command, p.phase,
       p.unit, p.done, p.total, p.detail,
       clock_timestamp() - a.query_start AS age, a.wait_event_type || ':' || a.wait_event AS wait
  FROM (
	SELECT v.pid, v.datid, v.relid, 'VACUUM' AS command, v.phase, 'blocks' AS unit,
	       CASE WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END AS done,
	       v.heap_blks_total AS total,
	       concat('dead rows ', v.num_dead_tuples, ' of ', v.max_dead_tuples, ', index rounds ',
	           v.index_vacuum_count) AS detail
	  FROM pg_stat_progress_vacuum AS v
	UNION ALL
	SELECT a.pid, a.datid, a.relid, 'ANALYZE', a.phase, 'blocks', a.sample_blks_scanned, a.sample_blks_total,
	       CASE WHEN a.child_tables_total > 0
	           THEN concat('children ', a.child_tables_done, ' of ', a.child_tables_total)
	            WHEN a.ext_stats_total > 0 THEN concat('statistics ', a.ext_stats_computed, ' of ',
	                a.ext_stats_total) END
	  FROM pg_stat_progress_analyze AS a
	UNION ALL
	SELECT i.pid, i.datid, i.relid, i.command, i.phase,
	       CASE WHEN i.phase LIKE 'waiting%' THEN 'lockers' WHEN i.tuples_total > 0 THEN 'rows'
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN 'parts' ELSE 'blocks' END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_done WHEN i.tuples_total > 0 THEN i.tuples_done
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_done ELSE i.blocks_done END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_total WHEN i.tuples_total > 0 THEN i.tuples_total
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_total ELSE i.blocks_total END,
	       concat_ws(', ', 'waits for ' || nullif(i.current_locker_pid, 0),
	                 CASE WHEN i.partitions_total > 0
	                     THEN concat('parts ', i.partitions_done, ' of ', i.partitions_total) END)
	  FROM pg_stat_progress_create_index AS i
	UNION ALL
	SELECT c.pid, c.datid, c.relid, c.command, c.phase, 'blocks', c.heap_blks_scanned, c.heap_blks_total,
	       concat('rows read ', c.heap_tuples_scanned, ', written ', c.heap_tuples_written, ', indexes rebuilt ',
	           c.index_rebuild_count)
	  FROM pg_stat_progress_cluster AS c
	UNION ALL
	SELECT b.pid, NULL::oid, NULL::oid, 'BASE BACKUP', b.phase, 'bytes', b.backup_streamed, b.backup_total,
	       concat('tablespaces ', b.tablespaces_streamed, ' of ', b.tablespaces_total)
	  FROM pg_stat_progress_basebackup AS b
	UNION ALL
	SELECT y.pid, y.datid, nullif(y.relid, 0::oid), y.command, lower(y.type), 'bytes', y.bytes_processed,
	       nullif(y.bytes_total, 0),
	       concat('rows ', y.tuples_processed, ', left out ', y.tuples_excluded)
	  FROM pg_stat_progress_copy AS y
       ) AS p
       LEFT JOIN LATERAL pg_stat_get_activity(p.pid) AS a ON true,
       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own

-- since 130000
SELECT p.pid, a.backend_start, p.datid, CASE WHEN p.datid = own.oid THEN p.relid END AS relation, p.command, p.phase,
       p.unit, p.done, p.total, p.detail,
       clock_timestamp() - a.query_start AS age, a.wait_event_type || ':' || a.wait_event AS wait
  FROM (
	SELECT v.pid, v.datid, v.relid, 'VACUUM' AS command, v.phase, 'blocks' AS unit,
	       CASE WHEN v.phase = 'vacuuming heap' THEN v.heap_blks_vacuumed ELSE v.heap_blks_scanned END AS done,
	       v.heap_blks_total AS total,
	       concat('dead rows ', v.num_dead_tuples, ' of ', v.max_dead_tuples, ', index rounds ',
	           v.index_vacuum_count) AS detail
	  FROM pg_stat_progress_vacuum AS v
	UNION ALL
	SELECT a.pid, a.datid, a.relid, 'ANALYZE', a.phase, 'blocks', a.sample_blks_scanned, a.sample_blks_total,
	       CASE WHEN a.child_tables_total > 0
	           THEN concat('children ', a.child_tables_done, ' of ', a.child_tables_total)
	            WHEN a.ext_stats_total > 0 THEN concat('statistics ', a.ext_stats_computed, ' of ',
	                a.ext_stats_total) END
	  FROM pg_stat_progress_analyze AS a
	UNION ALL
	SELECT i.pid, i.datid, i.relid, i.command, i.phase,
	       CASE WHEN i.phase LIKE 'waiting%' THEN 'lockers' WHEN i.tuples_total > 0 THEN 'rows'
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN 'parts' ELSE 'blocks' END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_done WHEN i.tuples_total > 0 THEN i.tuples_done
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_done ELSE i.blocks_done END,
	       CASE WHEN i.phase LIKE 'waiting%' THEN i.lockers_total WHEN i.tuples_total > 0 THEN i.tuples_total
	            WHEN i.blocks_total = 0 AND i.partitions_total > 0 THEN i.partitions_total ELSE i.blocks_total END,
	       concat_ws(', ', 'waits for ' || nullif(i.current_locker_pid, 0),
	                 CASE WHEN i.partitions_total > 0
	                     THEN concat('parts ', i.partitions_done, ' of ', i.partitions_total) END)
	  FROM pg_stat_progress_create_index AS i
	UNION ALL
	SELECT c.pid, c.datid, c.relid, c.command, c.phase, 'blocks', c.heap_blks_scanned, c.heap_blks_total,
	       concat('rows read ', c.heap_tuples_scanned, ', written ', c.heap_tuples_written, ', indexes rebuilt ',
	           c.index_rebuild_count)
	  FROM pg_stat_progress_cluster AS c
	UNION ALL
	SELECT b.pid, NULL::oid, NULL::oid, 'BASE BACKUP', b.phase, 'bytes', b.backup_streamed, b.backup_total,
	       concat('tablespaces ', b.tablespaces_streamed, ' of ', b.tablespaces_total)
	  FROM pg_stat_progress_basebackup AS b
       ) AS p
       LEFT JOIN LATERAL pg_stat_get_activity(p.pid) AS a ON true,
       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own

-- lookup relations since 130000
SELECT c.oid AS relation,
       CASE WHEN n.nspname = 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS target
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::int8[]::oid[])

-- lookup databases since 130000
SELECT oid AS datid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])

-- lookup whole since 130000
SELECT s.pid, s.query AS full_query FROM unnest($1::int8[]) AS p, LATERAL pg_stat_get_activity(p::int4) AS s
