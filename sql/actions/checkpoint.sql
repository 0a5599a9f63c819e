/* dytop action
title: Checkpoint
about: Writes all changed pages now, as fast as the disk takes them; other work may get slower.
target: none
weight: word
alone: no
standby: yes
lock_timeout: none
*/
-- before
SELECT 'refuse' AS mark, 'no right: only superusers may, before PostgreSQL 15' AS text
 WHERE NOT pg_catalog.current_setting('is_superuser')::pg_catalog.bool
UNION ALL
SELECT 'note', 'last one at ' || pg_catalog.to_char(c.checkpoint_time, 'YYYY-MM-DD HH24:MI:SS') FROM pg_catalog.pg_control_checkpoint() AS c
-- before since 150000
SELECT 'refuse' AS mark, 'no right: GRANT pg_checkpoint TO ' || pg_catalog.quote_ident(current_user) AS text
 WHERE NOT pg_catalog.pg_has_role('pg_checkpoint', 'USAGE') AND NOT pg_catalog.current_setting('is_superuser')::pg_catalog.bool
UNION ALL
SELECT 'note', 'last one at ' || pg_catalog.to_char(c.checkpoint_time, 'YYYY-MM-DD HH24:MI:SS') FROM pg_catalog.pg_control_checkpoint() AS c
-- statement
CHECKPOINT
