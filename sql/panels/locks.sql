/* dytop panel
title: Locks
about: "Who waits for a lock and who holds it: the root blocker first, its victims below."
empty: "nothing waits: no locks"
screen: locks
digit: 3
order: 30
key: [pid]
sort: -victims
tree: {id: pid, parent: blocker, default: yes}
target: {kind: session, pid: pid, start: backend_start, user: usesysid, database: datid, text: query}
# Of several blockers the tree takes one that waits for nobody, so that the root is the one to look at.
fields:
  pid: id
  backend_start: time
  blocker: id
  blockers: text
  victims: gauge
  waited: {kind: gauge, from: 140000}
  lock_type: text
  mode: text
  target: text
  relation: id
  datid: id
  usesysid: id
  application: text
  client: text
  state: text
  wait: text
  age: gauge
  xact_age: gauge
  query: text
lookups:
  relations: {by: [relation], fields: {relation_name: text}, rows: all, keep: 60s}
  databases: {by: [datid], fields: {database: text}, rows: all, keep: 60s}
  roles: {by: [usesysid], fields: {user: text}, rows: all, keep: 60s}
  whole: {by: [pid], fields: {full_query: text}, rows: detail, keep: 2s}
columns:
  - {name: pid, title: PID, unit: id, width: 10, priority: 1, tree: yes, about: process of the session}
  - {name: victims, title: VICTIMS, unit: count, width: 7, priority: 1, warn: "> 0", crit: ">= 5",
     about: "sessions that wait for it, at first or second hand"}
  - {name: waited, title: WAITED, unit: age, width: 6, priority: 1, warn: "> 1s", crit: "> 10s",
     about: "how long it waits for its lock (PostgreSQL 14 and later)"}
  - {name: mode, title: MODE, unit: text, width: 12, priority: 3, about: lock mode that it waits for}
  - {name: target, title: LOCK, unit: text, width: 17, priority: 2, about: what the lock is on}
  - {name: relation, title: RELATION, expr: relation_name, unit: text, width: 14, priority: 3,
     about: "table or index, where it is of this database"}
  - {name: state, title: STATE, unit: text, width: 10, priority: 2, crit: 'victims > 0 and state ~ "^idle in tx"',
     about: "what the session does; idle in tx: it holds locks and does nothing"}
  - {name: blockers, title: BLOCKED BY, unit: text, width: 10, priority: 4,
     about: all sessions that hold what it waits for}
  - {name: xact_age, title: XTIME, unit: age, width: 6, priority: 4, warn: "> 60s", crit: "> 30min",
     about: how long its transaction is open}
  - {name: age, title: TIME, unit: age, width: 6, priority: 6,
     about: "how long its query runs; in any other state, how long it is in it"}
  - {name: database, title: DATABASE, unit: text, width: 10, priority: 6, about: database that it is connected to}
  - {name: user, title: USER, unit: text, width: 10, priority: 6, about: role that it logged in as}
  - {name: application, title: APP, unit: text, width: 12, priority: 5, about: application_name}
  - {name: client, title: CLIENT, unit: text, width: 15, priority: 8,
     about: "address of the client; local for a Unix socket"}
  - {name: wait, title: WAIT, unit: text, width: 18, priority: 7, show: no, about: "what it waits for, as type:event"}
  - {name: lock_type, title: TYPE, unit: text, width: 13, priority: 8, show: no, about: kind of lock}
  - {name: query, title: QUERY, unit: text, flex: yes, width: 22, priority: 1, about: its running or last query}
  - {name: full_query, title: FULL QUERY, unit: text, width: 20, priority: 9, show: no,
     about: "the query's text, as long as the server keeps it"}
figures:
  - {name: lock_waiters, title: waiting for locks, expr: 'count(wait ~ "^Lock:")', unit: count, warn: "> 0",
     crit: ">= 5"}
  - {name: longest_wait, title: longest wait, expr: max(waited), unit: age, warn: "> 1s", crit: "> 10s"}
*/
-- since 140000
WITH RECURSIVE waiting AS MATERIALIZED (
	SELECT pg_stat_get_backend_pid(b) AS pid, pg_blocking_pids(pg_stat_get_backend_pid(b)) AS blockers
	  FROM pg_stat_get_backend_idset() AS b
	 WHERE pg_stat_get_backend_wait_event_type(b) = 'Lock'
	 LIMIT 500
), edge AS MATERIALIZED (
	SELECT w.pid, w.blockers,
	       coalesce((SELECT x FROM unnest(w.blockers) AS x WHERE x NOT IN (SELECT v.pid FROM waiting AS v) LIMIT 1),
	                w.blockers[1]) AS blocker
	  FROM waiting AS w
	 WHERE cardinality(w.blockers) > 0
), chain AS (
	SELECT e.pid, e.blocker AS above, 1 AS depth FROM edge AS e
	UNION ALL
	SELECT c.pid, e.blocker, c.depth + 1 FROM chain AS c JOIN edge AS e ON e.pid = c.above
	 WHERE c.depth < 16 AND e.blocker <> c.pid
), session AS (
	SELECT e.pid FROM edge AS e UNION SELECT unnest(e.blockers) FROM edge AS e
), wanted AS (
	SELECT DISTINCT ON (l.pid) l.pid, l.locktype, l.mode, l.waitstart, l.database, l.relation,
	       CASE l.locktype WHEN 'relation' THEN CASE WHEN l.database IN (0, own.oid) THEN 'relation'
	           ELSE 'relation elsewhere' END
	            WHEN 'transactionid' THEN 'transaction ' || l.transactionid::text
	            WHEN 'virtualxid' THEN 'transaction ' || l.virtualxid
	            WHEN 'tuple' THEN 'row (' || l.page || ',' || l.tuple || ')'
	            WHEN 'page' THEN 'page ' || l.page
	            WHEN 'advisory' THEN 'advisory ' || l.classid || ',' || l.objid
	            ELSE concat_ws(' ', l.locktype, l.classid, l.objid) END AS target,
	       CASE WHEN l.database IN (0, own.oid) THEN l.relation END AS own_relation
	  FROM pg_lock_status() AS l,
	       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own
	 WHERE NOT l.granted AND l.pid IS NOT NULL
)
SELECT s.pid, a.backend_start, e.blocker, array_to_string(e.blockers, ' ') AS blockers,
       (SELECT count(*) FROM chain AS c WHERE c.above = s.pid) AS victims,
       clock_timestamp() - l.waitstart AS waited, l.locktype AS lock_type, replace(l.mode, 'Lock', '') AS mode,
       l.target,
       l.own_relation AS relation, a.datid, a.usesysid, a.application_name AS application,
       CASE WHEN a.client_port = -1 THEN 'local' ELSE host(a.client_addr) END AS client,
       CASE WHEN s.pid = 0 THEN 'prepared transaction'
            ELSE replace(replace(a.state, 'idle in transaction', 'idle in tx'), 'function call', '') END AS state,
       a.wait_event_type || ':' || a.wait_event AS wait,
       CASE WHEN a.state = 'active' THEN clock_timestamp() - a.query_start ELSE clock_timestamp() - a.state_change END
           AS age,
       clock_timestamp() - a.xact_start AS xact_age,
       CASE WHEN octet_length(a.query) > 400 THEN left(a.query || '    ', 400) ELSE a.query END AS query
  FROM session AS s
       LEFT JOIN edge AS e ON e.pid = s.pid
       LEFT JOIN wanted AS l ON l.pid = s.pid
       LEFT JOIN LATERAL pg_stat_get_activity(s.pid) AS a ON true
 WHERE EXISTS (SELECT FROM edge)

