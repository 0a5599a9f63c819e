-- SPDX-License-Identifier: PostgreSQL
-- Two roles: the application's, and the dashboard's, which may look at everything and change nothing. Passwords are set by whoever
-- runs the servers (\password).

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dytallix_bridge') THEN
		CREATE ROLE dytallix_bridge LOGIN CONNECTION LIMIT 40;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dytop') THEN
		CREATE ROLE dytop LOGIN CONNECTION LIMIT 4;
	END IF;
END $$;

GRANT pg_monitor TO dytop;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO dytallix_bridge;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dytallix_bridge;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dytallix_bridge;
