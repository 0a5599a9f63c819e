/* dytop bench
title: One row by its key, from the cache first
about: The read of select.sql with a cache in front, for tests/bench/load.py.
tables: [pgbench_accounts]
statements:
  - name: cached
    title: a row by its key
    cache: {kind: account, ttl: 600s, fill: 1000}
    params: [{name: aid, range: [1, 1000]}]
*/
-- statement cached
SELECT to_json(a)::text FROM pgbench_accounts AS a WHERE aid = :aid
