-- What the statements of explain_corpus.sql are about: the bridge, pgbench, and what makes plans hard.
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN app.amount AS numeric(38, 8) CHECK (VALUE >= 0);
CREATE TABLE bridge_transactions (id varchar PRIMARY KEY, asset_id varchar NOT NULL, asset_amount bigint NOT NULL, asset_decimals integer NOT NULL,
    source_chain varchar NOT NULL, dest_chain varchar NOT NULL, source_address varchar NOT NULL, dest_address varchar NOT NULL,
    source_tx_hash varchar, dest_tx_hash varchar, status varchar NOT NULL DEFAULT 'pending', created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(), validator_signatures jsonb NOT NULL DEFAULT '[]', metadata jsonb NOT NULL DEFAULT '{}');
CREATE INDEX idx_status ON bridge_transactions (status);
CREATE INDEX idx_created ON bridge_transactions (created_at);
CREATE INDEX idx_pending ON bridge_transactions (created_at) WHERE status = 'pending';
CREATE INDEX idx_metadata ON bridge_transactions USING gin (metadata);
CREATE TABLE validator_signatures (id serial PRIMARY KEY, bridge_tx_id varchar NOT NULL REFERENCES bridge_transactions (id), validator_id varchar NOT NULL,
    signature_data bytea NOT NULL, signature_type varchar DEFAULT 'pqc', created_at timestamptz DEFAULT now(), UNIQUE (bridge_tx_id, validator_id));
CREATE TABLE asset_metadata (asset_id varchar PRIMARY KEY, name varchar, symbol varchar, description text, decimals integer, icon_url varchar, created_at timestamptz);
CREATE TABLE chain_configs (chain_name varchar PRIMARY KEY, chain_type varchar NOT NULL, config_data jsonb, is_active boolean DEFAULT true,
    created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());
CREATE TABLE bridge_state (key varchar PRIMARY KEY, value jsonb NOT NULL, updated_at timestamptz DEFAULT now());
CREATE MATERIALIZED VIEW daily_bridge_stats AS SELECT (created_at AT TIME ZONE 'UTC')::date AS day, source_chain, dest_chain, status, count(*) AS n,
    sum(asset_amount) AS volume FROM bridge_transactions GROUP BY 1, 2, 3, 4;
CREATE TABLE pgbench_accounts (aid integer PRIMARY KEY, bid integer, abalance integer, filler character(84));
CREATE TABLE pgbench_branches (bid integer PRIMARY KEY, bbalance integer, filler character(88));
CREATE TABLE pgbench_tellers (tid integer PRIMARY KEY, bid integer, tbalance integer, filler character(84));
CREATE TABLE pgbench_history (tid integer, bid integer, aid integer, delta integer, mtime timestamp, filler character(22));
CREATE TABLE app.orders (id bigserial PRIMARY KEY, customer integer NOT NULL, placed date NOT NULL DEFAULT CURRENT_DATE, due timestamp, feeling app.mood,
    total app.amount, tags text[] DEFAULT '{}', span int4range, loc point, ip inet, raw bytea, note text, took interval, ratio double precision);
CREATE TABLE app.tree (id integer PRIMARY KEY, parent integer REFERENCES app.tree, name text);
CREATE TABLE app.measure (at timestamptz NOT NULL, sensor integer NOT NULL, v numeric) PARTITION BY RANGE (at);
CREATE TABLE app.measure_2026 PARTITION OF app.measure FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE "Odd ""Name" ("Key;" integer PRIMARY KEY, "sel ect" text, "ünïcode" text);
CREATE VIEW app.late AS SELECT * FROM app.orders WHERE due < now();
CREATE FUNCTION app.add_tax(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT $1 * (1 + $2)';
CREATE FUNCTION app.total(customer_id integer) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE t numeric := 0; n integer; BEGIN n := customer_id * 7 + 3; SELECT sum(total) INTO t FROM app.orders WHERE customer = n; RETURN coalesce(t, 0) + 1; END $$;
