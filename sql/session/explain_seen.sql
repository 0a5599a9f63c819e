-- Texts of the same statement that run now or ran last in their sessions: literals are in them. $1 = query_id (14 and newer),
-- $2 = dbid.
SELECT a.query
  FROM pg_catalog.pg_stat_activity AS a
 CROSS JOIN (SELECT setting FROM pg_catalog.pg_settings WHERE name OPERATOR(pg_catalog.=) 'track_activity_query_size') AS z
 WHERE (pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'query_id')::pg_catalog.int8 OPERATOR(pg_catalog.=) $1::pg_catalog.int8
   AND a.datid OPERATOR(pg_catalog.=) $2::pg_catalog.oid
   AND pg_catalog.octet_length(a.query) OPERATOR(pg_catalog.<) (z.setting::pg_catalog.int4 OPERATOR(pg_catalog.-) 4)
 ORDER BY a.query_start DESC NULLS LAST
 LIMIT 8
