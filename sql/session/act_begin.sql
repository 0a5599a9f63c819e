-- Settings of the statement itself, and the server's time. $1 = application_name, $2 = lock_timeout, $3 = statement_timeout in ms.
-- A disconnected client must not end a REINDEX, which would leave an invalid index: client_connection_check_interval is off.
SELECT pg_catalog.clock_timestamp() AS began,
       (SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, false))
          FROM (VALUES ('application_name', $1::pg_catalog.text),
                       ('lock_timeout', $2::pg_catalog.text),
                       ('statement_timeout', $3::pg_catalog.text),
                       ('client_min_messages', 'notice'),
                       ('idle_in_transaction_session_timeout', '0'),
                       ('client_connection_check_interval', '0')) AS s (name, value)
         WHERE s.name <> 'client_connection_check_interval'
            OR pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 140000) AS settings
