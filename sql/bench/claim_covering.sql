-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Covering index: a summary of live transactions by route"
claimed: "70 % fewer table look-ups"
least: 70
measure: fewer_pages
order: 30
note: "right after VACUUM; the visibility map decides (below)"
*/
-- without:
CREATE INDEX idx_bridge_transactions_bare ON bridge_transactions (status, source_chain, dest_chain)
	WHERE status IN ('pending', 'confirmed', 'locked');
-- with:
CREATE INDEX idx_bridge_transactions_summary_covering
	ON bridge_transactions (status, source_chain, dest_chain) INCLUDE (id, asset_id, asset_amount, created_at)
	WHERE status IN ('pending', 'confirmed', 'locked');
-- query:
SELECT source_chain, dest_chain, count(*), sum(asset_amount) FROM bridge_transactions WHERE status = 'confirmed' GROUP BY 1, 2;
