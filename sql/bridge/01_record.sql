-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
about: "what dytop has done here: the files applied, and the rows it made up"
before_rows: yes
*/

CREATE TABLE IF NOT EXISTS dytop_bridge_migrations (
	name text PRIMARY KEY,
	sha256 text NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT now(),
	applied_by text NOT NULL DEFAULT current_user
);

-- One row for each load: numbers first to last, of which those up to done are there. It is written in the transaction of the
-- rows, so it is right after any crash.
CREATE TABLE IF NOT EXISTS dytop_bridge_rows (
	load integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	first bigint NOT NULL,
	last bigint NOT NULL,
	done bigint NOT NULL,
	seed bigint NOT NULL,
	created_from timestamptz NOT NULL,
	created_until timestamptz NOT NULL,
	CHECK (first <= last AND done BETWEEN first - 1 AND last)
);
