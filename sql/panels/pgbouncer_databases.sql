/* dytop panel
title: PgBouncer databases
about: "The databases that PgBouncer offers: where they are and how large their pools may be."
source: pgbouncer
screen: pools
order: 74
every: 2s
key: [name]
sort: -use
fields:
  name: text
  host: text
  port: gauge
  database: text
  force_user: text
  pool_size: gauge
  min_pool_size: {kind: gauge, from: 11600}
  reserve_pool: {kind: gauge, until: 12400}
  reserve_pool_size: {kind: gauge, from: 12400}
  server_lifetime: {kind: gauge, from: 12300}
  pool_mode: text
  load_balance_hosts: {kind: text, from: 12400}
  max_connections: gauge
  current_connections: gauge
  max_client_connections: {kind: gauge, from: 12400}
  current_client_connections: {kind: gauge, from: 12400}
  paused: gauge
  disabled: gauge
columns:
  - {name: name, title: NAME, unit: text, width: 16, priority: 1, about: database as the clients name it}
  - {name: host, title: HOST, unit: text, width: 20, priority: 2, about: server that it is on; empty for a Unix socket}
  - {name: port, title: PORT, unit: id, width: 5, priority: 4, about: its port}
  - {name: database, title: DATABASE, unit: text, width: 14, priority: 3, about: its name there}
  - {name: connections, title: CONN, expr: current_connections, unit: count, width: 5, priority: 1,
     about: connections to the server}
  - {name: size, title: SIZE, expr: pool_size, unit: count, width: 5, priority: 1,
     about: connections that each of its pools may have}
  - {name: use, title: USE%, expr: 100 * current_connections / pool_size, unit: percent, width: 6, priority: 1,
     warn: "> 85", about: "connections of the size of one pool; more than 100 when several users have a pool"}
  - {name: reserve, title: RESERVE, expr: "coalesce(reserve_pool_size, reserve_pool)", unit: count, width: 7,
     priority: 4, about: connections beyond that when clients wait too long}
  - {name: min, title: MIN, expr: min_pool_size, unit: count, width: 4, priority: 6,
     about: connections that are kept ready}
  - {name: limit, title: LIMIT, expr: "if(max_connections > 0, max_connections, unknown)", unit: count, width: 5,
     priority: 3, about: "connections that all its pools may have; - no limit"}
  - {name: clients, title: CLIENTS, expr: current_client_connections, unit: count, width: 7, priority: 5,
     about: "clients connected (PgBouncer 1.24 and later)"}
  - {name: clients_max, title: CL LIMIT, expr: "if(max_client_connections > 0, max_client_connections, unknown)",
     unit: count, width: 8, priority: 7, about: "clients that it may have; - no limit"}
  - {name: mode, title: MODE, expr: pool_mode, unit: text, width: 11, priority: 4,
     about: "session, transaction or statement; empty: as configured for all"}
  - {name: user, title: USER, expr: force_user, unit: text, width: 12, priority: 6,
     about: role that all its connections use}
  - {name: lifetime, title: LIFETIME, expr: 1000 * server_lifetime, unit: age, width: 8, priority: 8, show: no,
     about: "how long a connection may live (PgBouncer 1.23 and later)"}
  - {name: balance, title: HOSTS, expr: load_balance_hosts, unit: text, width: 11, priority: 9, show: no,
     about: how it chooses among several hosts}
  - {name: paused, title: PAUSED, expr: paused > 0, unit: bool, width: 6, priority: 2, crit: self,
     about: someone stopped it with PAUSE}
  - {name: disabled, title: DISABLED, expr: disabled > 0, unit: bool, width: 8, priority: 3, crit: self,
     about: someone stopped it with DISABLE}
*/
-- since 11500
SHOW DATABASES
