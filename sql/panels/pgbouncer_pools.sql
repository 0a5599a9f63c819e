/* dytop panel
title: PgBouncer pools
about: "Each pool of PgBouncer: clients and server connections, and how long the first waiting client waits."
source: pgbouncer
screen: pools
order: 72
key: [database, user]
sort: -wait
fields:
  database: text
  user: text
  cl_active: gauge
  cl_waiting: gauge
  cl_cancel_req: {kind: gauge, from: 11600, until: 11800}
  cl_active_cancel_req: {kind: gauge, from: 11800}
  cl_waiting_cancel_req: {kind: gauge, from: 11800}
  sv_active: gauge
  sv_active_cancel: {kind: gauge, from: 11800}
  sv_being_canceled: {kind: gauge, from: 11800}
  sv_idle: gauge
  sv_used: gauge
  sv_tested: gauge
  sv_login: gauge
  maxwait: gauge
  maxwait_us: gauge
  pool_mode: text
  load_balance_hosts: {kind: text, from: 12400}
columns:
  - {name: database, title: DATABASE, unit: text, width: 16, priority: 1, about: database as the clients name it}
  - {name: user, title: USER, unit: text, width: 14, priority: 2, about: role of the pool}
  - {name: clients, title: CLIENTS, expr: cl_active + cl_waiting, unit: count, width: 7, priority: 2,
     about: clients connected to the pool}
  - {name: cl_active, title: LINKED, unit: count, width: 6, priority: 3,
     about: clients that have a server connection or need none now}
  - {name: cl_waiting, title: WAITING, unit: count, width: 7, priority: 1, warn: "> 0", crit: ">= 10",
     about: clients that wait for a server connection}
  - {name: wait, title: WAIT, expr: 1000 * maxwait + maxwait_us / 1000, unit: ms, width: 8, priority: 1,
     warn: "> 100ms", crit: "> 1s", about: how long the first of them waits}
  - {name: servers, title: SERVERS, expr: sv_active + sv_idle + sv_used + sv_tested + sv_login, unit: count, width: 7,
     priority: 2, about: connections of the pool to PostgreSQL}
  - {name: sv_active, title: ACTIVE, unit: count, width: 6, priority: 1, about: those that serve a client}
  - {name: sv_idle, title: IDLE, unit: count, width: 5, priority: 2, about: those that are free at once}
  - {name: sv_used, title: USED, unit: count, width: 5, priority: 5, about: those free that have to be checked first}
  - {name: sv_login, title: LOGIN, unit: count, width: 5, priority: 5, about: those that log in}
  - {name: sv_tested, title: TESTED, unit: count, width: 6, priority: 8, about: those that are being checked or reset}
  - {name: saturated, title: FULL, expr: cl_waiting > 0 and sv_idle = 0, unit: bool, width: 4, priority: 2, crit: self,
     about: "clients wait and no server connection is free"}
  - {name: cancels, title: CANCELS,
     expr: "coalesce(cl_active_cancel_req, 0) + coalesce(cl_waiting_cancel_req, 0) + coalesce(cl_cancel_req, 0)",
     unit: count, width: 7, priority: 8, show: no, about: clients that sent or wait to send a cancel request}
  - {name: mode, title: MODE, expr: pool_mode, unit: text, width: 11, priority: 4,
     about: "session, transaction or statement"}
  - {name: balance, title: HOSTS, expr: load_balance_hosts, unit: text, width: 11, priority: 9, show: no,
     about: how it chooses among several hosts (PgBouncer 1.24 and later)}
figures:
  - {name: pooler_waiting, title: pooler waiting, expr: sum(cl_waiting), unit: count, warn: "> 0", crit: ">= 10"}
  - {name: pooler_wait, title: pooler wait, expr: max(1000 * maxwait + maxwait_us / 1000), unit: ms, warn: "> 100ms",
     crit: "> 1s"}
*/
-- since 11500
SHOW POOLS
