-- After a statement with the role's own search_path: the one of maintenance again.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false) AS path
