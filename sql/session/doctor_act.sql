-- What the acting role lacks: rows as of doctor_watch.sql.
WITH me AS (
	SELECT r.oid, r.rolname, r.rolsuper, r.rolinherit, quote_ident(r.rolname) AS name,
	       current_setting('server_version_num')::int4 AS version
	  FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
), own AS (
	SELECT count(*) AS all_of_them, count(*) FILTER (WHERE pg_has_role(me.oid, c.relowner, 'USAGE')) AS mine,
	       min(CASE WHEN NOT pg_has_role(me.oid, c.relowner, 'USAGE') THEN
                   CASE WHEN me.version >= 160000 THEN 'GRANT ' || quote_ident(pg_get_userbyid(c.relowner)) || ' TO ' || me.name
                             || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, c.relowner, 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END
                        WHEN me.rolinherit THEN 'GRANT ' || quote_ident(pg_get_userbyid(c.relowner)) || ' TO ' || me.name
                        ELSE CASE WHEN pg_has_role(me.oid, c.relowner, 'MEMBER') THEN ''
                                  ELSE 'GRANT ' || quote_ident(pg_get_userbyid(c.relowner)) || ' TO ' || me.name || ', then ' END
                             || 'ALTER ROLE ' || me.name || ' INHERIT' END END) AS remedy
	  FROM pg_class AS c, me WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384 AND c.relpersistence <> 't'
)
SELECT 'note' AS level, 'actions' AS area, me.rolname || ' is a superuser: acting needs less' AS what,
       'sql/roles.sql makes a role that can act' AS remedy, NULL AS cost
  FROM me WHERE me.rolsuper
UNION ALL
SELECT CASE WHEN pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') THEN 'ok' ELSE 'missing' END, 'cancel, terminate',
       CASE WHEN pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') THEN 'other people''s sessions, but not those of superusers'
            ELSE 'only its own sessions' || CASE WHEN pg_has_role(me.oid, 'pg_signal_backend', 'MEMBER') AND NOT pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') THEN ' (a member of pg_signal_backend, but it does not inherit its rights: NOINHERIT)' ELSE '' END END,
       CASE WHEN NOT pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') THEN
            CASE WHEN me.version >= 160000 THEN 'GRANT pg_signal_backend TO ' || me.name
                 || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, 'pg_signal_backend', 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END
            WHEN me.rolinherit THEN 'GRANT pg_signal_backend TO ' || me.name
            ELSE CASE WHEN pg_has_role(me.oid, 'pg_signal_backend', 'MEMBER') THEN '' ELSE 'GRANT pg_signal_backend TO ' || me.name || ', then ' END || 'ALTER ROLE ' || me.name || ' INHERIT' END END,
       CASE WHEN NOT pg_has_role(me.oid, 'pg_signal_backend', 'USAGE') THEN 'it may end any session but those of superusers' END
  FROM me
UNION ALL
SELECT CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'USAGE') THEN 'ok' ELSE 'missing' END, 'cancel, terminate, progress',
       CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'USAGE') THEN 'sees whom it acts on' ELSE 'does not see whom it acts on' || CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'MEMBER') AND NOT pg_has_role(me.oid, 'pg_monitor', 'USAGE') THEN ' (a member of pg_monitor, but it does not inherit its rights: NOINHERIT)' ELSE '' END END,
       CASE WHEN NOT pg_has_role(me.oid, 'pg_monitor', 'USAGE') THEN
            CASE WHEN me.version >= 160000 THEN 'GRANT pg_monitor TO ' || me.name
                 || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, 'pg_monitor', 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END
            WHEN me.rolinherit THEN 'GRANT pg_monitor TO ' || me.name
            ELSE CASE WHEN pg_has_role(me.oid, 'pg_monitor', 'MEMBER') THEN '' ELSE 'GRANT pg_monitor TO ' || me.name || ', then ' END || 'ALTER ROLE ' || me.name || ' INHERIT' END END, NULL
  FROM me
UNION ALL
SELECT CASE WHEN own.mine = own.all_of_them THEN 'ok' ELSE 'missing' END, 'create_index, drop_index',
       own.mine || ' of ' || own.all_of_them || ' tables of database ' || current_database() || ' may get and lose indexes',
       own.remedy,
       CASE WHEN own.mine < own.all_of_them THEN 'all rights of that owner, on its data too' END
  FROM me, own
UNION ALL
SELECT CASE WHEN f.may THEN 'ok' ELSE 'missing' END, f.area, CASE WHEN f.may THEN 'may call ' ELSE 'may not call ' END || f.name,
       CASE WHEN NOT f.may THEN 'GRANT EXECUTE ON FUNCTION pg_catalog.' || f.name || ' TO ' || me.name END,
       CASE WHEN NOT f.may THEN f.cost END
  FROM me, LATERAL (VALUES
       ('reload', 'pg_reload_conf()', has_function_privilege(me.oid, 'pg_catalog.pg_reload_conf()', 'EXECUTE'),
        'settings of changed files come into force'),
       ('reset_table', 'pg_stat_reset_single_table_counters(oid)',
        has_function_privilege(me.oid, 'pg_catalog.pg_stat_reset_single_table_counters(oid)', 'EXECUTE'),
        'autovacuum forgets what it knew of that table'),
       ('reset_database', 'pg_stat_reset()', has_function_privilege(me.oid, 'pg_catalog.pg_stat_reset()', 'EXECUTE'),
        'autovacuum forgets what it knew of the database')) AS f (area, name, may, cost)
