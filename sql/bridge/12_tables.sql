-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
about: "signatures, assets, chains and state, as the application has them"
before_rows: yes
*/

CREATE TABLE IF NOT EXISTS validator_signatures (
	id serial PRIMARY KEY,
	bridge_tx_id varchar NOT NULL,
	validator_id varchar NOT NULL,
	signature_data bytea NOT NULL,
	signature_type varchar NOT NULL DEFAULT 'pqc',
	created_at timestamptz NOT NULL DEFAULT now(),
	CONSTRAINT validator_signatures_bridge_tx_id_validator_id_key UNIQUE (bridge_tx_id, validator_id)
);

CREATE TABLE IF NOT EXISTS asset_metadata (
	asset_id varchar PRIMARY KEY,
	name varchar NOT NULL,
	symbol varchar NOT NULL,
	description text,
	decimals integer NOT NULL,
	icon_url varchar,
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS chain_configs (
	chain_name varchar PRIMARY KEY,
	chain_type varchar NOT NULL CONSTRAINT chain_configs_chain_type_check
		CHECK (chain_type IN ('ethereum', 'cosmos', 'polkadot', 'dytallix')),
	config_data jsonb NOT NULL,
	is_active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

-- Maintenance leaves last_index_maintenance and last_analytics_refresh here.
CREATE TABLE IF NOT EXISTS bridge_state (
	key varchar PRIMARY KEY,
	value jsonb NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now()
);
