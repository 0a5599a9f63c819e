-- The first request of every connection. $1 = backend pid as the login told it, $2 = statement_timeout, $3 = lock_timeout.
-- Behind a pooler the pid is another and nothing is set: the server connection belongs to other clients too.
-- client_connection_check_interval (from 14 on): what still runs when we go is ended by the server itself.
-- client_encoding: a SQL_ASCII database holds bytes of any kind; converting them would fail at the first that is no UTF-8.
-- work_mem is a ceiling that only a large answer comes near; with it no panel spills to a temporary file.
SELECT pg_catalog.pg_backend_pid() AS pid,
       pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.pg_postmaster_start_time() AS started,
       pg_catalog.pg_stat_get_bgwriter_stat_reset_time() AS reset,
       (SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, false))
          FROM (VALUES ('search_path', 'pg_catalog'),
                       ('application_name', 'dytop'),
                       ('client_encoding', CASE WHEN pg_catalog.current_setting('server_encoding')
                                                     OPERATOR(pg_catalog.=) 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END),
                       ('default_transaction_read_only', 'on'),
                       ('default_transaction_isolation', 'read committed'),
                       ('statement_timeout', $2::text),
                       ('lock_timeout', $3::text),
                       ('idle_in_transaction_session_timeout', '10s'),
                       ('client_min_messages', 'error'),
                       ('work_mem', '64MB'),
                       ('jit', 'off'),
                       ('max_parallel_workers_per_gather', '0'),
                       ('client_connection_check_interval', '500ms')) AS s (name, value)
         WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $1::pg_catalog.int4
           AND (s.name OPERATOR(pg_catalog.<>) 'client_connection_check_interval'
                OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 140000)) AS settings
