-- Which cluster this is; its own request, because a role may be refused it.
SELECT system_identifier FROM pg_catalog.pg_control_system()
