-- A setting by its name, and whether this role may see what the files have for it. $1 = name
SELECT s.name, pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT')
               AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE') AS files
  FROM pg_catalog.pg_settings AS s WHERE pg_catalog.lower(s.name) = pg_catalog.lower($1)
