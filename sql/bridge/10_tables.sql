-- SPDX-License-Identifier: PostgreSQL
-- The bridge's tables. Run once, in an empty database; names are found by search_path, as the application does.

CREATE EXTENSION IF NOT EXISTS pg_stat_statements;

CREATE TABLE bridge_transactions (
	id varchar PRIMARY KEY,
	asset_id varchar NOT NULL,
	asset_amount bigint NOT NULL,
	asset_decimals integer NOT NULL,
	source_chain varchar NOT NULL,
	dest_chain varchar NOT NULL,
	source_address varchar NOT NULL,
	dest_address varchar NOT NULL,
	source_tx_hash varchar,
	dest_tx_hash varchar,
	status varchar NOT NULL DEFAULT 'pending'
		CHECK (status IN ('pending', 'confirmed', 'locked', 'minted', 'completed', 'failed', 'reversed')),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	validator_signatures jsonb NOT NULL DEFAULT '[]',
	metadata jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE validator_signatures (
	id serial PRIMARY KEY,
	bridge_tx_id varchar NOT NULL REFERENCES bridge_transactions (id),
	validator_id varchar NOT NULL,
	signature_data bytea NOT NULL,
	signature_type varchar NOT NULL DEFAULT 'pqc',
	created_at timestamptz NOT NULL DEFAULT now(),
	UNIQUE (bridge_tx_id, validator_id)
);

CREATE TABLE asset_metadata (
	asset_id varchar PRIMARY KEY,
	name varchar NOT NULL,
	symbol varchar NOT NULL,
	description text,
	decimals integer NOT NULL,
	icon_url varchar,
	created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE chain_configs (
	chain_name varchar PRIMARY KEY,
	chain_type varchar NOT NULL CHECK (chain_type IN ('ethereum', 'cosmos', 'polkadot', 'dytallix')),
	config_data jsonb NOT NULL,
	is_active boolean NOT NULL DEFAULT true,
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now()
);

-- Maintenance leaves last_index_maintenance and last_analytics_refresh here.
CREATE TABLE bridge_state (
	key varchar PRIMARY KEY,
	value jsonb NOT NULL,
	updated_at timestamptz NOT NULL DEFAULT now()
);
