-- Not run: ANALYZE false in brackets leaves no place for an ANALYZE of the statement's own.
EXPLAIN (ANALYZE false, FORMAT JSON) EXECUTE :name:values
