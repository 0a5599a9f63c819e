-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Filtered list: a status and a route that 0.02 % of the rows have"
claimed: "300-500 % faster"
least: 300
measure: faster
order: 11
*/
-- with:
CREATE INDEX idx_bridge_transactions_status_chains
	ON bridge_transactions (status, source_chain, dest_chain) WHERE status IN ('pending', 'confirmed', 'locked', 'minted');
-- query:
SELECT * FROM bridge_transactions WHERE status = 'locked' AND source_chain = 'bsc' AND dest_chain = 'cosmos';
