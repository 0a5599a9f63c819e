-- SPDX-License-Identifier: PostgreSQL
-- Many relayers, one row: waits for its lock.
\set ms random(20, 400)
BEGIN;
UPDATE bridge_state SET value = jsonb_set(value, '{ethereum}', to_jsonb((value ->> 'ethereum')::bigint + 1)), updated_at = now()
	WHERE key = 'relay_height';
\sleep :ms ms
COMMIT;
