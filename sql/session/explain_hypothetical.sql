-- An index that is not there, for this session's planner only; HypoPG's schema is :schema. $1 = CREATE INDEX statement.
SELECT h.indexname AS name, :schema.hypopg_relation_size(h.indexrelid) AS bytes
  FROM :schema.hypopg_create_index($1::pg_catalog.text) AS h
