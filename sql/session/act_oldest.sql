-- Transactions of this database that hold a snapshot or an xid: what a concurrent build waits for. Prepared ones too.
SELECT o.text, o.age_ms, pg_catalog.count(*) OVER () AS count
  FROM (SELECT 'backend ' || a.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-') || ', '
               || coalesce(a.state, '?') || '): ' || pg_catalog.left(a.query, 100) AS text,
               1000 * extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start) AS age_ms
          FROM pg_catalog.pg_stat_activity AS a
         WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() AND a.xact_start IS NOT NULL
           AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL) AND a.backend_type = 'client backend'
        UNION ALL
        SELECT 'prepared transaction ' || p.gid || ' (' || p.owner || ')', 1000 * extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)
          FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = pg_catalog.current_database()) AS o
 ORDER BY o.age_ms DESC NULLS LAST
 LIMIT 3
