-- SPDX-License-Identifier: PostgreSQL
/* dytop claim
title: "Filtered list: statuses that 6 % of the rows have, spread over the whole table"
claimed: "300-500 % faster"
least: 300
measure: faster
order: 12
note: "the more rows there are to find, the less is gained: each lies on another page"
*/
-- with:
CREATE INDEX idx_bridge_transactions_live
	ON bridge_transactions (status) WHERE status IN ('pending', 'confirmed', 'locked', 'minted', 'reversed');
-- query:
SELECT * FROM bridge_transactions WHERE status IN ('pending', 'confirmed', 'locked', 'minted');
