-- Whether what we lost still runs. $1 = its application_name
SELECT a.pid, pg_catalog.to_char(a.query_start, 'YYYY-MM-DD HH24:MI:SS') AS since
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.application_name = $1 AND a.state <> 'idle' AND a.pid <> pg_catalog.pg_backend_pid()
