-- Who has the pids that were signalled. there: what was meant is still there; same: the session is the one that was meant.
-- $1 = pids, $2 = starts, $3 = query starts (NULL: the session itself is meant).
SELECT c.pid, c.wait_event_type, c.wait_event, c.same,
       c.same AND (c.query_start IS NULL OR (c.state OPERATOR(pg_catalog.=) 'active' AND c.query IS NOT DISTINCT FROM c.query_start)) AS there
  FROM (SELECT t.pid, t.query_start, a.wait_event_type, a.wait_event, coalesce(a.state, '') AS state,
               coalesce(pg_catalog.int8(pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000)
                        OPERATOR(pg_catalog.=) t.start, false) AS same,
               pg_catalog.int8(pg_catalog.date_part('epoch', a.query_start) OPERATOR(pg_catalog.*) 1000000) AS query
          FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[]), pg_catalog.unnest($2::pg_catalog.int8[]),
                          pg_catalog.unnest($3::pg_catalog.int8[])) AS t (pid, start, query_start),
               LATERAL pg_catalog.pg_stat_get_activity(t.pid) AS a) AS c
