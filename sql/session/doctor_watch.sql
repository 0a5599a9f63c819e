-- What the watching role and the server's settings lack: rows of level (ok, note, missing, left), area, what, remedy, cost.
WITH me AS (
	SELECT r.oid, r.rolname, r.rolsuper, r.rolinherit, quote_ident(r.rolname) AS name, pg_has_role(r.oid, 'pg_monitor', 'USAGE') AS monitor,
	       current_setting('server_version_num')::int4 AS version
	  FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
), setting AS (
	SELECT s.name, s.setting, s.context FROM pg_settings AS s
)
SELECT CASE WHEN me.monitor THEN 'ok' ELSE 'missing' END AS level, 'role' AS area,
       CASE WHEN me.monitor THEN 'sees all sessions, statements and settings (pg_monitor)'
            ELSE 'other people''s sessions, statements and some settings are hidden' || CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'MEMBER') AND NOT pg_has_role(me.oid, 'pg_monitor', 'USAGE') THEN ' (a member of pg_monitor, but it does not inherit its rights: NOINHERIT)' ELSE '' END END AS what,
       CASE WHEN NOT me.monitor THEN
            CASE WHEN me.version >= 160000 THEN 'GRANT pg_monitor TO ' || me.name
                 || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, 'pg_monitor', 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END
            WHEN me.rolinherit THEN 'GRANT pg_monitor TO ' || me.name
            ELSE CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'MEMBER') THEN '' ELSE 'GRANT pg_monitor TO ' || me.name || ', then ' END || 'ALTER ROLE ' || me.name || ' INHERIT' END END AS remedy,
       CASE WHEN NOT me.monitor THEN 'nothing; it reads what others run' END AS cost
  FROM me
UNION ALL
SELECT 'note', 'role', me.rolname || ' is a superuser: watching needs no such rights', 'sql/roles.sql makes a role that can only watch',
       NULL
  FROM me WHERE me.rolsuper
