-- How busy the server is: sessions that run something, how far standbys are behind, and two counters for the time of a transaction.
-- active_time is there from 14 on.
SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.state OPERATOR(pg_catalog.=) 'active' AND a.backend_type OPERATOR(pg_catalog.=) 'client backend' AND a.application_name OPERATOR(pg_catalog.!~~) 'dytop%') AS active,
       (SELECT pg_catalog.max(CASE WHEN NOT pg_catalog.pg_is_in_recovery()
                                   THEN pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), r.replay_lsn) END)
          FROM pg_catalog.pg_stat_replication AS r) AS lag_bytes,
       (SELECT pg_catalog.max(1000 OPERATOR(pg_catalog.*) extract(epoch FROM r.replay_lag)) FROM pg_catalog.pg_stat_replication AS r) AS lag_ms,
       d.xact_commit OPERATOR(pg_catalog.+) d.xact_rollback AS transactions, pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'active_time' AS active_time
  FROM pg_catalog.pg_stat_database AS d WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
