-- What this role may see.
SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS reads_all,
       current_user::pg_catalog.text AS role
