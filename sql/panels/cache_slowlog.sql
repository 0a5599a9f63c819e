/* dytop panel
title: Slow log
about: "The last commands that took longer than slowlog-log-slower-than."
empty: "the slow log is empty"
source: redis
screen: cache
order: 82
every: 5s
reader: slowlog
key: [id]
sort: -id
fields:
  id: id
  time: time
  duration_us: gauge
  command: text
  client: text
  client_name: text
columns:
  - {name: id, title: ID, unit: id, width: 7, priority: 3, about: number of the entry}
  - {name: time, title: TIME, unit: time, width: 10, priority: 1, about: when it was run}
  - {name: duration, title: TOOK, expr: duration_us / 1000, unit: ms, width: 8, priority: 1, warn: "> 15ms",
     crit: "> 100ms", about: "time of execution, without waiting and sending"}
  - {name: client, title: CLIENT, unit: text, width: 21, priority: 4, about: address of the client}
  - {name: client_name, title: NAME, unit: text, width: 12, priority: 5, about: name that the client gave itself}
  - {name: command, title: COMMAND, unit: text, flex: yes, width: 20, priority: 1,
     about: "the command, as far as the server kept it"}
*/
-- since 60000
SLOWLOG GET 64
