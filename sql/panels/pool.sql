/* dytop panel
title: Pool
about: "The configured application pool that is nearest to its limit, for the header. Without configured pools it costs
  nothing."
screen: pools
shape: hidden
order: 79
always: yes
every: 5s
params: [pools]
fields:
  application: text
  in_use: gauge
  open: gauge
  max: gauge
columns:
  - {name: application, title: APPLICATION, unit: text, width: 18, priority: 1, about: application_name of the pool}
  - {name: in_use, title: IN USE, unit: count, width: 6, priority: 1, about: connections that are not idle}
  - {name: open, title: OPEN, unit: count, width: 6, priority: 2, about: connections open}
  - {name: max, title: MAX, unit: count, width: 6, priority: 1, about: size of the pool}
figures:
  - {name: pool_used, title: pool, expr: max(in_use), unit: count, line: 2, order: 30}
  - {name: pool_max, title: of, expr: max(max), unit: count, line: 2, order: 31}
  - {name: pool_use, title: "pool%", expr: max(100 * in_use / max), unit: percent, line: 2, order: 32, trend: yes,
     warn: "> 85", crit: ">= 100"}
*/
-- since 130000
SELECT p.application, s.in_use, s.open, p.max
  FROM jsonb_to_recordset($1::jsonb) AS p(application text, max int4),
       LATERAL (SELECT count(*) AS open, count(*) FILTER (WHERE a.state <> 'idle') AS in_use
                  FROM pg_stat_get_activity(NULL) AS a
                 WHERE a.backend_type = 'client backend' AND a.application_name = p.application
                 GROUP BY a.client_addr) AS s
 WHERE p.max > 0
 ORDER BY 100.0 * s.in_use / p.max DESC
 LIMIT 1
