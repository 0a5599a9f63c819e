-- Who we are there, before anything is asked for. The pid tells a pooler.
SELECT pg_catalog.pg_backend_pid() AS pid, current_user AS role, pg_catalog.current_database() AS database,
       pg_catalog.current_setting('is_superuser') AS superuser, pg_catalog.pg_is_in_recovery() AS standby,
       pg_catalog.current_setting('server_version_num') AS version, pg_catalog.current_setting('server_version') AS version_text
