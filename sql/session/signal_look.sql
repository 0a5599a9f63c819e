-- The sessions that somebody wants to cancel or end, and what we may do to them. $1 = their pids.
-- Times are microseconds since 1970: pid and start together name a session, pid, start and query start what it runs.
SELECT p.pid,
       pg_catalog.int8(pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000) AS start,
       pg_catalog.int8(pg_catalog.date_part('epoch', a.query_start) OPERATOR(pg_catalog.*) 1000000) AS query_start,
       a.usesysid AS role_oid, pg_catalog.pg_get_userbyid(a.usesysid) AS role, r.rolsuper AS superuser,
       a.backend_type AS type, a.leader_pid AS leader, d.datname AS database, a.application_name AS application,
       CASE WHEN a.client_port OPERATOR(pg_catalog.=) -1 THEN 'local' ELSE pg_catalog.host(a.client_addr) END AS client,
       a.state, pg_catalog.left(pg_catalog.concat(a.query, '    '), 300) AS query,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.query_start)
           OPERATOR(pg_catalog.*) 1000 AS query_ms,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.xact_start)
           OPERATOR(pg_catalog.*) 1000 AS xact_ms,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.backend_start)
           OPERATOR(pg_catalog.*) 1000 AS session_ms,
       a.wait_event_type, a.wait_event, a.backend_xid IS NOT NULL AS has_written,
       (SELECT pg_catalog.count(*)
          FROM (SELECT pg_catalog.pg_blocking_pids(pg_catalog.pg_stat_get_backend_pid(b)) AS pids
                  FROM pg_catalog.pg_stat_get_backend_idset() AS b
                 WHERE pg_catalog.pg_stat_get_backend_wait_event_type(b) OPERATOR(pg_catalog.=) 'Lock'
                 LIMIT 200) AS w
         WHERE p.pid OPERATOR(pg_catalog.=) ANY (w.pids)) AS held_up,
       p.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AS own,
       me.rolsuper AS we_superuser,
       -- what pg_cancel_backend() asks for: the role's rights, or pg_signal_backend; a process without a role is the server's own
       me.rolsuper
           OR (r.oid IS NOT NULL AND NOT r.rolsuper
               AND (pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')
                    OR pg_catalog.pg_has_role(me.oid, 'pg_signal_backend'::pg_catalog.name, 'USAGE')))
           -- from 18 on autovacuum has a role of its own
           OR (a.backend_type OPERATOR(pg_catalog.=) 'autovacuum worker'
               AND EXISTS (SELECT FROM pg_catalog.pg_roles AS v
                            WHERE v.rolname OPERATOR(pg_catalog.=) 'pg_signal_autovacuum_worker'
                              AND pg_catalog.pg_has_role(me.oid, v.oid, 'USAGE'))) AS allowed,
       -- in pg_signal_backend, but without its rights
       pg_catalog.pg_has_role(me.oid, 'pg_signal_backend'::pg_catalog.name, 'MEMBER') AS member,
       me.rolname AS we, pg_catalog.current_database() AS here, pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1) AS version
  FROM pg_catalog.unnest($1::pg_catalog.int4[]) AS p (pid)
       JOIN pg_catalog.pg_roles AS me ON me.rolname OPERATOR(pg_catalog.=) CURRENT_USER
       LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(p.pid) AS a ON true
       LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) a.usesysid
       LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) a.datid
