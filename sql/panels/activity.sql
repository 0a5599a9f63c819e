/* dytop panel
title: Activity
about: Who runs what, how long, waits on what and is blocked by whom.
empty: "nobody is connected"
screen: activity
digit: 1
order: 10
always: yes
limit: 10000
key: [pid, backend_start]
hidden: is_hidden
sort: -age
hide: {title: idle, when: 'state = "idle"'}
tree: {id: pid, parent: parent, default: no}
target: {kind: session, pid: pid, start: backend_start, user: usesysid, database: datid, queryid: query_id,
         text: query}
cycle: [age, xact_age, backend_age]
# Idle sessions come without their text: they are most of the rows, and that text is of no use until a row is opened.
# A text may come from a database of another encoding and end within a character, which left() takes for an error:
# hence the
# blanks behind it.
fields:
  pid: id
  backend_start: time
  datid: id
  usesysid: id
  application: text
  client: text
  type: text
  state: text
  wait: text
  blocked_by: text
  parent: id
  leader: id
  query_id: {kind: id, from: 140000}
  age: gauge
  xact_age: gauge
  backend_age: gauge
  query: text
  is_hidden: bool
lookups:
  databases: {by: [datid], fields: {database: text}, rows: all, keep: 60s}
  roles: {by: [usesysid], fields: {user: text}, rows: all, keep: 60s}
  whole: {by: [pid], fields: {full_query: text, client_host: text, client_port: gauge, backend_xid: id,
          backend_xmin: id},
          rows: detail, keep: 2s}
columns:
  - {name: pid, title: PID, unit: id, width: 7, priority: 1, tree: yes, about: process of the session}
  - {name: database, title: DATABASE, unit: text, width: 10, priority: 4, about: database that it is connected to}
  - {name: user, title: USER, unit: text, width: 10, priority: 5, about: role that it logged in as}
  - {name: application, title: APP, unit: text, width: 12, priority: 3, about: application_name}
  - {name: client, title: CLIENT, unit: text, width: 15, priority: 8,
     about: "address of the client; local for a Unix socket"}
  - {name: type, title: TYPE, unit: text, width: 14, priority: 9, show: no, about: kind of process}
  - {name: state, title: STATE, unit: text, width: 10, priority: 2, warn: 'state ~ "^idle in tx" and age > 10s',
     crit: 'state ~ "^idle in tx" and age > 5min',
     about: "active, idle, idle in tx (a transaction is open), fastpath, disabled"}
  - {name: age, title: TIME, unit: age, width: 6, priority: 1, warn: 'state = "active" and self > 60s',
     crit: 'state = "active" and self > 30min',
     about: "how long the query runs; in any other state, how long it is in it"}
  - {name: xact_age, title: XTIME, unit: age, width: 6, priority: 1, warn: "> 60s", crit: "> 30min",
     about: how long its transaction is open}
  - {name: backend_age, title: BTIME, unit: age, width: 6, priority: 1, about: how long it is connected}
  - {name: wait, title: WAIT, unit: text, width: 18, priority: 3, warn: 'wait ~ "^Lock:"',
     about: "what it waits for, as type:event; empty when it runs on a processor"}
  - {name: blocked_by, title: BLOCKED BY, unit: text, width: 10, priority: 2, crit: 'self != ""',
     about: sessions that hold what it waits for}
  - {name: leader, title: LEADER, unit: id, width: 7, priority: 9, show: no,
     about: session that this parallel worker works for}
  - {name: query_id, title: QUERY ID, unit: id, width: 20, priority: 9, show: no,
     about: the statement's id in pg_stat_statements}
  - {name: query, title: QUERY, unit: text, flex: yes, width: 32, priority: 1,
     about: "the running query; in any other state the last one (an idle session's is in its detail)"}
  - {name: full_query, title: FULL QUERY, unit: text, width: 20, priority: 9, show: no,
     about: "the query's text, as long as the server keeps it"}
  - {name: client_host, title: CLIENT HOST, unit: text, width: 16, priority: 9, show: no,
     about: "the client's name, where the server looks names up"}
  - {name: client_port, title: PORT, unit: id, width: 6, priority: 9, show: no, about: "the client's port"}
  - {name: backend_xid, title: XID, unit: id, width: 10, priority: 9, show: no, about: its transaction number}
  - {name: backend_xmin, title: XMIN, unit: id, width: 10, priority: 9, show: no,
     about: oldest transaction that its snapshot still needs}
figures:
  - {name: running, title: running, expr: 'count(state = "active" and type = "client backend")', unit: count, line: 1,
     order: 60}
  - {name: blocked, title: blocked, expr: 'count(wait ~ "^Lock:")', unit: count, line: 1, order: 70, warn: "> 0",
     crit: ">= 5"}
  - {name: in_transaction, title: idle in tx, expr: 'count(state ~ "^idle in tx")', unit: count, line: 3, order: 20}
  - {name: oldest_xact, title: oldest xact, expr: 'coalesce(max(if(type = "client backend", xact_age, unknown)), 0)',
     unit: age, line: 3, order: 10, warn: "> 60s", crit: "> 30min"}
  - {name: waiting, title: waiting, expr: 'count(state = "active" and wait != "")', unit: count}
*/
-- since 140000
SELECT a.pid, a.backend_start, a.datid, a.usesysid, a.application, a.client, a.type, a.state, a.wait,
       coalesce(array_to_string(a.blockers, ' '), '') AS blocked_by, coalesce(a.leader, a.blockers[1]) AS parent,
       a.leader,
       a.query_id, a.age, a.xact_age, a.backend_age, a.query, a.is_hidden
  FROM (SELECT s.pid, s.backend_start, s.datid, s.usesysid, s.application_name AS application,
               CASE WHEN s.client_port = -1 THEN 'local' ELSE host(s.client_addr) END AS client,
               s.backend_type AS type,
               CASE s.state WHEN 'idle' THEN 'idle' WHEN 'active' THEN 'active' WHEN 'idle in transaction'
                   THEN 'idle in tx'
                            WHEN 'idle in transaction (aborted)' THEN 'idle in tx aborted'
                            WHEN 'fastpath function call' THEN 'fastpath' ELSE s.state END AS state,
               CASE WHEN s.state <> 'idle' THEN coalesce(s.wait_event_type || ':' || s.wait_event, '') ELSE '' END
                   AS wait,
               CASE WHEN s.wait_event_type = 'Lock' THEN pg_blocking_pids(s.pid) END AS blockers,
               s.leader_pid AS leader,
               CASE WHEN s.state <> 'idle' THEN s.query_id END AS query_id,
               CASE WHEN s.state = 'idle' THEN clock_timestamp() - s.state_change
                    WHEN s.backend_type = 'walsender' THEN NULL
                    WHEN s.state = 'active' THEN clock_timestamp() - s.query_start
                    ELSE clock_timestamp() - s.state_change END AS age,
               clock_timestamp() - s.xact_start AS xact_age,
               clock_timestamp() - s.backend_start AS backend_age,
               CASE WHEN s.state = 'idle' OR s.state IS NULL THEN NULL
                    WHEN octet_length(s.query) > 400 THEN left(s.query || '    ', 400) ELSE s.query END AS query,
               nullif(s.backend_type IS NULL, false) AS is_hidden
          FROM pg_stat_get_activity(NULL) AS s
         WHERE s.pid <> pg_backend_pid() AND (s.datid IS NOT NULL OR s.backend_type = 'walsender')
        OFFSET 0) AS a

