-- Who holds a system catalog so that others wait.
SELECT l.pid, pg_catalog.format('%s', l.relation::pg_catalog.int8) AS relation
  FROM pg_catalog.pg_lock_status() AS l
 WHERE l.granted AND l.mode OPERATOR(pg_catalog.=) 'AccessExclusiveLock'
   AND l.relation OPERATOR(pg_catalog.<) 16384::pg_catalog.oid
   AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
 LIMIT 1
