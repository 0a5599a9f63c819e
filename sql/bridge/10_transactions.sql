-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
layout: plain
about: "the bridge's transactions, as the application has them"
before_rows: yes
*/
-- Names are found by search_path, as the application does.

CREATE TABLE IF NOT EXISTS bridge_transactions (
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
	status varchar NOT NULL DEFAULT 'pending' CONSTRAINT bridge_transactions_status_check
		CHECK (status IN ('pending', 'confirmed', 'locked', 'minted', 'completed', 'failed', 'reversed')),
	created_at timestamptz NOT NULL DEFAULT now(),
	updated_at timestamptz NOT NULL DEFAULT now(),
	validator_signatures jsonb NOT NULL DEFAULT '[]',
	metadata jsonb NOT NULL DEFAULT '{}'
);