UNION ALL
SELECT CASE WHEN e.extname IS NULL THEN 'missing' ELSE 'ok' END, 'statements',
       CASE WHEN e.extname IS NULL THEN 'pg_stat_statements is not in database ' || current_database()
            ELSE 'pg_stat_statements ' || e.extversion END,
       CASE WHEN e.extname IS NOT NULL THEN NULL
            WHEN l.loaded THEN 'CREATE EXTENSION pg_stat_statements  (in database ' || quote_ident(current_database()) || ')'
            ELSE 'ALTER SYSTEM SET shared_preload_libraries = ''' || l.with_it || ''', restart, then CREATE EXTENSION pg_stat_statements'
       END,
       CASE WHEN e.extname IS NULL THEN 'some percent of the time of very short statements; shared memory for 5000 of them' END
  FROM (SELECT s.setting LIKE '%pg_stat_statements%' AS loaded,
               concat_ws(', ', nullif(s.setting, ''), 'pg_stat_statements') AS with_it
          FROM setting AS s WHERE s.name = 'shared_preload_libraries'
        UNION ALL
        SELECT NULL, 'pg_stat_statements' WHERE NOT EXISTS (SELECT FROM setting AS s WHERE s.name = 'shared_preload_libraries')
       ) AS l
       LEFT JOIN pg_extension AS e ON e.extname = 'pg_stat_statements'
UNION ALL
SELECT CASE WHEN s.setting = 'on' THEN 'ok' ELSE 'missing' END, 'I/O times',
       CASE WHEN s.setting = 'on' THEN 'track_io_timing is on' ELSE 'track_io_timing is off: no time of reads and writes is known' END,
       CASE WHEN s.setting <> 'on' THEN 'ALTER SYSTEM SET track_io_timing = on, then pg_reload_conf()' END,
       CASE WHEN s.setting <> 'on' THEN 'two looks at the clock for each block read; pg_test_timing says what that is here' END
  FROM setting AS s WHERE s.name = 'track_io_timing'
UNION ALL
SELECT 'missing', 'sessions', 'track_activities is off: nobody is seen running anything',
       'ALTER SYSTEM SET track_activities = on, then pg_reload_conf()', 'next to nothing'
  FROM setting AS s WHERE s.name = 'track_activities' AND s.setting = 'off'
UNION ALL
SELECT 'missing', 'tables, indexes', 'track_counts is off: no scans are counted, and autovacuum does not work',
       'ALTER SYSTEM SET track_counts = on, then pg_reload_conf()', 'next to nothing'
  FROM setting AS s WHERE s.name = 'track_counts' AND s.setting = 'off'
UNION ALL
SELECT 'note', 'plans', 'statements are kept to ' || s.setting || ' bytes: longer ones cannot be explained (track_activity_query_size)',
       'ALTER SYSTEM SET track_activity_query_size = 4096, restart', '4 kB for each of max_connections'
  FROM setting AS s WHERE s.name = 'track_activity_query_size' AND s.setting::int8 < 4096
UNION ALL
SELECT 'missing', 'statements', 'compute_query_id is off: sessions and statements cannot be brought together',
       'ALTER SYSTEM SET compute_query_id = auto, then pg_reload_conf()', 'a hash of each statement, once when it is planned'
  FROM setting AS s WHERE s.name = 'compute_query_id' AND s.setting = 'off'
UNION ALL
-- what failed builds leave: full-size indexes that are written and never read
SELECT 'left', 'indexes', 'invalid index ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname)
       || CASE WHEN c.relname ~ '_cc(new|old)[0-9]*$' THEN ', left by a REINDEX CONCURRENTLY that did not end'
               ELSE ', left by a CREATE INDEX CONCURRENTLY that did not end (or one that is under way)' END
       || ' (' || pg_size_pretty(pg_relation_size(c.oid)) || ')',
       'DROP INDEX CONCURRENTLY ' || quote_ident(n.nspname) || '.' || quote_ident(c.relname), 'it is written with each change, and read by nobody'
  FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND c.relkind = 'i'
   AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS p WHERE p.index_relid = c.oid OR p.relid = i.indrelid)
UNION ALL
SELECT 'left', 'sessions', 'session ' || a.pid || ' of ' || coalesce(a.usename, '?') || ' is named ' || a.application_name || ', ' || a.state
       || ' for ' || date_trunc('second', clock_timestamp() - a.state_change) || ': a job of a dytop, perhaps one that is gone',
       'dytop terminate ' || a.pid || '  (when nobody waits for it)', NULL
  FROM pg_stat_activity AS a
 WHERE a.application_name LIKE 'dytop:%' AND a.pid <> pg_backend_pid() AND a.state_change < clock_timestamp() - interval '10 s'
UNION ALL
SELECT 'left', 'transactions', 'prepared transaction ' || quote_literal(p.gid) || ' of ' || p.owner || ' is open since '
       || date_trunc('second', p.prepared) || ': it holds back vacuum and every CONCURRENTLY',
       'COMMIT PREPARED or ROLLBACK PREPARED ' || quote_literal(p.gid), NULL
  FROM pg_prepared_xacts AS p WHERE p.prepared < clock_timestamp() - interval '5 min'
UNION ALL
-- releases that are known to do harm; from 10 on the number is major * 10000 + minor
SELECT 'note', 'server', 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1) || ': ' || v.what, v.remedy, NULL
  FROM me, (VALUES
       (140000, 140003, 'CREATE INDEX and REINDEX CONCURRENTLY can make broken indexes (fixed in 14.4)',
        'update to the last 14.x; until then build without CONCURRENTLY'),
       (130000, 130013, 'REFRESH MATERIALIZED VIEW CONCURRENTLY can run the owner''s code with the rights of who refreshes (CVE-2024-0985)',
        'update to the last 13.x; until then refresh as the owner of the view only'),
       (140000, 140010, 'REFRESH MATERIALIZED VIEW CONCURRENTLY can run the owner''s code with the rights of who refreshes (CVE-2024-0985)',
        'update to the last 14.x; until then refresh as the owner of the view only'),
       (150000, 150005, 'REFRESH MATERIALIZED VIEW CONCURRENTLY can run the owner''s code with the rights of who refreshes (CVE-2024-0985)',
        'update to the last 15.x; until then refresh as the owner of the view only'),
       (130017, 130017, 'ALTER ROLE ... SET role does nothing, and extensions built for other releases can crash it', 'update to the last 13.x'),
       (140014, 140014, 'ALTER ROLE ... SET role does nothing, and extensions built for other releases can crash it', 'update to the last 14.x'),
       (150009, 150009, 'ALTER ROLE ... SET role does nothing, and extensions built for other releases can crash it', 'update to the last 15.x'),
       (160005, 160005, 'ALTER ROLE ... SET role does nothing, and extensions built for other releases can crash it', 'update to the last 16.x'),
       (170001, 170001, 'ALTER ROLE ... SET role does nothing, and extensions built for other releases can crash it', 'update to the last 17.x')
       ) AS v (lowest, highest, what, remedy)
 WHERE me.version BETWEEN v.lowest AND v.highest
UNION ALL
-- the dates of the project's versioning policy
SELECT 'note', 'server', 'PostgreSQL ' || e.major || ' gets no fixes since ' || pg_catalog.to_char(e.last, 'YYYY-MM-DD'),
       'pg_upgrade to a newer major version', NULL
  FROM me, (VALUES (13, DATE '2025-11-13'), (14, DATE '2026-11-12'), (15, DATE '2027-11-11'), (16, DATE '2028-11-09'),
                   (17, DATE '2029-11-08'), (18, DATE '2030-11-14')) AS e (major, last)
 WHERE me.version / 10000 = e.major AND pg_catalog.now() > e.last
