-- Where a relation's files are, and whether the server may be on this host: through a tunnel it looks as if it were, so `title` is what
-- this session's process is called there (ps), if it is. $1 = oid
SELECT CASE WHEN t.spcname IN ('pg_default', 'pg_global') THEN pg_catalog.current_setting('data_directory')
            ELSE pg_catalog.pg_tablespace_location(t.oid) END AS path,
       pg_catalog.inet_server_addr() IS NULL OR pg_catalog.inet_server_addr() = pg_catalog.inet_client_addr() AS local,
       ' ' || session_user || ' ' || d.datname || ' '
       || coalesce(pg_catalog.host(pg_catalog.inet_client_addr()) || '(' || pg_catalog.inet_client_port() || ')', '[local]') AS title
  FROM pg_catalog.pg_class AS c
       JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
       JOIN pg_catalog.pg_tablespace AS t ON t.oid = CASE WHEN c.reltablespace = 0 THEN d.dattablespace ELSE c.reltablespace END
 WHERE c.oid = $1::pg_catalog.oid
