/* dytop panel
title: Databases
about: "Keys by Redis database."
empty: "there are no keys"
source: redis
screen: cache
order: 81
reader: keyspace
key: [db]
sort: -keys
fields:
  db: id
  keys: gauge
  expires: gauge
  avg_ttl: gauge
columns:
  - {name: db, title: DB, unit: id, width: 4, priority: 1, about: number of the database}
  - {name: keys, title: KEYS, unit: count, width: 9, priority: 1, about: keys in it}
  - {name: expires, title: EXPIRES, unit: count, width: 9, priority: 2, about: those that have a time to live}
  - {name: forever, title: FOREVER, expr: keys - expires, unit: count, width: 9, priority: 3,
     about: those that have none}
  - {name: share, title: EXPIRE%, expr: 100 * expires / keys, unit: percent, width: 8, priority: 3,
     about: share of those that have a time to live}
  - {name: ttl, title: TTL, expr: avg_ttl, unit: age, width: 6, priority: 2,
     about: "mean time to live, as the server estimates it"}
figures:
  - {name: redis_keys, title: redis keys, expr: sum(keys), unit: count}
*/
-- since 60000
INFO keyspace
