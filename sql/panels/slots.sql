/* dytop panel
title: Slots
about: "Replication slots and the log that each holds back."
empty: "there are no replication slots"
screen: replication
order: 131
every: 5s
key: [slot]
sort: -retained
fields:
  slot: text
  plugin: text
  slot_type: text
  datid: id
  temporary: bool
  active: bool
  active_pid: id
  xmin_age: gauge
  catalog_xmin_age: gauge
  retained: gauge
  unconfirmed: gauge
  wal_status: text
  safe_wal_size: gauge
  two_phase: {kind: bool, from: 140000}
  conflicting: {kind: bool, from: 160000}
  inactive_since: {kind: time, from: 170000}
  invalidation_reason: {kind: text, from: 170000}
  failover: {kind: bool, from: 170000}
  synced: {kind: bool, from: 170000}
lookups:
  databases: {by: [datid], fields: {database: text}, rows: all, keep: 60s}
columns:
  - {name: slot, title: SLOT, unit: text, width: 20, priority: 1, about: name of the slot}
  - {name: type, title: TYPE, expr: slot_type, unit: text, width: 8, priority: 2, about: physical or logical}
  - {name: active, title: ACTIVE, unit: bool, width: 6, priority: 1, warn: "not self", about: someone receives from it}
  - {name: pid, title: PID, expr: active_pid, unit: id, width: 7, priority: 4, about: the process that serves it}
  - {name: retained, title: RETAINED, unit: bytes, width: 9, priority: 1, warn: "> 1GB", crit: "> 16GB",
     about: log that the server has to keep because of it}
  - {name: unconfirmed, title: UNCONFIRMED, unit: bytes, width: 11, priority: 2, warn: "> 1GB",
     about: log that a logical receiver has not confirmed}
  - {name: wal_status, title: WAL, unit: text, width: 10, priority: 1, warn: 'self = "unreserved"',
     crit: 'self = "lost"', about: "reserved, extended, unreserved (about to be removed) or lost"}
  - {name: safe, title: SAFE, expr: safe_wal_size, unit: bytes, width: 8, priority: 3, warn: "< 1GB",
     about: "log that may still be made before the slot can be lost; - without max_slot_wal_keep_size"}
  - {name: xmin, title: XMIN AGE, expr: "greatest(coalesce(xmin_age, 0), coalesce(catalog_xmin_age, 0))", unit: count,
     width: 9, priority: 3, warn: "> 10000000",
     about: "transactions since the oldest one whose rows it keeps vacuum from removing"}
  - {name: database, title: DATABASE, unit: text, width: 12, priority: 5, about: database of a logical slot}
  - {name: plugin, title: PLUGIN, unit: text, width: 12, priority: 6, about: output plugin of a logical slot}
  - {name: inactive, title: INACTIVE, expr: age(inactive_since), unit: age, width: 8, priority: 4, warn: "> 1h",
     about: "since nobody receives from it (PostgreSQL 17 and later)"}
  - {name: reason, title: INVALID, expr: invalidation_reason, unit: text, width: 14, priority: 3, crit: 'self != ""',
     about: "why it can no longer be used (PostgreSQL 17 and later)"}
  - {name: conflicting, title: CONFLICT, unit: bool, width: 8, priority: 6, crit: self,
     about: "it was invalidated by a conflict with recovery (PostgreSQL 16 and later)"}
  - {name: temporary, title: TEMP, unit: bool, width: 4, priority: 8, about: it goes with its session}
  - {name: failover, title: FAILOVER, unit: bool, width: 8, priority: 8, about: it is kept on the standbys too}
  - {name: synced, title: SYNCED, unit: bool, width: 6, priority: 8, about: it came from the primary}
  - {name: two_phase, title: 2PC, unit: bool, width: 4, priority: 9, show: no, about: it decodes prepared transactions}
figures:
  - {name: slot_retained, title: slots retain, expr: max(retained), unit: bytes, warn: "> 1GB", crit: "> 16GB"}
*/
-- since 170000
SELECT s.slot_name AS slot, s.plugin, s.slot_type, s.datoid AS datid, s.temporary, s.active, s.active_pid,
       age(s.xmin) AS xmin_age,
       age(s.catalog_xmin) AS catalog_xmin_age, pg_wal_lsn_diff(n.lsn, s.restart_lsn)::int8 AS retained,
       pg_wal_lsn_diff(n.lsn, s.confirmed_flush_lsn)::int8 AS unconfirmed, s.wal_status, s.safe_wal_size, s.two_phase,
       s.conflicting,
       s.inactive_since, s.invalidation_reason, s.failover, s.synced
  FROM pg_get_replication_slots() AS s,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS n

-- since 160000
SELECT s.slot_name AS slot, s.plugin, s.slot_type, s.datoid AS datid, s.temporary, s.active, s.active_pid,
       age(s.xmin) AS xmin_age,
       age(s.catalog_xmin) AS catalog_xmin_age, pg_wal_lsn_diff(n.lsn, s.restart_lsn)::int8 AS retained,
       pg_wal_lsn_diff(n.lsn, s.confirmed_flush_lsn)::int8 AS unconfirmed, s.wal_status, s.safe_wal_size, s.two_phase,
       s.conflicting
  FROM pg_get_replication_slots() AS s,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS n

-- since 140000
SELECT s.slot_name AS slot, s.plugin, s.slot_type, s.datoid AS datid, s.temporary, s.active, s.active_pid,
       age(s.xmin) AS xmin_age,
       age(s.catalog_xmin) AS catalog_xmin_age, pg_wal_lsn_diff(n.lsn, s.restart_lsn)::int8 AS retained,
       pg_wal_lsn_diff(n.lsn, s.confirmed_flush_lsn)::int8 AS unconfirmed, s.wal_status, s.safe_wal_size, s.two_phase
  FROM pg_get_replication_slots() AS s,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS n

-- since 130000
SELECT s.slot_name AS slot, s.plugin, s.slot_type, s.datoid AS datid, s.temporary, s.active, s.active_pid,
       age(s.xmin) AS xmin_age,
       age(s.catalog_xmin) AS catalog_xmin_age, pg_wal_lsn_diff(n.lsn, s.restart_lsn)::int8 AS retained,
       pg_wal_lsn_diff(n.lsn, s.confirmed_flush_lsn)::int8 AS unconfirmed, s.wal_status, s.safe_wal_size
  FROM pg_get_replication_slots() AS s,
       (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) AS n

-- lookup databases since 130000
SELECT oid AS datid, datname AS database FROM pg_database WHERE oid = ANY ($1::int8[]::oid[])
