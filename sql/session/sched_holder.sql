-- Who runs that plan. $1 as there
SELECT pg_catalog.concat('backend ', l.pid, ' (', coalesce(a.usename, '?'), ' from ', coalesce(a.client_addr::pg_catalog.text, 'this host'), ')') AS text
  FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid OPERATOR(pg_catalog.=) l.pid
 WHERE l.locktype OPERATOR(pg_catalog.=) 'advisory' AND l.granted AND l.classid OPERATOR(pg_catalog.=) 1685681265::pg_catalog.oid
   AND l.objid OPERATOR(pg_catalog.=) $1::pg_catalog.int8::pg_catalog.oid AND l.objsubid OPERATOR(pg_catalog.=) 2::pg_catalog.int2
   AND l.database OPERATOR(pg_catalog.=) (SELECT d.oid FROM pg_catalog.pg_database AS d
                                           WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
