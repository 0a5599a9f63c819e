-- What a backend waits for. $1 = pid
SELECT coalesce('backend ' || b.pid || ' (' || coalesce(b.usename, '?') || ', '
                || coalesce(pg_catalog.date_trunc('second', pg_catalog.clock_timestamp() - b.xact_start)::pg_catalog.text, '-') || '): '
                || pg_catalog.left(b.query, 100),
                a.wait_event_type || ': ' || a.wait_event) AS text
  FROM pg_catalog.pg_stat_activity AS a
       LEFT JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid)) AS p (pid) ON true
       LEFT JOIN pg_catalog.pg_stat_activity AS b ON b.pid = p.pid
 WHERE a.pid = $1::pg_catalog.int4 AND a.wait_event_type = 'Lock'
 LIMIT 1
