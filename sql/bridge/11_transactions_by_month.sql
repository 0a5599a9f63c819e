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
-- Runs at every `dytop bridge init`, to make the months to come. Nothing else does: let a timer run it, once a month.

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

-- From four months ago (90 days reach into the fourth) to three ahead; months of UTC, whoever runs it. A month is made beside its
-- parent and attached: that lets readers and writers of the parent go on (SHARE UPDATE EXCLUSIVE); only bridge_transactions_other is
-- locked and read, each month in a transaction of its own. A month that has rows there already gets no partition, for the server would
-- refuse it; how they are moved is told instead.
DO $$
DECLARE
	month timestamp;
	name text;
	from_to text;
	rows bigint;
BEGIN
	FOR month IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC') - interval '4 months',
		date_trunc('month', now() AT TIME ZONE 'UTC') + interval '3 months', interval '1 month') LOOP
		name := 'bridge_transactions_' || to_char(month, 'YYYY_MM');
		CONTINUE WHEN to_regclass(quote_ident(current_schema()) || '.' || name) IS NOT NULL;
		SELECT count(*) INTO rows FROM bridge_transactions_other
			WHERE created_at >= month AT TIME ZONE 'UTC' AND created_at < (month + interval '1 month') AT TIME ZONE 'UTC';
		from_to := format('FROM (%L) TO (%L)', month AT TIME ZONE 'UTC', (month + interval '1 month') AT TIME ZONE 'UTC');
		IF rows = 0 THEN
			EXECUTE format('CREATE TABLE %I (LIKE bridge_transactions INCLUDING ALL)', name);
			EXECUTE format('ALTER TABLE bridge_transactions ATTACH PARTITION %I FOR VALUES %s', name, from_to);
		ELSE
			RAISE WARNING '% rows of % are in bridge_transactions_other, so it gets no partition; in one session these move them:',
				rows, to_char(month, 'YYYY_MM');
			RAISE WARNING 'BEGIN; LOCK TABLE bridge_transactions_other; CREATE TABLE % (LIKE bridge_transactions INCLUDING ALL);', name;
			RAISE WARNING 'WITH gone AS (DELETE FROM bridge_transactions_other WHERE created_at >= % AND created_at < % RETURNING *) '
				'INSERT INTO % SELECT * FROM gone;', quote_literal(month AT TIME ZONE 'UTC'),
				quote_literal((month + interval '1 month') AT TIME ZONE 'UTC'), name;
			RAISE WARNING 'ALTER TABLE bridge_transactions ATTACH PARTITION % FOR VALUES %; COMMIT;', name, from_to;
		END IF;
		COMMIT;
	END LOOP;
END $$;
