-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: roles
about: "four roles: the application's, and the dashboard's to look, to act and to explain"
may_fail: yes
*/
-- Roles belong to the whole server, not to this database. They have no passwords: whoever runs the server sets them (\password).

DO $$
DECLARE
	-- The limits: the application's pool and a deployment beside it; what dytop opens at most.
	wanted text[][] := ARRAY[['dytallix_bridge', '40'], ['dytop_monitor', '4'], ['dytop_operator', '8'], ['dytop_explain', '4']];
BEGIN
	FOR i IN 1 .. array_length(wanted, 1) LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted[i][1]) THEN
			EXECUTE format('CREATE ROLE %I LOGIN CONNECTION LIMIT %s', wanted[i][1], wanted[i][2]);
		END IF;
	END LOOP;
END $$;

-- The application reads and writes rows, here and in what this user makes later; it owns nothing.
DO $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO dytallix_bridge', current_schema());
	EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO dytallix_bridge', current_schema());
	EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO dytallix_bridge', current_schema());
	EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dytallix_bridge',
		current_schema());
END $$;

-- The dashboard looks at everything and changes nothing.
GRANT pg_monitor TO dytop_monitor;

-- --operator: cancels queries; from PostgreSQL 17 on maintains tables too (before, that needs their owner's role).
GRANT pg_monitor, pg_signal_backend TO dytop_operator;
DO $$
BEGIN
	IF current_setting('server_version_num')::int >= 170000 THEN
		EXECUTE 'GRANT pg_maintain TO dytop_operator';
	END IF;
END $$;

-- --explain-as: functions of a statement's author run with this role's rights when it is planned, so it may read the bridge and
-- nothing else.
DO $$
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %I TO dytop_explain', current_schema());
	EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO dytop_explain', current_schema());
END $$;
ALTER ROLE dytop_explain SET default_transaction_read_only = on;
