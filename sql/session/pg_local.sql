-- The same for one transaction: before each group of requests behind a pooler, and before a panel that has a timeout of its own.
-- $1 = statement_timeout, $2 = lock_timeout.
SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.value, true)) AS settings
  FROM (VALUES ('search_path', 'pg_catalog'),
               ('transaction_read_only', 'on'),
               ('statement_timeout', $1::text),
               ('lock_timeout', $2::text),
               ('client_min_messages', 'error'),
               ('work_mem', '64MB'),
               ('jit', 'off'),
               ('max_parallel_workers_per_gather', '0')) AS s (name, value)
