-- Whom a concurrent build or drop waits for. $1 = oid of a table or index, $2 = whether for all snapshots that are older, $3 = whether
-- for readers of the table too. Locks and backend_xmin are shown to every role; when a transaction began, and what it does, are not.
-- Not waited for: vacuums. A prepared transaction holds locks, no snapshot.
WITH mine (relid) AS (
	SELECT pg_catalog.unnest(ARRAY[t.oid, t.reltoastrelid])
	  FROM pg_catalog.pg_class AS t
	 WHERE t.oid = coalesce((SELECT x.indrelid FROM pg_catalog.pg_index AS x WHERE x.indexrelid = $1::pg_catalog.oid), $1::pg_catalog.oid)
), held AS (
	SELECT l.pid, l.virtualtransaction, pg_catalog.string_agg(DISTINCT l.mode, ', ' ORDER BY l.mode) AS modes
	  FROM pg_catalog.pg_locks AS l
	 WHERE l.locktype = 'relation' AND l.granted AND l.relation IN (SELECT m.relid FROM mine AS m)
	   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
	   AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
	   AND ($3::pg_catalog.bool OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))
	 GROUP BY l.pid, l.virtualtransaction
)
SELECT o.text, o.age_ms, pg_catalog.count(*) OVER () AS count
  FROM (SELECT 'backend ' || a.pid || ' (' || coalesce(a.usename, '?') || ', ' || coalesce(nullif(a.application_name, ''), '-')
               || coalesce(', ' || a.state, '') || coalesce(', holds ' || h.modes, '') || ')'
               || CASE WHEN a.xact_start IS NULL AND a.state IS NULL
                       THEN ', hidden from this role what it does and since when: GRANT pg_monitor TO ' || pg_catalog.quote_ident(current_user)
                       ELSE ': ' || pg_catalog.left(a.query, 100) END AS text,
               1000 * extract(epoch FROM pg_catalog.clock_timestamp() - a.xact_start) AS age_ms
          FROM pg_catalog.pg_stat_activity AS a LEFT JOIN held AS h ON h.pid = a.pid
         WHERE h.pid IS NOT NULL
            OR ($2::pg_catalog.bool AND a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()
                AND a.backend_xmin IS NOT NULL AND a.usesysid IS NOT NULL AND a.backend_type IS DISTINCT FROM 'parallel worker'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_vacuum AS v WHERE v.pid = a.pid))
        UNION ALL
        SELECT 'prepared transaction ' || coalesce(p.gid || ' (' || p.owner || ', holds ' || h.modes || ')', h.virtualtransaction),
               1000 * extract(epoch FROM pg_catalog.clock_timestamp() - p.prepared)
          FROM held AS h
               LEFT JOIN pg_catalog.pg_locks AS l ON l.locktype = 'transactionid' AND l.granted AND l.pid IS NULL
                                                  AND l.virtualtransaction = h.virtualtransaction
               LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = l.transactionid
         WHERE h.pid IS NULL) AS o
 ORDER BY o.age_ms DESC NULLS LAST
 LIMIT 3
