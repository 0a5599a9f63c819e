-- SPDX-License-Identifier: PostgreSQL
-- A worker that leaves its transaction open while it does something else.
\set ms random(2000, 15000)
BEGIN;
SELECT value FROM bridge_state WHERE key = 'fee_schedule' FOR UPDATE;
\sleep :ms ms
COMMIT;
