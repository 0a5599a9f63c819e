-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Filtered list: the newest 50 that are not done"
claimed: "300-500 % faster"
least: 300
measure: faster
order: 13
note: "with the time as the index' key; with the id before it, as the report has it, the whole index is read and sorted"
*/
-- with:
CREATE INDEX idx_bridge_transactions_active_recent
	ON bridge_transactions (created_at DESC) INCLUDE (id) WHERE status NOT IN ('completed', 'failed', 'reversed');
-- query:
SELECT id, created_at FROM bridge_transactions WHERE status NOT IN ('completed', 'failed', 'reversed') ORDER BY created_at DESC LIMIT 50;
