-- doctor_act.sql for what came with 15.
WITH me AS (
	SELECT r.oid, r.rolinherit, quote_ident(r.rolname) AS name, current_setting('server_version_num')::int4 AS version
	  FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
)
SELECT CASE WHEN pg_has_role(me.oid, 'pg_checkpoint', 'USAGE') THEN 'ok' ELSE 'missing' END AS level, 'checkpoint' AS area,
       CASE WHEN pg_has_role(me.oid, 'pg_checkpoint', 'USAGE') THEN 'may run CHECKPOINT' ELSE 'may not run CHECKPOINT' || CASE WHEN pg_has_role(me.oid, 'pg_checkpoint', 'MEMBER') AND NOT pg_has_role(me.oid, 'pg_checkpoint', 'USAGE') THEN ' (a member of pg_checkpoint, but it does not inherit its rights: NOINHERIT)' ELSE '' END END AS what,
       CASE WHEN NOT pg_has_role(me.oid, 'pg_checkpoint', 'USAGE') THEN
            CASE WHEN me.version >= 160000 THEN 'GRANT pg_checkpoint TO ' || me.name
                 || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, 'pg_checkpoint', 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END
            WHEN me.rolinherit THEN 'GRANT pg_checkpoint TO ' || me.name
            ELSE CASE WHEN pg_has_role(me.oid, 'pg_checkpoint', 'MEMBER') THEN '' ELSE 'GRANT pg_checkpoint TO ' || me.name || ', then ' END || 'ALTER ROLE ' || me.name || ' INHERIT' END END AS remedy,
       CASE WHEN NOT pg_has_role(me.oid, 'pg_checkpoint', 'USAGE') THEN 'a burst of writes when somebody uses it' END AS cost
  FROM me
UNION ALL
SELECT CASE WHEN bool_and(p.may) THEN 'ok' ELSE 'note' END, 'set_setting, reset_setting',
       count(*) FILTER (WHERE p.may) || ' of ' || count(*) || ' settings that dytop advises on may be changed',
       CASE WHEN NOT bool_and(p.may) THEN 'GRANT ALTER SYSTEM ON PARAMETER '
           || string_agg(p.name, ', ' ORDER BY p.name) FILTER (WHERE NOT p.may) || ' TO ' || min(me.name) END,
       CASE WHEN NOT bool_and(p.may) THEN 'the whole server is changed by it' END
  FROM me, LATERAL (SELECT s.name, has_parameter_privilege(me.oid, s.name, 'ALTER SYSTEM') AS may
                      FROM unnest(ARRAY['track_io_timing', 'track_activity_query_size', 'log_min_duration_statement',
                                        'work_mem', 'maintenance_work_mem', 'effective_cache_size', 'random_page_cost',
                                        'checkpoint_timeout', 'max_wal_size']) AS s (name)) AS p
