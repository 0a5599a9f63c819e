-- A setting by its name. $1 = name
SELECT s.name FROM pg_catalog.pg_settings AS s WHERE pg_catalog.lower(s.name) = pg_catalog.lower($1)
