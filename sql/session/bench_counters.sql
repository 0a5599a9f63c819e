-- Counters of this database whose difference over the measured window is told.
SELECT (SELECT deadlocks FROM pg_catalog.pg_stat_database WHERE datname = pg_catalog.current_database()) AS deadlocks,
	coalesce(sum(idx_scan), 0)::int8 AS index_scans, coalesce(sum(seq_scan), 0)::int8 AS seq_scans
FROM pg_catalog.pg_stat_user_tables
