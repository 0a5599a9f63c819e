/* dytop panel
title: Receiver
about: "On a standby: where its log comes from and how far behind it is."
empty: "no WAL receiver: this server is no standby"
screen: replication
shape: card
order: 129
every: 2s
fields:
  status: text
  sender: text
  slot: text
  timeline: id
  received: counter
  replayed: counter
  backlog: gauge
  delay: gauge
  paused: text
  last_message: time
  conflicts: counter
columns:
  - {name: status, title: RECEIVER, unit: text, width: 10, priority: 1, warn: 'status != "streaming"',
     about: state of the receiver; empty when there is none}
  - {name: sender, title: FROM, unit: text, width: 21, priority: 2, about: server that sends the log}
  - {name: slot, title: SLOT, unit: text, width: 14, priority: 5, about: replication slot that it uses there}
  - {name: received, title: RECEIVED/s, expr: rate(received), unit: byterate, width: 8, priority: 2,
     about: log received in a second}
  - {name: replayed, title: REPLAYED/s, expr: rate(replayed), unit: byterate, width: 8, priority: 2,
     about: log replayed in a second}
  - {name: backlog, title: BACKLOG, unit: bytes, width: 8, priority: 1, warn: "> 100MB", crit: "> 1GB",
     about: log received and not yet replayed}
  - {name: delay, title: DELAY, unit: ms, width: 8, priority: 1, warn: "> 30s", crit: "> 5min",
     about: "since the last transaction that was replayed was committed; 0 when all that was received is replayed"}
  - {name: paused, title: REPLAY, unit: text, width: 10, priority: 1, warn: 'self != "not paused"',
     about: whether someone paused it}
  - {name: message, title: MESSAGE, expr: age(last_message), unit: age, width: 6, priority: 4, warn: "> 60s",
     about: since the last message of the sender}
  - {name: timeline, title: TIMELINE, unit: id, width: 4, priority: 7, about: timeline of the log received}
  - {name: conflicts, title: CONFLICTS, expr: d(conflicts), unit: count, width: 6, priority: 4, warn: "> 0",
     about: queries that replay cancelled in the interval}
figures:
  - {name: replay_delay, title: replay delay, expr: delay, unit: ms, warn: "> 30s", crit: "> 5min"}
*/
-- since 140000
SELECT r.status, r.sender_host || ':' || r.sender_port AS sender, r.slot_name AS slot, r.received_tli AS timeline,
       pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8 AS backlog,
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN interval '0'
            ELSE clock_timestamp() - pg_last_xact_replay_timestamp() END AS delay,
       pg_get_wal_replay_pause_state() AS paused, r.last_msg_receipt_time AS last_message,
       (SELECT sum(pg_stat_get_db_conflict_all(d.oid))::int8 FROM pg_database AS d) AS conflicts
  FROM (SELECT WHERE pg_is_in_recovery()) AS standby
       LEFT JOIN pg_stat_get_wal_receiver() AS r ON r.pid IS NOT NULL

-- since 130000
SELECT r.status, r.sender_host || ':' || r.sender_port AS sender, r.slot_name AS slot, r.received_tli AS timeline,
       pg_last_wal_receive_lsn() AS received, pg_last_wal_replay_lsn() AS replayed,
       pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8 AS backlog,
       CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN interval '0'
            ELSE clock_timestamp() - pg_last_xact_replay_timestamp() END AS delay,
       CASE WHEN pg_is_wal_replay_paused() THEN 'paused' ELSE 'not paused' END AS paused,
       r.last_msg_receipt_time AS last_message,
       (SELECT sum(pg_stat_get_db_conflict_all(d.oid))::int8 FROM pg_database AS d) AS conflicts
  FROM (SELECT WHERE pg_is_in_recovery()) AS standby
       LEFT JOIN pg_stat_get_wal_receiver() AS r ON r.pid IS NOT NULL
