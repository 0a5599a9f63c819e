/* dytop action
title: Reset the statistics of the statement
about: pg_stat_statements forgets this one, in all databases and of all users.
target: query
extension: pg_stat_statements
weight: yes
alone: no
standby: yes
lock_timeout: 2s
statement_timeout: 30s
*/
-- statement
SELECT %{extension}.pg_stat_statements_reset(0, 0, %{query})
