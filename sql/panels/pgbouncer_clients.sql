/* dytop panel
title: PgBouncer clients
about: "Who is connected to PgBouncer, and who waits."
source: pgbouncer
screen: pools
order: 75
every: 2s
limit: 10000
key: [ptr]
sort: -wait
hide: {title: idle, when: 'link = "" and wait = 0 and wait_us = 0'}
fields:
  ptr: text
  user: text
  database: text
  state: text
  addr: text
  port: gauge
  connect_time: text
  request_time: text
  wait: gauge
  wait_us: gauge
  link: text
  remote_pid: gauge
  tls: text
  application_name: {kind: text, from: 11800}
  prepared_statements: {kind: gauge, from: 12100}
columns:
  - {name: database, title: DATABASE, unit: text, width: 14, priority: 1, about: database as the client names it}
  - {name: user, title: USER, unit: text, width: 12, priority: 2, about: role that it logged in as}
  - {name: application, title: APP, expr: application_name, unit: text, width: 16, priority: 2,
     about: "application_name (PgBouncer 1.18 and later)"}
  - {name: addr, title: ADDRESS, unit: text, width: 15, priority: 2, about: where it connects from}
  - {name: port, title: PORT, unit: id, width: 5, priority: 5, about: its port}
  - {name: state, title: STATE, unit: text, width: 8, priority: 1, warn: 'self = "waiting"',
     about: "active, waiting, and from 1.25 idle"}
  - {name: wait, title: WAIT, expr: 1000 * wait + wait_us / 1000, unit: ms, width: 8, priority: 1, warn: "> 100ms",
     crit: "> 1s", about: how long it waits for a server connection}
  - {name: linked, title: LINKED, expr: 'link != ""', unit: bool, width: 6, priority: 3,
     about: it has a server connection now}
  - {name: prepared, title: PREPARED, expr: prepared_statements, unit: count, width: 8, priority: 6,
     about: "prepared statements that it keeps (PgBouncer 1.21 and later)"}
  - {name: since, title: CONNECTED, expr: connect_time, unit: text, width: 19, priority: 6, about: when it connected}
  - {name: request, title: LAST REQUEST, expr: request_time, unit: text, width: 19, priority: 4,
     about: when it sent its last request}
  - {name: pid, title: PID, expr: remote_pid, unit: id, width: 7, priority: 7,
     about: "its process, when it is on the same machine"}
  - {name: tls, title: TLS, unit: text, width: 12, priority: 7,
     about: encryption of its connection; empty when there is none}
*/
-- since 11500
SHOW CLIENTS
