/* dytop action
title: Reset the statistics of
about: The counters of this table begin at zero, those that autovacuum goes by too.
target: table
kinds: rmt
weight: yes
alone: no
lock_timeout: 2s
statement_timeout: 30s
*/
-- before
SELECT 'refuse' AS mark, 'no right: GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset_single_table_counters(oid) TO '
       || pg_catalog.quote_ident(current_user) AS text
 WHERE NOT pg_catalog.has_function_privilege('pg_catalog.pg_stat_reset_single_table_counters(oid)', 'EXECUTE')
UNION ALL
SELECT 'note', s.seq_scan || ' sequential scans, ' || s.n_tup_ins || ' rows inserted, ' || s.n_tup_upd || ' updated, '
       || s.n_tup_del || ' deleted are forgotten'
  FROM pg_catalog.pg_stat_all_tables AS s WHERE s.relid = $1::pg_catalog.oid
-- statement
SELECT pg_catalog.pg_stat_reset_single_table_counters(%{oid}::pg_catalog.oid)
