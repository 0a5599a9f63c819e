-- SPDX-License-Identifier: PostgreSQL
-- Monitoring queries to be timed one by one by floor.c; "name:" starts a query, "set:" marks the minimal refresh set.

-- name: ping
SELECT 1;

-- name: activity_all_rows
SELECT pid, datname, usename, application_name, client_addr, state, wait_event_type, wait_event,
       extract(epoch FROM clock_timestamp() - xact_start) AS xact_age, extract(epoch FROM clock_timestamp() - query_start) AS query_age,
       left(query, 200) AS query FROM pg_stat_activity WHERE backend_type = 'client backend';

-- name: activity_busy set:
SELECT pid, datname, usename, application_name, client_addr, state, wait_event_type, wait_event,
       extract(epoch FROM clock_timestamp() - xact_start) AS xact_age, extract(epoch FROM clock_timestamp() - query_start) AS query_age,
       left(query, 200) AS query FROM pg_stat_activity WHERE backend_type = 'client backend' AND state <> 'idle'
 ORDER BY query_start LIMIT 100;

-- name: activity_busy_no_joins
SELECT pid, datid, usesysid, application_name, client_addr, state, wait_event_type, wait_event,
       extract(epoch FROM clock_timestamp() - xact_start), extract(epoch FROM clock_timestamp() - query_start), left(query, 200)
  FROM pg_stat_get_activity(NULL) WHERE backend_type = 'client backend' AND state <> 'idle' ORDER BY query_start LIMIT 100;

-- name: activity_counts
SELECT state, wait_event_type, count(*) FROM pg_stat_get_activity(NULL) GROUP BY 1, 2;

-- name: database set:
SELECT datid, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted,
       tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time, blk_write_time FROM pg_stat_database;

-- name: statements_numbers set:
SELECT userid, dbid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written, blk_read_time
  FROM pg_stat_statements(false);

-- name: statements_with_texts
SELECT userid, dbid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written, blk_read_time,
       query FROM pg_stat_statements(true);

-- name: statements_top50_numbers
SELECT userid, dbid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written, blk_read_time
  FROM pg_stat_statements(false) ORDER BY total_exec_time DESC LIMIT 50;

-- name: statements_top50_texts
SELECT userid, dbid, queryid, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read, temp_blks_written, blk_read_time,
       query FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 50;

-- name: statements_sum_only
SELECT sum(calls), sum(total_exec_time) FROM pg_stat_statements(false);

-- name: statements_sum_through_view
SELECT sum(calls), sum(total_exec_time) FROM pg_stat_statements;

-- name: tables set:
SELECT relid, schemaname, relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del,
       n_live_tup, n_dead_tup, last_vacuum, last_autovacuum, last_analyze FROM pg_stat_user_tables;

-- name: tables_by_functions
SELECT c.oid, pg_stat_get_numscans(c.oid), pg_stat_get_tuples_returned(c.oid), pg_stat_get_tuples_inserted(c.oid),
       pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid), pg_stat_get_live_tuples(c.oid),
       pg_stat_get_dead_tuples(c.oid) FROM pg_class c WHERE relkind IN ('r', 'm', 't') AND c.oid >= 16384;

-- name: tables_top50
SELECT relid, schemaname, relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del,
       n_live_tup, n_dead_tup, last_vacuum, last_autovacuum, last_analyze FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 50;

-- name: tables_size
SELECT relid, pg_table_size(relid) FROM pg_stat_user_tables;

-- name: indexes set:
SELECT relid, indexrelid, schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes;

-- name: indexes_by_functions
SELECT indexrelid, pg_stat_get_numscans(indexrelid) FROM pg_index WHERE indexrelid >= 16384;

-- name: indexes_top50
SELECT relid, indexrelid, schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes
 ORDER BY idx_scan LIMIT 50;

-- name: indexes_size
SELECT relid, indexrelid, schemaname, relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch,
       pg_relation_size(indexrelid) FROM pg_stat_user_indexes;

-- name: indexes_size_from_relpages
SELECT s.relid, s.indexrelid, s.schemaname, s.relname, s.indexrelname, s.idx_scan, s.idx_tup_read, s.idx_tup_fetch,
       c.relpages::bigint * 8192 FROM pg_stat_user_indexes s JOIN pg_class c ON c.oid = s.indexrelid;

-- name: database_sizes
SELECT sum(pg_database_size(datname)) FROM pg_database;

-- name: locks_waiting
SELECT count(*) FROM pg_locks WHERE NOT granted;

-- name: bgwriter_and_wal
SELECT * FROM pg_stat_bgwriter, pg_stat_wal;
