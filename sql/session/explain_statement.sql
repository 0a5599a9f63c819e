-- A statement of pg_stat_statements, whose schema is :schema. $1 = queryid, $2 = dbid, $3 = userid (0: any). The dearest one of the
-- database connected to, else the dearest.
SELECT s.query, s.queryid, d.datname::pg_catalog.text AS dbname, s.dbid, u.rolname::pg_catalog.text AS author, s.calls, s.rows,
       pg_catalog.count(*) OVER () AS entries
  FROM :schema.pg_stat_statements(true) AS s
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.dbid
  LEFT JOIN pg_catalog.pg_roles AS u ON u.oid OPERATOR(pg_catalog.=) s.userid
 WHERE s.queryid OPERATOR(pg_catalog.=) $1::pg_catalog.int8
   AND ($2::pg_catalog.oid OPERATOR(pg_catalog.=) 0 OR s.dbid OPERATOR(pg_catalog.=) $2::pg_catalog.oid)
   AND ($3::pg_catalog.oid OPERATOR(pg_catalog.=) 0 OR s.userid OPERATOR(pg_catalog.=) $3::pg_catalog.oid)
 ORDER BY (d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()) DESC NULLS LAST, s.total_exec_time DESC
 LIMIT 1
