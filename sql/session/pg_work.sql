-- The first request of a working connection, and one for each of its settings. $1 = name, $2 = value; both NULL: sets nothing.
-- Behind a pooler the pid is another than the login told: a cancel by pid would hit a stranger.
SELECT pg_catalog.pg_backend_pid() AS pid,
       CASE WHEN $1::text IS NOT NULL THEN pg_catalog.set_config($1::text, $2::text, false) END AS value
