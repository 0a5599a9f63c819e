-- The first request of a working connection, and one for each of its settings. $1 = name, $2 = value; both NULL: sets nothing.
-- $3 = the pid that the login told. Behind a pooler the pid is another one: a cancel by pid would hit a stranger, and a setting
-- would stay behind in a session that others use, so none is set there.
SELECT pg_catalog.pg_backend_pid() AS pid,
       CASE WHEN $1::pg_catalog.text IS NOT NULL AND pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $3::pg_catalog.int4
            THEN pg_catalog.set_config($1::pg_catalog.text, $2::pg_catalog.text, false) END AS value
