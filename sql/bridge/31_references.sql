-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
layout: plain
about: "a signature belongs to a transaction"
*/
-- In two steps: the first holds its lock for a moment only, the second looks at the rows while writers go on.

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'validator_signatures'::regclass
		AND confrelid = 'bridge_transactions'::regclass AND contype = 'f') THEN
		ALTER TABLE validator_signatures ADD CONSTRAINT validator_signatures_bridge_tx_id_fkey
			FOREIGN KEY (bridge_tx_id) REFERENCES bridge_transactions (id) NOT VALID;
	END IF;
END $$;
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'validator_signatures'::regclass
		AND conname = 'validator_signatures_bridge_tx_id_fkey' AND NOT convalidated) THEN
		ALTER TABLE validator_signatures VALIDATE CONSTRAINT validator_signatures_bridge_tx_id_fkey;
	END IF;
END $$;
