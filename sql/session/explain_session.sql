-- What a session runs, or ran last. $1 = pid, $2 = its start in microseconds since 1970, 0 = any. query_id is there from 14 on.
SELECT a.query, a.datname::pg_catalog.text AS dbname, a.datid AS dbid, a.usename::pg_catalog.text AS author,
       pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'query_id' AS queryid, a.state, a.backend_type,
       pg_catalog.octet_length(a.query) OPERATOR(pg_catalog.>=) (z.setting::pg_catalog.int4 OPERATOR(pg_catalog.-) 4) AS cut,
       z.setting AS room
  FROM pg_catalog.pg_stat_activity AS a
 CROSS JOIN (SELECT setting FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'track_activity_query_size') AS z
 WHERE a.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4
   AND ($2::pg_catalog.int8 OPERATOR(pg_catalog.=) 0
        OR pg_catalog.round((EXTRACT(epoch FROM a.backend_start) OPERATOR(pg_catalog.*) 1000000)::pg_catalog.numeric)::pg_catalog.int8
           OPERATOR(pg_catalog.=) $2::pg_catalog.int8)
