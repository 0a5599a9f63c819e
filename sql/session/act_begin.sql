-- Settings of the statement itself, and the server's time. $1 = application_name, $2 = lock_timeout, $3 = statement_timeout in ms,
-- $4 = whether it runs with the role's own search_path, which act_path takes back after it.
-- Neither a disconnected client nor a transaction_timeout of the role may end a REINDEX, which would leave an invalid index.
SELECT pg_catalog.clock_timestamp() AS began,
       (SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, false))
          FROM (VALUES ('application_name', $1::pg_catalog.text),
                       ('lock_timeout', $2::pg_catalog.text),
                       ('statement_timeout', $3::pg_catalog.text),
                       ('client_min_messages', 'notice'),
                       ('idle_in_transaction_session_timeout', '0'),
                       ('search_path', (SELECT p.reset_val FROM pg_catalog.pg_settings AS p
                                         WHERE p.name = 'search_path' AND $4::pg_catalog.bool)),
                       ('client_connection_check_interval', '0'),
                       ('transaction_timeout', '0')) AS s (name, value)
         WHERE s.value IS NOT NULL AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >=
               CASE s.name WHEN 'client_connection_check_interval' THEN 140000 WHEN 'transaction_timeout' THEN 170000 ELSE 0 END) AS settings
