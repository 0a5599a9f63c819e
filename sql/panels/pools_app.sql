/* dytop panel
title: Application pools
about: "Sessions by application and client, against the pool size configured for the application."
empty: "no application is connected"
screen: pools
digit: 7
order: 70
every: 2s
params: [pools]
key: [application, client, datid, usesysid]
sort: -open
# pools is JSON: [{"application": "dytallix-bridge", "max": 20, "min": 5, "lifetime_s": 1800, "idle_s": 600,
# "idle_in_transaction_s": 60}]
# Of hidden sessions only the number is known: what rests on their state is unknown.
fields:
  application: text
  client: text
  datid: id
  usesysid: id
  open: gauge
  active: gauge
  idle: gauge
  idle_in_tx: gauge
  lock_wait: gauge
  longest_xact: gauge
  oldest: gauge
  born: gauge
  max: gauge
  min: gauge
  leaks: gauge
  too_old: gauge
  too_idle: gauge
  unseen: gauge
lookups:
  databases: {by: [datid], fields: {database: text}, rows: all, keep: 60s}
  roles: {by: [usesysid], fields: {user: text}, rows: all, keep: 60s}
columns:
  - {name: application, title: APPLICATION, unit: text, width: 18, priority: 1,
     about: "application_name; a pool as the application names it"}
  - {name: client, title: CLIENT, unit: text, width: 15, priority: 2,
     about: "where it connects from; local for a Unix socket"}
  - {name: database, title: DATABASE, unit: text, width: 12, priority: 4, about: database that it is connected to}
  - {name: user, title: USER, unit: text, width: 12, priority: 5, about: role that it logged in as}
  - {name: open, title: OPEN, unit: count, width: 5, priority: 1, about: connections open}
  - {name: in_use, title: IN USE, expr: open - idle, unit: count, width: 6, priority: 1,
     about: connections that are not idle}
  - {name: max, title: MAX, unit: count, width: 5, priority: 1, about: "size of the pool, as configured (pools)"}
  - {name: use, title: USE%, expr: 100 * (open - idle) / max, unit: percent, width: 6, priority: 1, warn: "> 85",
     crit: ">= 100", about: connections in use of the size of the pool}
  - {name: saturated, title: FULL, expr: open >= max and idle = 0, unit: bool, width: 4, priority: 2, crit: self,
     about: "every connection is in use: whoever asks the pool now has to wait"}
  - {name: active, title: ACTIVE, unit: count, width: 6, priority: 2, about: sessions that run a query}
  - {name: idle, title: IDLE, unit: count, width: 5, priority: 3, about: sessions that are free}
  - {name: idle_in_tx, title: IDLE TX, unit: count, width: 7, priority: 3, warn: "> 0",
     about: sessions that hold a transaction open and do nothing}
  - {name: leaks, title: LEAKS, unit: count, width: 5, priority: 1, crit: "> 0",
     about: "sessions idle in a transaction for longer than allowed: most likely a connection that was never given
       back"}
  - {name: lock_wait, title: BLOCKED, unit: count, width: 7, priority: 3, warn: "> 0",
     about: sessions that wait for a lock}
  - {name: longest_xact, title: XTIME, unit: age, width: 6, priority: 4, warn: "> 60s", crit: "> 30min",
     about: longest open transaction}
  - {name: oldest, title: OLDEST, unit: age, width: 6, priority: 5, about: age of the oldest connection}
  - {name: too_old, title: TOO OLD, unit: count, width: 7, priority: 4, warn: "> 0",
     about: connections older than the pool's lifetime should let them be}
  - {name: too_idle, title: TOO IDLE, unit: count, width: 8, priority: 5, warn: "> 0",
     about: "connections above the pool's minimum that are idle for longer than it should keep them"}
  - {name: born, title: NEW 10s, expr: born, unit: count, width: 7, priority: 5, warn: "> 10",
     about: connections made in the last 10 seconds}
  - {name: unseen, title: HIDDEN, unit: count, width: 6, priority: 5, warn: "> 0",
     about: "sessions whose state privilege hides (grant pg_monitor)"}
  - {name: min, title: MIN, unit: count, width: 4, priority: 8, about: connections that the pool keeps ready}
*/
-- since 130000
WITH pool AS MATERIALIZED (
	SELECT x.application, x.max, x.min, x.lifetime_s, x.idle_s, x.idle_in_transaction_s
	  FROM jsonb_to_recordset(coalesce($1::jsonb, '[]'))
	    AS x(application text, max int4, min int4, lifetime_s float8, idle_s float8, idle_in_transaction_s float8)
), session AS (
	SELECT s.pid, s.application_name AS application,
	       CASE WHEN s.client_port = -1 THEN 'local' ELSE host(s.client_addr) END AS client,
	       s.datid, s.usesysid, s.state, s.wait_event_type, clock_timestamp() - s.state_change AS in_state,
	       clock_timestamp() - s.xact_start AS in_xact, clock_timestamp() - s.backend_start AS age,
	       s.backend_type IS NULL AS is_hidden
	  FROM pg_stat_get_activity(NULL) AS s
	 WHERE s.pid <> pg_backend_pid()
	     AND (s.backend_type = 'client backend' OR s.backend_type IS NULL AND s.datid IS NOT NULL)
)
SELECT coalesce(s.application, p.application) AS application, s.client, s.datid, s.usesysid, count(s.pid) AS open,
       CASE WHEN s.is_hidden IS NOT TRUE THEN count(*) FILTER (WHERE s.state = 'active') END AS active,
       CASE WHEN s.is_hidden IS NOT TRUE THEN count(*) FILTER (WHERE s.state = 'idle') END AS idle,
       CASE WHEN s.is_hidden IS NOT TRUE THEN count(*) FILTER (WHERE s.state LIKE 'idle in transaction%') END
           AS idle_in_tx,
       CASE WHEN s.is_hidden IS NOT TRUE THEN count(*) FILTER (WHERE s.wait_event_type = 'Lock') END AS lock_wait,
       max(s.in_xact) AS longest_xact, max(s.age) AS oldest,
       CASE WHEN s.is_hidden IS NOT TRUE THEN count(*) FILTER (WHERE s.age < interval '10 s') END AS born, p.max, p.min,
       CASE WHEN s.is_hidden IS NOT TRUE AND p.idle_in_transaction_s IS NOT NULL THEN
            count(*) FILTER (WHERE s.state LIKE 'idle in transaction%'
                             AND s.in_state > make_interval(secs => p.idle_in_transaction_s)) END AS leaks,
       CASE WHEN s.is_hidden IS NOT TRUE AND p.lifetime_s IS NOT NULL THEN
            count(*) FILTER (WHERE s.age > make_interval(secs => p.lifetime_s * 1.03)) END AS too_old,
       CASE WHEN s.is_hidden IS NOT TRUE AND p.idle_s IS NOT NULL THEN
            greatest(0, least(count(*) FILTER (WHERE s.state = 'idle' AND s.in_state > make_interval(secs => p.idle_s)),
                              count(s.pid) - coalesce(p.min, 0))) END AS too_idle,
       count(*) FILTER (WHERE s.is_hidden) AS unseen
  FROM session AS s FULL JOIN pool AS p ON p.application = s.application
 GROUP BY s.application, p.application, s.client, s.datid, s.usesysid, s.is_hidden, p.max, p.min, p.lifetime_s,
          p.idle_s,
          p.idle_in_transaction_s

-- lookup databases since 130000
SELECT oid AS datid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])

-- lookup roles since 130000
SELECT u AS usesysid, pg_get_userbyid(u::oid) AS user FROM unnest($1::int8[]) AS u
