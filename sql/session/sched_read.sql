SELECT s.value::pg_catalog.text AS value FROM %{target} AS s WHERE s.key OPERATOR(pg_catalog.=) $1
