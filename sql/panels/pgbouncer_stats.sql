/* dytop panel
title: PgBouncer traffic
about: "What PgBouncer carried for each database in the last interval."
source: pgbouncer
screen: pools
order: 73
key: [database]
sort: -queries
trend: rate(total_query_count)
fields:
  database: text
  total_server_assignment_count: {kind: counter, from: 12300}
  total_xact_count: counter
  total_query_count: counter
  total_received: counter
  total_sent: counter
  total_xact_time: counter
  total_query_time: counter
  total_wait_time: counter
  total_client_parse_count: {kind: counter, from: 12400}
  total_server_parse_count: {kind: counter, from: 12400}
  total_bind_count: {kind: counter, from: 12400}
columns:
  - {name: database, title: DATABASE, unit: text, width: 16, priority: 1, about: database as the clients name it}
  - {name: queries, title: QUERY/s, expr: rate(total_query_count), unit: rate, width: 8, priority: 1,
     about: queries in a second}
  - {name: xacts, title: XACT/s, expr: rate(total_xact_count), unit: rate, width: 8, priority: 1,
     about: transactions in a second}
  - {name: query_time, title: QUERY, expr: d(total_query_time) / d(total_query_count) / 1000, unit: ms, width: 8,
     priority: 1, warn: "> 100ms", about: mean time of a query at PostgreSQL}
  - {name: xact_time, title: XACT, expr: d(total_xact_time) / d(total_xact_count) / 1000, unit: ms, width: 8,
     priority: 2, about: mean time of a transaction}
  - {name: wait, title: WAIT/XACT, expr: d(total_wait_time) / d(total_xact_count) / 1000, unit: ms, width: 9,
     priority: 1, warn: "> 10ms", crit: "> 100ms",
     about: "mean time that clients waited for a server connection, for each transaction"}
  - {name: waiting, title: WAITERS, expr: rate(total_wait_time) / 1000000, unit: float, width: 7, priority: 3,
     warn: "> 1", about: clients that waited on average}
  - {name: busy, title: BUSY, expr: rate(total_xact_time) / 1000000, unit: float, width: 7, priority: 3,
     about: server connections in a transaction on average}
  - {name: received, title: IN/s, expr: rate(total_received), unit: byterate, width: 8, priority: 4,
     about: bytes from clients in a second}
  - {name: sent, title: OUT/s, expr: rate(total_sent), unit: byterate, width: 8, priority: 4,
     about: bytes to clients in a second}
  - {name: assigned, title: ASSIGN/s, expr: rate(total_server_assignment_count), unit: rate, width: 8, priority: 7,
     about: "times in a second that a client got a server connection (PgBouncer 1.23 and later)"}
  - {name: parses, title: PARSE/s, expr: rate(total_client_parse_count), unit: rate, width: 8, priority: 7,
     about: "prepared statements made by clients in a second (PgBouncer 1.24 and later)"}
  - {name: server_parses, title: SV PARSE/s, expr: rate(total_server_parse_count), unit: rate, width: 10, priority: 8,
     about: those that PostgreSQL had to make}
  - {name: binds, title: BIND/s, expr: rate(total_bind_count), unit: rate, width: 8, priority: 8,
     about: uses of prepared statements in a second}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 5, about: queries over the last intervals}
figures:
  - {name: pooler_queries, title: pooler queries, expr: sum(rate(total_query_count)), unit: rate}
  - {name: pooler_wait_mean, title: pooler wait per xact,
     expr: sum(d(total_wait_time)) / sum(d(total_xact_count)) / 1000, unit: ms, warn: "> 10ms", crit: "> 100ms"}
*/
-- since 11500
SHOW STATS
