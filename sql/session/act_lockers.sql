-- Who holds a lock on a relation that maintenance must wait for. $1 = oid
SELECT 'backend ' || l.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-') || ') holds '
       || l.mode || coalesce(' since ' || pg_catalog.to_char(a.xact_start, 'HH24:MI:SS'), '') || ': '
       || coalesce(pg_catalog.left(a.query, 100), '?') AS text
  FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.locktype = 'relation' AND l.granted AND l.relation = $1::pg_catalog.oid
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
   AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   AND l.pid <> pg_catalog.pg_backend_pid()
 ORDER BY a.xact_start
 LIMIT 5
