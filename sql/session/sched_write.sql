INSERT INTO %{target} AS s (key, value, updated_at) VALUES ($1, $2::pg_catalog.jsonb, pg_catalog.clock_timestamp())
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
