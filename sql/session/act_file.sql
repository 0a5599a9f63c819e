-- What postgresql.auto.conf has for a setting, which may wait for a restart or be hidden by a role's own value: the last line
-- holds. $1 = name
SELECT '=' || f.setting AS line
  FROM pg_catalog.pg_file_settings AS f
 WHERE pg_catalog.lower(f.name) = pg_catalog.lower($1) AND f.sourcefile LIKE '%/postgresql.auto.conf'
 ORDER BY f.seqno DESC
 LIMIT 1
