-- doctor_act.sql for what came with 17: MAINTAIN.
WITH me AS (
	SELECT r.oid, r.rolinherit, quote_ident(r.rolname) AS name FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
), own AS (
	SELECT count(*) AS all_of_them, count(*) FILTER (WHERE has_table_privilege(me.oid, c.oid, 'MAINTAIN')) AS mine
	  FROM pg_class AS c, me WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384 AND c.relpersistence <> 't'
)
SELECT CASE WHEN own.mine = own.all_of_them THEN 'ok' ELSE 'missing' END AS level, 'vacuum, analyze, reindex, refresh' AS area,
       own.mine || ' of ' || own.all_of_them || ' tables of database ' || current_database() AS what,
       CASE WHEN own.mine < own.all_of_them THEN 'GRANT pg_maintain TO ' || me.name
            || CASE WHEN me.rolinherit AND NOT pg_has_role(me.oid, 'pg_maintain', 'MEMBER') THEN '' ELSE ' WITH INHERIT TRUE' END || '  (or GRANT MAINTAIN ON TABLE ... for some)' END
           AS remedy,
       CASE WHEN own.mine < own.all_of_them THEN 'locks and load while it runs; no data is seen or changed' END AS cost
  FROM me, own