-- since 130000
WITH RECURSIVE waiting AS MATERIALIZED (
	SELECT pg_stat_get_backend_pid(b) AS pid, pg_blocking_pids(pg_stat_get_backend_pid(b)) AS blockers
	  FROM pg_stat_get_backend_idset() AS b
	 WHERE pg_stat_get_backend_wait_event_type(b) = 'Lock'
	 LIMIT 500
), edge AS MATERIALIZED (
	SELECT w.pid, w.blockers,
	       coalesce((SELECT x FROM unnest(w.blockers) AS x WHERE x NOT IN (SELECT v.pid FROM waiting AS v) LIMIT 1),
	                w.blockers[1]) AS blocker
	  FROM waiting AS w
	 WHERE cardinality(w.blockers) > 0
), chain AS (
	SELECT e.pid, e.blocker AS above, 1 AS depth FROM edge AS e
	UNION ALL
	SELECT c.pid, e.blocker, c.depth + 1 FROM chain AS c JOIN edge AS e ON e.pid = c.above
	 WHERE c.depth < 16 AND e.blocker <> c.pid
), session AS (
	SELECT e.pid FROM edge AS e UNION SELECT unnest(e.blockers) FROM edge AS e
), wanted AS (
	SELECT DISTINCT ON (l.pid) l.pid, l.locktype, l.mode, l.database, l.relation,
	       CASE l.locktype WHEN 'relation' THEN CASE WHEN l.database IN (0, own.oid) THEN 'relation'
	           ELSE 'relation elsewhere' END
	            WHEN 'transactionid' THEN 'transaction ' || l.transactionid::text
	            WHEN 'virtualxid' THEN 'transaction ' || l.virtualxid
	            WHEN 'tuple' THEN 'row (' || l.page || ',' || l.tuple || ')'
	            WHEN 'page' THEN 'page ' || l.page
	            WHEN 'advisory' THEN 'advisory ' || l.classid || ',' || l.objid
	            ELSE concat_ws(' ', l.locktype, l.classid, l.objid) END AS target,
	       CASE WHEN l.database IN (0, own.oid) THEN l.relation END AS own_relation
	  FROM pg_lock_status() AS l,
	       (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AS own
	 WHERE NOT l.granted AND l.pid IS NOT NULL
)
SELECT s.pid, a.backend_start, e.blocker, array_to_string(e.blockers, ' ') AS blockers,
       (SELECT count(*) FROM chain AS c WHERE c.above = s.pid) AS victims,
       l.locktype AS lock_type, replace(l.mode, 'Lock', '') AS mode, l.target,
       l.own_relation AS relation, a.datid, a.usesysid, a.application_name AS application,
       CASE WHEN a.client_port = -1 THEN 'local' ELSE host(a.client_addr) END AS client,
       CASE WHEN s.pid = 0 THEN 'prepared transaction'
            ELSE replace(replace(a.state, 'idle in transaction', 'idle in tx'), 'function call', '') END AS state,
       a.wait_event_type || ':' || a.wait_event AS wait,
       CASE WHEN a.state = 'active' THEN clock_timestamp() - a.query_start ELSE clock_timestamp() - a.state_change END
           AS age,
       clock_timestamp() - a.xact_start AS xact_age,
       CASE WHEN octet_length(a.query) > 400 THEN left(a.query || '    ', 400) ELSE a.query END AS query
  FROM session AS s
       LEFT JOIN edge AS e ON e.pid = s.pid
       LEFT JOIN wanted AS l ON l.pid = s.pid
       LEFT JOIN LATERAL pg_stat_get_activity(s.pid) AS a ON true
 WHERE EXISTS (SELECT FROM edge)

-- lookup relations since 130000
SELECT c.oid AS relation,
       CASE WHEN n.nspname = 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS relation_name
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::int8[]::oid[])

-- lookup databases since 130000
SELECT oid AS datid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])

-- lookup roles since 130000
SELECT u AS usesysid, pg_get_userbyid(u::oid) AS user FROM unnest($1::int8[]) AS u

-- lookup whole since 130000
SELECT s.pid, s.query AS full_query FROM unnest($1::int8[]) AS p, LATERAL pg_stat_get_activity(p::int4) AS s
