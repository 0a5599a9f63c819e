-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Covering index: that summary after updates of 5 % of all rows, before the next VACUUM"
claimed: "70 % fewer table look-ups"
least: 70
measure: fewer_pages
order: 31
note: "each updated row takes its page, and all rows on it, out of the visibility map"
*/
-- without:
CREATE INDEX idx_bridge_transactions_bare ON bridge_transactions (status, source_chain, dest_chain)
	WHERE status IN ('pending', 'confirmed', 'locked');
UPDATE bridge_transactions SET updated_at = now() WHERE hashtext(id) % 20 = 0;
-- with:
CREATE INDEX idx_bridge_transactions_summary_covering
	ON bridge_transactions (status, source_chain, dest_chain) INCLUDE (id, asset_id, asset_amount, created_at)
	WHERE status IN ('pending', 'confirmed', 'locked');
UPDATE bridge_transactions SET updated_at = now() WHERE hashtext(id) % 20 = 0;
-- query:
SELECT source_chain, dest_chain, count(*), sum(asset_amount) FROM bridge_transactions WHERE status = 'confirmed' GROUP BY 1, 2;
