/* dytop panel
title: Settings
about: "The server's settings that matter most for its speed and for watching it: now, advised, and why."
screen: settings
order: 140
every: 60s
key: [name]
target: {kind: setting, name: name}
sort: place
hide: {title: good ones, when: 'verdict = "ok"'}
fields:
  place: gauge
  area: text
  name: text
  now: text
  advised: text
  verdict: text
  why: text
  source: text
  needs: text
  pending: bool
columns:
  - {name: place, title: NO, unit: count, width: 3, priority: 9, show: no,
     about: "order of the list: the graver ones first within an area"}
  - {name: area, title: AREA, unit: text, width: 8, priority: 3, about: what it is about}
  - {name: name, title: SETTING, unit: text, width: 34, priority: 1, about: name of the setting}
  - {name: now, title: NOW, unit: text, width: 12, priority: 1,
     about: "its value for new sessions; - when privilege hides it (grant pg_read_all_settings)"}
  - {name: advised, title: ADVISED, unit: text, width: 18, priority: 1, about: what it should be as a rule}
  - {name: verdict, title: VERDICT, unit: text, width: 8, priority: 1, warn: 'self = "look"', crit: 'self = "change"',
     about: "ok; look: it may have its reasons; change: it hardly has"}
  - {name: pending, title: PENDING, unit: bool, width: 7, priority: 3, warn: self,
     about: it was changed and waits for a restart}
  - {name: needs, title: NEEDS, unit: text, width: 8, priority: 4,
     about: "what a change needs: session, reload or restart"}
  - {name: source, title: SOURCE, unit: text, width: 18, priority: 6,
     about: "where its value comes from; - when the session of dytop has its own"}
  - {name: why, title: WHY, unit: text, flex: yes, width: 24, priority: 2, about: why it matters}
figures:
  - {name: settings_bad, title: settings to change, expr: 'count(verdict = "change")', unit: count, warn: "> 0"}
*/
-- since 130000
WITH item(place, area, name, since, advised, why) AS (VALUES
	(10, 'memory', 'shared_buffers', 0, 'a quarter of RAM',
	    'The server''s own cache. RAM is not seen from here: 25 % of it on a machine of its own, 256 MB at least.'),
	(11, 'memory', 'effective_cache_size', 0, '50-75 % of RAM',
	    'What the planner takes for cached, by the system too. It takes none; belongs above shared_buffers.'),
	(12, 'memory', 'work_mem', 0, '16 MB',
	    'For each sort and hash: too small makes temporary files, too large times all sessions may take all RAM.'),
	(13, 'memory', 'maintenance_work_mem', 0, '128 MB or more', 'Index builds and vacuums take fewer rounds.'),
	(20, 'write', 'fsync', 0, 'on', 'Off: a crash can destroy the whole cluster.'),
	(21, 'write', 'full_page_writes', 0, 'on', 'Off: a crash can leave torn pages.'),
	(22, 'write', 'synchronous_commit', 0, 'on',
	    'Off: a crash loses the last transactions that were reported as committed.'),
	(23, 'write', 'max_wal_size', 0, '1 GB or more',
	    'Log between two checkpoints: too small makes many checkpoints, with whole pages in the log after each.'),
	(24, 'write', 'checkpoint_timeout', 0, '5 min or more',
	    'The same by time; longer means a longer recovery after a crash.'),
	(25, 'write', 'checkpoint_completion_target', 0, '0.9',
	    'Spreads the writes of a checkpoint over the time to the next one.'),
	(26, 'write', 'wal_buffers', 0, '16 MB',
	    'One segment; less makes sessions write the log in the middle of large transactions.'),
	(27, 'write', 'wal_compression', 0, 'on', 'Smaller whole-page images in the log, for little processor time.'),
	(30, 'planner', 'random_page_cost', 0, '1.1 on SSD',
	    'The default of 4 is for turning disks: it makes the planner shun indexes.'),
	(31, 'planner', 'effective_io_concurrency', 0, '200 on SSD', 'Reads asked for ahead by bitmap scans.'),
	(32, 'planner', 'default_statistics_target', 0, '100 or more',
	    'Size of the statistics that estimates are made from.'),
	(40, 'watching', 'shared_preload_libraries', 0, 'pg_stat_statements',
	    'Without it nobody knows which statements cost the time.'),
	(41, 'watching', 'compute_query_id', 140000, 'auto or on', 'Ties a running query to its statement.'),
	(42, 'watching', 'pg_stat_statements.max', 0, '5000 or more',
	    'Too few entries: statements are evicted, and their figures with them.'),
	(43, 'watching', 'pg_stat_statements.track', 0, 'top',
	    'None: nothing is counted. All: statements within functions too.'),
	(44, 'watching', 'track_io_timing', 0, 'on',
	    'Tells waiting for the disk from working. pg_test_timing says what it costs.'),
	(45, 'watching', 'track_wal_io_timing', 140000, 'on', 'The same for the write-ahead log.'),
	(46, 'watching', 'track_activity_query_size', 0, '4 kB', 'Longer queries are cut in the activity view.'),
	(47, 'watching', 'log_min_duration_statement', 0, '100 ms - 1 s',
	    'Slow statements with their values in the log.'),
	(48, 'watching', 'log_lock_waits', 0, 'on',
	    'Lock waits longer than deadlock_timeout in the log, with their holders.'),
	(49, 'watching', 'log_temp_files', 0, '0 - 10 MB', 'Temporary files in the log: who needs more work_mem.'),
	(50, 'watching', 'log_checkpoints', 0, 'on', 'What each checkpoint wrote and why it began.'),
	(51, 'watching', 'log_autovacuum_min_duration', 0, '10 min or less', 'What long automatic vacuums did.'),
	(60, 'vacuum', 'autovacuum', 0, 'on', 'Off: tables bloat, and in the end the server stops itself.'),
	(61, 'vacuum', 'track_counts', 0, 'on', 'Off: automatic vacuum does not know what to do.'),
	(62, 'vacuum', 'autovacuum_max_workers', 0, '3 or more', 'Tables vacuumed at the same time.'),
	(63, 'vacuum', 'autovacuum_vacuum_scale_factor', 0, '0.1',
	    'Part of a table that must be dead before it is vacuumed: 0.2 of a large table is a lot.'),
	(70, 'sessions', 'max_connections', 0, 'up to 500',
	    'Each session costs memory and each snapshot looks at all of them: put a pooler in front instead.'),
	(71, 'sessions', 'superuser_reserved_connections', 0, '3 or more', 'A way in when all others are taken.'),
	(72, 'sessions', 'idle_in_transaction_session_timeout', 0, '60 s - 10 min',
	    'A forgotten transaction holds locks and keeps vacuum from cleaning up.'),
	(73, 'sessions', 'deadlock_timeout', 0, '1 s', 'Wait before deadlocks are looked for.'),
	(80, 'safety', 'data_checksums', 0, 'on', 'Finds pages that a disk has spoiled.'),
	(81, 'safety', 'ssl', 0, 'on', 'Off: passwords and data in clear on the network.'),
	(82, 'safety', 'password_encryption', 0, 'scram-sha-256', 'md5 is broken.')
), setting AS MATERIALIZED (
	SELECT s.name, s.reset_val, s.source, s.context, s.pending_restart, s.vartype, s.unit,
	       CASE WHEN s.vartype = 'bool' THEN (s.reset_val = 'on')::int4::float8
	            WHEN s.vartype IN ('integer', 'real') THEN
	                 s.reset_val::float8 * CASE s.unit WHEN 'kB' THEN 1024 WHEN '8kB' THEN 8192 WHEN '16kB' THEN 16384
	                     WHEN '32kB' THEN 32768 WHEN '4kB' THEN 4096 WHEN 'MB' THEN 1048576
	                     WHEN 's' THEN 1000 WHEN 'min' THEN 60000 ELSE 1 END
	            END AS value
	  FROM pg_show_all_settings() AS s
), known AS (
	SELECT max(s.value) FILTER (WHERE s.name = 'shared_buffers') AS buffers,
	       max(s.value) FILTER (WHERE s.name = 'effective_cache_size') AS cache,
	       max(s.value) FILTER (WHERE s.name = 'max_connections') AS sessions
	  FROM setting AS s
)
SELECT i.place, i.area, i.name,
       CASE WHEN s.vartype IN ('integer', 'real') AND s.value < 0 THEN 'off'
            WHEN s.name IN ('idle_in_transaction_session_timeout') AND s.value = 0 THEN 'off'
            WHEN s.unit IN ('B', 'kB', '4kB', '8kB', '16kB', '32kB', 'MB') THEN pg_size_pretty(s.value::int8)
            WHEN s.unit IN ('ms', 's', 'min') AND s.value >= 60000
                THEN (s.value / 60000)::numeric(12, 1)::text || ' min'
            WHEN s.unit IN ('ms', 's', 'min') AND s.value >= 1000 THEN (s.value / 1000)::numeric(12, 1)::text || ' s'
            WHEN s.unit = 'ms' THEN s.reset_val || ' ms'
            ELSE s.reset_val END AS now,
       i.advised,
       CASE WHEN s.name IS NOT NULL THEN coalesce(CASE i.name
            WHEN 'shared_buffers' THEN CASE WHEN s.value < 268435456 THEN 'change' WHEN s.value > k.cache
                THEN 'look' END
            WHEN 'effective_cache_size' THEN CASE WHEN s.value <= k.buffers THEN 'change' END
            WHEN 'work_mem' THEN CASE WHEN s.value < 8388608 OR s.value * k.sessions > 4 * k.cache THEN 'look' END
            WHEN 'maintenance_work_mem' THEN CASE WHEN s.value < 134217728 THEN 'look' END
            WHEN 'fsync' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'full_page_writes' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'synchronous_commit' THEN CASE WHEN s.reset_val = 'off' THEN 'look' END
            WHEN 'max_wal_size' THEN CASE WHEN s.value < 1073741824 THEN 'change' END
            WHEN 'checkpoint_timeout' THEN CASE WHEN s.value < 300000 THEN 'change' END
            WHEN 'checkpoint_completion_target' THEN CASE WHEN s.value < 0.7 THEN 'change' WHEN s.value < 0.9
                THEN 'look' END
            WHEN 'wal_buffers' THEN CASE WHEN s.value < 16777216 THEN 'look' END
            WHEN 'wal_compression' THEN CASE WHEN s.reset_val = 'off' THEN 'look' END
            WHEN 'random_page_cost' THEN CASE WHEN s.value > 2 THEN 'look' END
            WHEN 'effective_io_concurrency' THEN CASE WHEN s.value < 16 THEN 'look' END
            WHEN 'default_statistics_target' THEN CASE WHEN s.value < 100 THEN 'look' END
            WHEN 'shared_preload_libraries' THEN CASE WHEN s.reset_val !~ 'pg_stat_statements' THEN 'change' END
            WHEN 'compute_query_id' THEN CASE WHEN s.reset_val = 'off' THEN 'look' END
            WHEN 'pg_stat_statements.max' THEN CASE WHEN s.value < 5000 THEN 'look' END
            WHEN 'pg_stat_statements.track' THEN CASE WHEN s.reset_val = 'none' THEN 'change' END
            WHEN 'track_io_timing' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'track_wal_io_timing' THEN CASE WHEN s.value = 0 THEN 'look' END
            WHEN 'track_activity_query_size' THEN CASE WHEN s.value < 4096 THEN 'look' END
            WHEN 'log_min_duration_statement' THEN CASE WHEN s.value < 0 OR s.value > 10000 THEN 'look' END
            WHEN 'log_lock_waits' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'log_temp_files' THEN CASE WHEN s.value < 0 THEN 'look' END
            WHEN 'log_checkpoints' THEN CASE WHEN s.value = 0 THEN 'look' END
            WHEN 'log_autovacuum_min_duration' THEN CASE WHEN s.value < 0 THEN 'look' END
            WHEN 'autovacuum' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'track_counts' THEN CASE WHEN s.value = 0 THEN 'change' END
            WHEN 'autovacuum_max_workers' THEN CASE WHEN s.value < 3 THEN 'look' END
            WHEN 'autovacuum_vacuum_scale_factor' THEN CASE WHEN s.value > 0.1 THEN 'look' END
            WHEN 'max_connections' THEN CASE WHEN s.value > 500 THEN 'look' END
            WHEN 'superuser_reserved_connections' THEN CASE WHEN s.value < 3 THEN 'change' END
            WHEN 'idle_in_transaction_session_timeout' THEN CASE WHEN s.value = 0 OR s.value > 600000 THEN 'look' END
            WHEN 'deadlock_timeout' THEN CASE WHEN s.value > 5000 THEN 'look' END
            WHEN 'data_checksums' THEN CASE WHEN s.value = 0 THEN 'look' END
            WHEN 'ssl' THEN CASE WHEN s.value = 0 THEN 'look' END
            WHEN 'password_encryption' THEN CASE WHEN s.reset_val <> 'scram-sha-256' THEN 'change' END
            END, 'ok') END AS verdict,
       i.why, nullif(s.source, 'session') AS source,
       CASE s.context WHEN 'postmaster' THEN 'restart' WHEN 'sighup' THEN 'reload' WHEN 'internal' THEN 'initdb'
                      WHEN 'superuser-backend' THEN 'login' WHEN 'backend' THEN 'login' ELSE 'session' END AS needs,
       s.pending_restart AS pending
  FROM item AS i
       LEFT JOIN setting AS s ON s.name = i.name,
       known AS k
 WHERE i.since <= current_setting('server_version_num')::int4
   AND (s.name IS NOT NULL OR i.name NOT LIKE 'pg\_stat\_statements.%')
