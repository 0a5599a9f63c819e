/* dytop panel
title: In flight
about: "Ages of the statements that are running, looked at now and then: what tells a statement's tail (~ in P95 and
  P99)."
screen: statements
shape: hidden
order: 28
key: [pid]
observes: {panel: statements, id: query_id, age: age}
fields:
  pid: id
  query_id: id
  age: gauge
*/
-- since 140000
SELECT a.pid, a.query_id, clock_timestamp() - a.query_start AS age
  FROM pg_stat_get_activity(NULL) AS a
 WHERE a.state = 'active' AND a.query_id IS NOT NULL AND a.pid <> pg_backend_pid()
   AND clock_timestamp() - a.query_start >= interval '10 ms'
