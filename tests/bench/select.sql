/* dytop bench
title: One row by its key
about: The statement of pgbench --select-only, for tests/bench/load.py.
tables: [pgbench_accounts]
statements:
  - name: select
    title: a row by its key
    params: [{name: aid, range: [1, 1000000]}]
*/
-- statement select
SELECT abalance FROM pgbench_accounts WHERE aid = :aid
