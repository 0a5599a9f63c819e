-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
layout: partitioned
about: "the same, in monthly partitions: old months go by DETACH in no time, and a query of one month reads one month"
before_rows: yes
run: each
*/
-- What it costs: a primary key must hold the column of the partitions, so the same id in two months is not refused, and no other table
-- can refer to id alone (validator_signatures has no foreign key here); a look-up by id alone asks every month's index.
-- Runs at every `dytop bridge init`, to make the months to come; the maintenance plan does the same.

CREATE TABLE IF NOT EXISTS bridge_transactions (
	id varchar NOT NULL,
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
	metadata jsonb NOT NULL DEFAULT '{}',
	PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);

-- What no month is there for is kept all the same.
CREATE TABLE IF NOT EXISTS bridge_transactions_other PARTITION OF bridge_transactions DEFAULT;

-- From four months ago (90 days reach into the fourth) to three ahead; months of UTC, whoever runs it.
DO $$
DECLARE
	month timestamp;
BEGIN
	FOR month IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '4 months',
		date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months', interval '1 month') LOOP
		EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF bridge_transactions FOR VALUES FROM (%L) TO (%L)',
			'bridge_transactions_' || to_char(month, 'YYYY_MM'), month AT TIME ZONE 'UTC',
			(month + interval '1 month') AT TIME ZONE 'UTC');
	END LOOP;
END $$;
