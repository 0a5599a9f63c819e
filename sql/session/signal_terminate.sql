SELECT pg_catalog.pg_terminate_backend(a.pid) AS sent
  FROM pg_catalog.pg_stat_get_activity($1::pg_catalog.int4) AS a
 WHERE pg_catalog.int8(pg_catalog.date_part('epoch', a.backend_start) OPERATOR(pg_catalog.*) 1000000)
       OPERATOR(pg_catalog.=) $2::pg_catalog.int8
   AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()
   AND a.usesysid IS NOT DISTINCT FROM $3::pg_catalog.oid
