-- Whether what was signalled is still there. $1 = pids, $2 = starts, $3 = query starts (NULL: the session itself is meant).
SELECT t.pid, a.wait_event_type, a.wait_event
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.int8[]),
                  pg_catalog.unnest($3::pg_catalog.int8[])) AS t (pid, start, query_start),
       LATERAL pg_catalog.pg_stat_get_activity(t.pid) AS a
 WHERE pg_catalog.int8(pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000)
       OPERATOR(pg_catalog.=) t.start
   AND (t.query_start IS NULL
        OR (a.state OPERATOR(pg_catalog.=) 'active'
            AND pg_catalog.int8(pg_catalog.date_part('epoch', a.query_start) OPERATOR(pg_catalog.*) 1000000)
                OPERATOR(pg_catalog.=) t.query_start))
