-- Who holds that lock.
SELECT 'backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-') || ') since '
       || coalesce(pg_catalog.to_char(a.query_start, 'HH24:MI:SS'), '?') || ': ' || coalesce(pg_catalog.left(a.query, 120), '?') AS text
  FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1685681264 AND l.objid = 1 AND l.objsubid = 2
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
