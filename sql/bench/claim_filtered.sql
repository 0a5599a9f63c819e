-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Filtered list: all of a status that 2.5 % of the rows have (pending)"
claimed: "300-500 % faster"
least: 300
measure: faster
order: 10
note: "the gain is that of the rows left out: compare the shares below; a full index on the status gains the same"
*/
-- with:
CREATE INDEX idx_bridge_transactions_status_chains
	ON bridge_transactions (status, source_chain, dest_chain) WHERE status IN ('pending', 'confirmed', 'locked', 'minted');
-- query:
SELECT * FROM bridge_transactions WHERE status = 'pending';
