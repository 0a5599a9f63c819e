/* dytop panel
title: Connections by database
about: "Connections of each database, and of all, against what the server allows less what it reserves."
screen: pools
order: 71
every: 2s
key: [datid]
sort: -open
fields:
  datid: id
  database: text
  open: gauge
  active: gauge
  idle: gauge
  idle_in_tx: gauge
  lock_wait: gauge
  unseen: gauge
  longest_xact: gauge
  limit: gauge
columns:
  - {name: database, title: DATABASE, unit: text, width: 18, priority: 1, about: "the database; (all) is the server"}
  - {name: open, title: OPEN, unit: count, width: 6, priority: 1, about: connections of clients}
  - {name: limit, title: LIMIT, unit: count, width: 6, priority: 1,
     about: "what it may have: its own limit, or max_connections less superuser_reserved_connections and
       reserved_connections"}
  - {name: use, title: USE%, expr: 100 * open / limit, unit: percent, width: 6, priority: 1, warn: "> 85", crit: "> 95",
     about: connections of that limit}
  - {name: active, title: ACTIVE, unit: count, width: 6, priority: 2, about: sessions that run a query}
  - {name: idle, title: IDLE, unit: count, width: 6, priority: 2, about: sessions that are free}
  - {name: idle_in_tx, title: IDLE TX, unit: count, width: 7, priority: 2, warn: "> 0",
     about: sessions that hold a transaction open and do nothing}
  - {name: lock_wait, title: BLOCKED, unit: count, width: 7, priority: 3, warn: "> 0",
     about: sessions that wait for a lock}
  - {name: busy, title: BUSY%, expr: 100 * (open - idle - unseen) / (open - unseen), unit: percent, width: 6,
     priority: 4, about: connections that are not idle}
  - {name: longest_xact, title: XTIME, unit: age, width: 6, priority: 3, warn: "> 60s", crit: "> 30min",
     about: longest open transaction}
  - {name: unseen, title: HIDDEN, unit: count, width: 6, priority: 5, warn: "> 0",
     about: "sessions whose state privilege hides: they count as open only (grant pg_monitor)"}
*/
-- since 130000
SELECT CASE WHEN grouping(s.datid) = 1 THEN 0::oid ELSE s.datid END AS datid,
       CASE WHEN grouping(s.datid) = 1 THEN '(all)' ELSE max(d.datname::text) END AS database,
       count(*) AS open, count(*) FILTER (WHERE s.state = 'active') AS active,
       count(*) FILTER (WHERE s.state = 'idle') AS idle,
       count(*) FILTER (WHERE s.state LIKE 'idle in transaction%') AS idle_in_tx,
       count(*) FILTER (WHERE s.wait_event_type = 'Lock') AS lock_wait,
       count(*) FILTER (WHERE s.backend_type IS NULL) AS unseen,
       max(clock_timestamp() - s.xact_start) AS longest_xact,
       least(max(u.usable), CASE WHEN grouping(s.datid) = 0 THEN max(nullif(d.datconnlimit, -1)) END) AS limit
  FROM pg_stat_get_activity(NULL) AS s
       LEFT JOIN pg_database AS d ON d.oid = s.datid,
       (SELECT current_setting('max_connections')::int4 - current_setting('superuser_reserved_connections')::int4
               - coalesce(current_setting('reserved_connections', true)::int4, 0) AS usable) AS u
 WHERE s.backend_type = 'client backend' OR s.backend_type IS NULL AND s.datid IS NOT NULL
 GROUP BY GROUPING SETS ((s.datid), ())
