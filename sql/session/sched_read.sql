SELECT s.value::pg_catalog.text AS value FROM %{target} AS s WHERE s.key = $1
