-- Who runs that plan. $1 as there
SELECT 'backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ' from ' || coalesce(a.client_addr::pg_catalog.text, 'this host') || ')' AS text
  FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1685681265 AND l.objid = $1::pg_catalog.int8::pg_catalog.oid AND l.objsubid = 2
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
