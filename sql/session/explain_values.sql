-- Values for parameters, from statistics: the most common value of the column it is compared with; where it is compared by order, or
-- where no value is common, the middle of the histogram. $1 = JSON list of {"n": 1, "table": "quoted", "column": "c", "range": false}.
SELECT w.n, v.value, v.common
  FROM pg_catalog.json_to_recordset($1::pg_catalog.json) AS w (n pg_catalog.int4, "table" pg_catalog.text, "column" pg_catalog.text, range pg_catalog.bool)
  JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(w."table")::pg_catalog.oid
  JOIN pg_catalog.pg_namespace AS s ON s.oid OPERATOR(pg_catalog.=) c.relnamespace
 CROSS JOIN LATERAL (
    SELECT COALESCE(CASE WHEN w.range THEN h.middle ELSE m.first END, m.first, h.middle) AS value,
           m.first IS NOT NULL AND (NOT w.range OR h.middle IS NULL) AS common
      FROM pg_catalog.pg_stats AS t
     CROSS JOIN LATERAL (SELECT (t.most_common_vals::pg_catalog.text::pg_catalog.text[])[1] AS first) AS m
     CROSS JOIN LATERAL (SELECT a.b[(pg_catalog.cardinality(a.b) OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog./) 2] AS middle
                           FROM (SELECT t.histogram_bounds::pg_catalog.text::pg_catalog.text[] AS b) AS a) AS h
     WHERE t.schemaname OPERATOR(pg_catalog.=) s.nspname
       AND t.tablename OPERATOR(pg_catalog.=) c.relname
       AND t.attname OPERATOR(pg_catalog.=) w."column"::pg_catalog.name
     ORDER BY t.inherited DESC
     LIMIT 1) AS v
 WHERE v.value IS NOT NULL
