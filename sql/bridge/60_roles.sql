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

-- Thing by thing: the schema may be one that others use too. The application reads and writes rows and owns nothing. --explain-as:
-- functions of a statement's author run with this role's rights when it is planned, so it may read the bridge and nothing else.
-- Where tables or views come later (init --baseline, then --optimized) this is applied once more.
DO $$
DECLARE
	here text := quote_ident(current_schema());
	thing text;
	numbers text;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA %s TO dytallix_bridge, dytop_explain', here);
	FOREACH thing IN ARRAY ARRAY['bridge_transactions', 'validator_signatures', 'asset_metadata', 'chain_configs', 'bridge_state'] LOOP
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s.%I TO dytallix_bridge', here, thing);
		EXECUTE format('GRANT SELECT ON %s.%I TO dytop_explain', here, thing);
	END LOOP;
	FOREACH thing IN ARRAY ARRAY['daily_bridge_stats', 'validator_performance_stats', 'chain_performance_stats'] LOOP
		IF to_regclass(format('%s.%I', here, thing)) IS NOT NULL THEN
			EXECUTE format('GRANT SELECT ON %s.%I TO dytallix_bridge, dytop_explain', here, thing);
		END IF;
	END LOOP;
	numbers := pg_get_serial_sequence(here || '.validator_signatures', 'id');
	IF numbers IS NOT NULL THEN
		EXECUTE format('GRANT USAGE ON SEQUENCE %s TO dytallix_bridge', numbers);
	END IF;
	-- What an earlier dytop gave with all of the schema; of others' tables nobody knows whose grant it is.
	EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %s REVOKE SELECT, INSERT, UPDATE, DELETE ON TABLES FROM dytallix_bridge', here);
	EXECUTE format('REVOKE ALL ON %s.dytop_bridge_migrations, %1$s.dytop_bridge_rows FROM dytallix_bridge, dytop_explain', here);
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

ALTER ROLE dytop_explain SET default_transaction_read_only = on;
