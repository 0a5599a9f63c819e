-- --explain-role. $1 = role.
SELECT pg_catalog.set_config('role', $1, true) AS role
