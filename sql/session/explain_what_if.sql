-- Not run. HypoPG shows its indexes to an EXPLAIN without the word ANALYZE only, be it false; what stands behind EXECUTE is ours.
EXPLAIN (FORMAT JSON) EXECUTE :name:values
