-- An expression of PL/pgSQL, which stands in pg_stat_statements without its SELECT.
SELECT :statement
