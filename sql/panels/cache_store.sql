/* dytop panel
title: Stores
about: "What the bridge's cache-first stores did in the last interval, by their own count: how often the cache had it, how often the
  database was asked, and what was invalidated. Each store tells it every 2 s in the hash dytop:stores; rates
  are by its own clock, and what was told once is - when it is read again."
empty: "no store tells anything here (hash dytop:stores)"
source: redis
screen: cache
order: 86
every: 2s
reader: hash
key: [field]
sort: -gets
trend: rate(gets)
fields:
  field: text
  at: time
  since: time
  alive_ms: counter
  gets: counter
  hits: counter
  misses: counter
  queries: counter
  joined: counter
  sets: counter
  deletions: counter
  events: counter
  flushes: counter
  failed: counter
  errors: counter
  undecodable: counter
  listening: bool
  flushing: bool
  p50_us: gauge
  p99_us: gauge
  hit_p50_us: gauge
  hit_p99_us: gauge
  miss_p99_us: gauge
columns:
  - {name: store, title: STORE, expr: field, unit: text, width: 26, priority: 1, about: "its name, host and process"}
  - {name: told, title: TOLD, expr: age(at), unit: age, width: 5, priority: 2, warn: "> 10s",
     about: "how long ago it told this"}
  - {name: gets, title: GETS/s, expr: 1000 * d(gets) / d(alive_ms), unit: rate, width: 8, priority: 1, about: values asked of it in a second}
  - {name: hit, title: HIT%, expr: 100 * d(hits) / d(gets), unit: percent, width: 6, priority: 1, warn: "< 95", crit: "< 80",
     about: share of them that the cache had}
  - {name: queries, title: QUERY/s, expr: 1000 * d(queries) / d(alive_ms), unit: rate, width: 8, priority: 1,
     about: queries to the database for what the cache had not}
  - {name: joined, title: JOINED/s, expr: 1000 * d(joined) / d(alive_ms), unit: rate, width: 8, priority: 4,
     about: misses that another one's query answered}
  - {name: sets, title: SETS/s, expr: 1000 * d(sets) / d(alive_ms), unit: rate, width: 7, priority: 3, about: values put into the cache}
  - {name: deletions, title: DEL/s, expr: 1000 * d(deletions) / d(alive_ms), unit: rate, width: 7, priority: 3, about: keys that were invalidated}
  - {name: p50, title: P50, expr: p50_us / 1000, unit: ms, width: 8, priority: 3,
     about: "half of all its answers took no longer, of the interval that it told last"}
  - {name: p99, title: P99, expr: p99_us / 1000, unit: ms, width: 8, priority: 2,
     about: "99 of 100 of them took no longer"}
  - {name: hit_p99, title: HIT P99, expr: hit_p99_us / 1000, unit: ms, width: 8, priority: 2, warn: "> 15ms",
     about: "the same of answers from the cache"}
  - {name: miss_p99, title: MISS P99, expr: miss_p99_us / 1000, unit: ms, width: 8, priority: 4,
     about: "the same of answers from the database"}
  - {name: failed, title: FAILED/s, expr: 1000 * d(failed) / d(alive_ms), unit: rate, width: 8, priority: 1, crit: "> 0",
     about: neither the cache nor the database had an answer}
  - {name: errors, title: ERR/s, expr: 1000 * d(errors) / d(alive_ms), unit: rate, width: 6, priority: 2, warn: "> 0",
     about: commands that Redis refused or did not answer}
  - {name: listening, title: LISTENS, unit: bool, width: 7, priority: 2,
     about: "it hears of changes from the database; else what is cached is right after its TTL at the latest"}
  - {name: flushes, title: FLUSHES, unit: count, width: 7, priority: 4,
     about: "how often the whole namespace was dropped, because something may not have been heard"}
  - {name: flushing, title: FLUSHING, unit: bool, width: 8, priority: 5, warn: self,
     about: "it drops all of it just now, and reads nothing from the cache"}
  - {name: events, title: EVENTS/s, expr: 1000 * d(events) / d(alive_ms), unit: rate, width: 8, priority: 5, about: notifications from the database}
  - {name: undecodable, title: BROKEN, unit: count, width: 6, priority: 5, warn: "> 0",
     about: "values that could not be read: forged, of another key, or written by another program"}
  - {name: running, title: UP, expr: age(since), unit: age, width: 5, priority: 6, about: since it started}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 6, about: gets over the last intervals}
*/
-- since 60000
HGETALL dytop:stores
