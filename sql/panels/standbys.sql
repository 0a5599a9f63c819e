/* dytop panel
title: Standbys
about: "Who receives the write-ahead log of this server, and how far behind."
empty: "no standby is connected"
screen: replication
order: 130
every: 2s
key: [pid, backend_start]
target: {kind: session, pid: pid, start: backend_start}
sort: -lag
fields:
  pid: id
  backend_start: time
  application: text
  client: text
  usesysid: id
  state: text
  sync_state: text
  sent: counter
  unsent: gauge
  unwritten: gauge
  unflushed: gauge
  unreplayed: gauge
  write_lag: gauge
  flush_lag: gauge
  replay_lag: gauge
  reply_time: time
  slot: text
lookups:
  roles: {by: [usesysid], fields: {user: text}, rows: all, keep: 60s}
columns:
  - {name: application, title: STANDBY, unit: text, width: 18, priority: 1,
     about: "application_name of the receiver; what synchronous_standby_names calls it"}
  - {name: client, title: CLIENT, unit: text, width: 15, priority: 2, about: "its address; local for a Unix socket"}
  - {name: state, title: STATE, unit: text, width: 10, priority: 1, warn: 'state != "streaming"',
     about: "startup, catchup, streaming, backup, stopping"}
  - {name: sync_state, title: SYNC, unit: text, width: 9, priority: 2, about: "async, potential, sync or quorum"}
  - {name: lag, title: LAG, expr: unreplayed, unit: bytes, width: 8, priority: 1, warn: "> 100MB", crit: "> 1GB",
     about: "log made here and not yet replayed there"}
  - {name: lag_time, title: LAG TIME, expr: replay_lag, unit: ms, width: 9, priority: 1, warn: "> 10s", crit: "> 5min",
     about: "how long the last log took to be replayed there; - when it is all replayed and nothing is new"}
  - {name: rate, title: SENT/s, expr: rate(sent), unit: byterate, width: 8, priority: 3, about: log sent in a second}
  - {name: unsent, title: UNSENT, unit: bytes, width: 8, priority: 3, warn: "> 100MB", about: log not yet sent}
  - {name: unwritten, title: UNWRITTEN, unit: bytes, width: 9, priority: 6,
     about: "log not yet written there, sent or not"}
  - {name: unflushed, title: UNFLUSHED, unit: bytes, width: 9, priority: 4, about: log not yet on disk there}
  - {name: write_lag, title: WRITE LAG, unit: ms, width: 9, priority: 6,
     about: how long the last log took to be written there}
  - {name: flush_lag, title: FLUSH LAG, unit: ms, width: 9, priority: 5,
     about: how long the last log took to be on disk there}
  - {name: reply, title: REPLY, expr: age(reply_time), unit: age, width: 6, priority: 4, warn: "> 60s",
     about: since its last message}
  - {name: slot, title: SLOT, unit: text, width: 14, priority: 5, about: replication slot that it uses}
  - {name: user, title: USER, unit: text, width: 10, priority: 7, about: role that it logged in as}
  - {name: pid, title: PID, unit: id, width: 7, priority: 6, about: the process that serves it}
figures:
  - {name: standbys, title: standbys, expr: count(), unit: count}
  - {name: standby_lag, title: standby lag, expr: max(unreplayed), unit: bytes, warn: "> 100MB", crit: "> 1GB"}
*/
-- since 130000
SELECT s.pid, a.backend_start, a.application_name AS application,
       CASE WHEN a.client_port = -1 THEN 'local' ELSE host(a.client_addr) END AS client, a.usesysid, s.state,
       s.sync_state,
       s.sent_lsn AS sent, pg_wal_lsn_diff(n.lsn, s.sent_lsn)::int8 AS unsent,
       pg_wal_lsn_diff(n.lsn, s.write_lsn)::int8 AS unwritten,
       pg_wal_lsn_diff(n.lsn, s.flush_lsn)::int8 AS unflushed, pg_wal_lsn_diff(n.lsn, s.replay_lsn)::int8 AS unreplayed,
       s.write_lag, s.flush_lag, s.replay_lag, s.reply_time,
       (SELECT r.slot_name FROM pg_get_replication_slots() AS r WHERE r.active_pid = s.pid LIMIT 1) AS slot
  FROM pg_stat_get_wal_senders() AS s
       LEFT JOIN LATERAL pg_stat_get_activity(s.pid) AS a ON true,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS n

-- lookup roles since 130000
SELECT u AS usesysid, pg_get_userbyid(u::oid) AS user FROM unnest($1::int8[]) AS u