-- since 130000
SELECT a.pid, a.backend_start, a.datid, a.usesysid, a.application, a.client, a.type, a.state, a.wait,
       coalesce(array_to_string(a.blockers, ' '), '') AS blocked_by, coalesce(a.leader, a.blockers[1]) AS parent,
       a.leader,
       a.age, a.xact_age, a.backend_age, a.query, a.is_hidden
  FROM (SELECT s.pid, s.backend_start, s.datid, s.usesysid, s.application_name AS application,
               CASE WHEN s.client_port = -1 THEN 'local' ELSE host(s.client_addr) END AS client,
               s.backend_type AS type,
               CASE s.state WHEN 'idle' THEN 'idle' WHEN 'active' THEN 'active' WHEN 'idle in transaction'
                   THEN 'idle in tx'
                            WHEN 'idle in transaction (aborted)' THEN 'idle in tx aborted'
                            WHEN 'fastpath function call' THEN 'fastpath' ELSE s.state END AS state,
               CASE WHEN s.state <> 'idle' THEN coalesce(s.wait_event_type || ':' || s.wait_event, '') ELSE '' END
                   AS wait,
               CASE WHEN s.wait_event_type = 'Lock' THEN pg_blocking_pids(s.pid) END AS blockers,
               s.leader_pid AS leader,
               CASE WHEN s.state = 'idle' THEN clock_timestamp() - s.state_change
                    WHEN s.backend_type = 'walsender' THEN NULL
                    WHEN s.state = 'active' THEN clock_timestamp() - s.query_start
                    ELSE clock_timestamp() - s.state_change END AS age,
               clock_timestamp() - s.xact_start AS xact_age,
               clock_timestamp() - s.backend_start AS backend_age,
               CASE WHEN s.state = 'idle' OR s.state IS NULL THEN NULL
                    WHEN octet_length(s.query) > 400 THEN left(s.query || '    ', 400) ELSE s.query END AS query,
               nullif(s.backend_type IS NULL, false) AS is_hidden
          FROM pg_stat_get_activity(NULL) AS s
         WHERE s.pid <> pg_backend_pid() AND (s.datid IS NOT NULL OR s.backend_type = 'walsender')
        OFFSET 0) AS a

-- lookup databases since 130000
SELECT oid AS datid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])

-- lookup roles since 130000
SELECT u AS usesysid, pg_get_userbyid(u::oid) AS user FROM unnest($1::int8[]) AS u

-- lookup whole since 130000
SELECT s.pid, s.query AS full_query, s.client_hostname AS client_host, nullif(s.client_port, -1) AS client_port,
       s.backend_xid, s.backend_xmin
  FROM unnest($1::int8[]) AS p, LATERAL pg_stat_get_activity(p::int4) AS s
