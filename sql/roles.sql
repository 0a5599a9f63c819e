-- SPDX-License-Identifier: PostgreSQL
-- The least roles for dytop, for psql as a superuser, in each database that is watched. May be run again.
--
--   psql -d bridge -f roles.sql                        the roles, for this database
--   psql -d bridge -v owner=bridge_owner -f roles.sql  and the operator may maintain what bridge_owner owns: needed before PostgreSQL 17
--                                                      for VACUUM, ANALYZE, REINDEX, REFRESH, in all versions to create and drop indexes
--   psql -d bridge -v read_schema=public -f roles.sql  and statements on the tables of that schema can be explained
--
-- dytop_monitor   watches: reads what all sessions and statements do, and no table; writes nothing
-- dytop_operator  acts, behind dytop's questions: ends sessions but those of superusers, maintains, checkpoints, reloads
-- dytop_explain   plans statements; functions that run while planning run with its rights, so it has next to none
--
-- They log in as pg_hba.conf says; passwords are given with \password dytop_monitor.
--   dytop -d "dbname=bridge user=dytop_monitor" --operator user=dytop_operator --explain-as user=dytop_explain
\set ON_ERROR_STOP on
SELECT current_setting('server_version_num')::int4 >= 150000 AS from_15, current_setting('server_version_num')::int4 >= 160000 AS from_16,
       current_setting('server_version_num')::int4 >= 170000 AS from_17,
       EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_stat_statements') AS has_statements \gset
BEGIN;

SELECT format('CREATE ROLE %I LOGIN', n.name)
  FROM (VALUES ('dytop_monitor'), ('dytop_operator'), ('dytop_explain')) AS n (name)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = n.name) \gexec

-- the one that watches: the wall is the missing privileges, the settings are a seat belt
ALTER ROLE dytop_monitor CONNECTION LIMIT 3;
GRANT pg_monitor TO dytop_monitor;
ALTER ROLE dytop_monitor SET default_transaction_read_only = on;
ALTER ROLE dytop_monitor SET lock_timeout = '250ms';
ALTER ROLE dytop_monitor SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE dytop_monitor SET search_path = pg_catalog;
\if :from_16
GRANT pg_use_reserved_connections TO dytop_monitor;
\endif

-- the one that acts; no statement_timeout: it would leave a full-size invalid index behind each REINDEX that it hits
ALTER ROLE dytop_operator CONNECTION LIMIT 8;
GRANT pg_monitor, pg_signal_backend TO dytop_operator;
ALTER ROLE dytop_operator SET search_path = pg_catalog;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_reload_conf() TO dytop_operator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset() TO dytop_operator;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset_single_table_counters(oid) TO dytop_operator;
SELECT format('GRANT EXECUTE ON FUNCTION %s TO dytop_operator', p.oid::regprocedure)
  FROM pg_catalog.pg_proc AS p
       JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
       JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND d.refclassid = 'pg_extension'::regclass
 WHERE e.extname = 'pg_stat_statements' AND p.proname = 'pg_stat_statements_reset' \gexec
\if :from_15
GRANT pg_checkpoint TO dytop_operator;
GRANT ALTER SYSTEM ON PARAMETER track_io_timing, track_activity_query_size, log_min_duration_statement, work_mem,
      maintenance_work_mem, effective_cache_size, random_page_cost, checkpoint_timeout, max_wal_size TO dytop_operator;
\endif
\if :from_17
GRANT pg_maintain TO dytop_operator;
\endif
\if :{?owner}
GRANT :"owner" TO dytop_operator;
\endif

-- the one that plans
ALTER ROLE dytop_explain CONNECTION LIMIT 4;
GRANT pg_monitor TO dytop_explain;
ALTER ROLE dytop_explain SET default_transaction_read_only = on;
ALTER ROLE dytop_explain SET lock_timeout = '500ms';
\if :{?read_schema}
GRANT USAGE ON SCHEMA :"read_schema" TO dytop_explain;
GRANT SELECT ON ALL TABLES IN SCHEMA :"read_schema" TO dytop_explain;
\endif

COMMIT;
\if :has_statements
\else
\echo 'pg_stat_statements is not in this database: CREATE EXTENSION it, then run this again'
\endif
