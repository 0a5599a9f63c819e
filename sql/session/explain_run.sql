-- Run, after a question.
EXPLAIN (ANALYZE true, BUFFERS true, FORMAT JSON) EXECUTE :name:values
