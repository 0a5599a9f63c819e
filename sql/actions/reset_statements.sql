/* dytop action
title: Reset the statistics of all statements
about: pg_stat_statements begins anew, in all databases and of all users.
target: none
extension: pg_stat_statements
weight: word
danger: yes
alone: no
standby: yes
lock_timeout: 2s
statement_timeout: 30s
*/
-- statement
SELECT %{extension}.pg_stat_statements_reset()
