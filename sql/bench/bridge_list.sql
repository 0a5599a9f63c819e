-- SPDX-License-Identifier: PostgreSQL
-- What the operators' page shows: the newest of a live state, routes of today, one type of asset.
\set t random(0, 18)
SELECT id, status, created_at FROM bridge_transactions WHERE status IN ('pending', 'confirmed') ORDER BY created_at DESC LIMIT 50;
SELECT status, source_chain, dest_chain, count(*), sum(asset_amount) FROM bridge_transactions
	WHERE status IN ('pending', 'confirmed', 'locked') GROUP BY 1, 2, 3;
SELECT id, created_at FROM bridge_transactions WHERE metadata @> jsonb_build_object('asset_type', 'type_' || :t::text) LIMIT 20;
