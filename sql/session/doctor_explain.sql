-- What the role that plans has too much or too little of: rows as of doctor_watch.sql.
WITH me AS (
	SELECT r.oid, r.rolname, r.rolsuper, quote_ident(r.rolname) AS name FROM pg_roles AS r WHERE r.rolname = CURRENT_USER
), own AS (
	SELECT count(*) AS all_of_them, count(*) FILTER (WHERE has_table_privilege(me.oid, c.oid, 'SELECT')) AS mine
	  FROM pg_class AS c, me WHERE c.relkind IN ('r', 'm', 'p') AND c.oid >= 16384 AND c.relpersistence <> 't'
)
SELECT 'note' AS level, 'explain' AS area,
       me.rolname || ' is a superuser: planning runs functions of the statement''s author with these rights; dytop asks each time' AS what,
       '--explain-as with a role that may only read (sql/roles.sql)' AS remedy, NULL AS cost
  FROM me WHERE me.rolsuper
UNION ALL
SELECT CASE WHEN own.mine = own.all_of_them THEN 'ok' ELSE 'note' END, 'explain',
       own.mine || ' of ' || own.all_of_them || ' tables of database ' || current_database() || ' may be read, and statements on them explained',
       CASE WHEN own.mine < own.all_of_them THEN 'GRANT SELECT ON ALL TABLES IN SCHEMA ... TO ' || me.name END,
       CASE WHEN own.mine < own.all_of_them THEN 'it may read the data' END
  FROM me, own
UNION ALL
SELECT CASE WHEN e.extname IS NULL THEN 'note' ELSE 'ok' END, 'what-if',
       CASE WHEN e.extname IS NULL THEN 'hypopg is not in database ' || current_database() || ': no index can be tried out' ELSE 'hypopg ' || e.extversion END,
       CASE WHEN e.extname IS NULL THEN 'CREATE EXTENSION hypopg  (package postgresql-' || split_part(current_setting('server_version'), '.', 1) || '-hypopg)' END,
       CASE WHEN e.extname IS NULL THEN 'nothing while it is not used' END
  FROM me LEFT JOIN pg_extension AS e ON e.extname = 'hypopg'
