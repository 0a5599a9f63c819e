-- doctor_act.sql for what is said otherwise before 17: maintenance is for owners.
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
SELECT CASE WHEN own.mine = own.all_of_them THEN 'ok' ELSE 'missing' END AS level, 'vacuum, analyze, reindex, refresh' AS area,
       own.mine || ' of ' || own.all_of_them || ' tables of database ' || current_database() || ': it is for their owners, before 17' AS what,
       own.remedy AS remedy,
       CASE WHEN own.mine < own.all_of_them THEN 'all rights of that owner, on its data too' END AS cost
  FROM me, own
