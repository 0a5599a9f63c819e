/* dytop panel
title: Clients
about: Who is connected to Redis.
empty: "no clients"
source: redis
screen: cache
order: 83
every: 2s
reader: clients
limit: 10000
key: [id]
sort: -memory
hide: {title: idle, when: idle > 10}
fields:
  id: id
  addr: text
  name: text
  user: {kind: text, from: 60000}
  db: id
  age: gauge
  idle: gauge
  flags: text
  cmd: text
  sub: gauge
  psub: gauge
  multi: gauge
  qbuf: gauge
  oll: gauge
  omem: gauge
  tot_mem: {kind: gauge, from: 60200}
columns:
  - {name: id, title: ID, unit: id, width: 7, priority: 3, about: number of the connection}
  - {name: addr, title: ADDRESS, unit: text, width: 21, priority: 1, about: address of the client}
  - {name: name, title: NAME, unit: text, width: 14, priority: 3, about: name that it gave itself}
  - {name: user, title: USER, unit: text, width: 10, priority: 5, about: ACL user that it logged in as}
  - {name: db, title: DB, unit: id, width: 3, priority: 6, about: database that it uses}
  - {name: age, title: AGE, expr: 1000 * age, unit: age, width: 5, priority: 2, about: how long it is connected}
  - {name: idle, title: IDLE, expr: 1000 * idle, unit: age, width: 5, priority: 1,
     about: how long ago its last command was}
  - {name: command, title: LAST COMMAND, expr: cmd, unit: text, width: 14, priority: 1, about: its last command}
  - {name: flags, title: FLAGS, unit: text, width: 5, priority: 6,
     about: "N normal, M master, S replica, b blocked, x in MULTI, P subscribed, O MONITOR, t tracking",
     warn: 'self ~ "O"'}
  - {name: memory, title: MEMORY, expr: "coalesce(tot_mem, qbuf + omem)", unit: bytes, width: 7, priority: 2,
     warn: "> 16MB", crit: "> 256MB", about: memory that the connection takes}
  - {name: waiting, title: UNSENT, expr: omem, unit: bytes, width: 7, priority: 4, warn: "> 1MB",
     about: replies that the client has not fetched yet}
  - {name: replies, title: REPLIES, expr: oll, unit: count, width: 7, priority: 8, show: no,
     about: replies in that queue}
  - {name: query, title: QUERY BUF, expr: qbuf, unit: bytes, width: 7, priority: 7, show: no,
     about: bytes of commands not yet run}
  - {name: multi, title: MULTI, expr: "if(multi >= 0, multi, unknown)", unit: count, width: 5, priority: 8, show: no,
     about: commands in its transaction}
  - {name: channels, title: SUBS, expr: sub + psub, unit: count, width: 5, priority: 8,
     about: channels and patterns that it is subscribed to}
*/
-- since 60000
CLIENT LIST
