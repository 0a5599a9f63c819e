/* dytop panel
title: Store pools
about: "The connection pool of each cache-first store, by its own count: what the server cannot know, who waits for a connection and
  who does not give one back."
empty: "no store tells anything here (hash dytop:stores)"
source: redis
screen: cache
order: 87
every: 2s
reader: hash
key: [field]
sort: -waiting
fields:
  field: text
  at: time
  alive_ms: counter
  pool_min: gauge
  pool_max: gauge
  pool_open: gauge
  pool_idle: gauge
  pool_busy: gauge
  pool_waiting: gauge
  pool_acquired: counter
  pool_at_once: counter
  pool_timeouts: counter
  pool_leaks: counter
  pool_leaking: gauge
  pool_lost: counter
  pool_failed: counter
  pool_p50_us: gauge
  pool_p99_us: gauge
  pool_efficiency: gauge
  pool_leak_who: text
  pool_leak_s: gauge
  pool_leak_pid: id
columns:
  - {name: store, title: STORE, expr: field, unit: text, width: 26, priority: 1, about: "its name, host and process"}
  - {name: open, title: OPEN, expr: pool_open, unit: count, width: 5, priority: 1, about: connections open}
  - {name: busy, title: IN USE, expr: pool_busy, unit: count, width: 6, priority: 1, about: connections that somebody has}
  - {name: idle, title: IDLE, expr: pool_idle, unit: count, width: 5, priority: 3, about: connections that nobody has}
  - {name: min, title: MIN, expr: pool_min, unit: count, width: 4, priority: 5, about: connections that are kept open}
  - {name: max, title: MAX, expr: pool_max, unit: count, width: 4, priority: 2, about: connections at most}
  - {name: use, title: USE%, expr: 100 * pool_busy / pool_max, unit: percent, width: 6, priority: 1, warn: "> 85", crit: ">= 100",
     about: connections in use of the most that there may be}
  - {name: waiting, title: WAITING, expr: pool_waiting, unit: count, width: 7, priority: 1, warn: "> 0",
     about: who waits for a connection now}
  - {name: acquired, title: GIVEN/s, expr: 1000 * d(pool_acquired) / d(alive_ms), unit: rate, width: 8, priority: 2,
     about: connections given out in a second}
  - {name: at_once, title: AT ONCE%, expr: 100 * d(pool_at_once) / d(pool_acquired), unit: percent, width: 8, priority: 3,
     about: share of those that had not to be waited for}
  - {name: p50, title: WAIT P50, expr: pool_p50_us / 1000, unit: ms, width: 8, priority: 4,
     about: "half of those that got theirs in the interval it told last waited no longer"}
  - {name: p99, title: WAIT P99, expr: pool_p99_us / 1000, unit: ms, width: 8, priority: 2, warn: "> 100ms",
     about: "99 of 100 of those waited no longer"}
  - {name: timeouts, title: TIMEOUTS, expr: d(pool_timeouts), unit: count, width: 8, priority: 2, crit: "> 0",
     about: who got none in time in the interval}
  - {name: efficiency, title: EFF%, expr: pool_efficiency, unit: percent, width: 6, priority: 3,
     about: "share of the time of open connections in which somebody had them, since it started"}
  - {name: leaking, title: LEAKS, expr: pool_leaking, unit: count, width: 5, priority: 1, crit: "> 0",
     about: connections that somebody has for longer than allowed}
  - {name: leak_who, title: HELD BY, expr: pool_leak_who, unit: text, width: 14, priority: 1, about: "who has the one held longest"}
  - {name: leak_for, title: FOR, expr: pool_leak_s * 1000, unit: age, width: 5, priority: 2, about: how long already}
  - {name: leak_pid, title: PID, expr: pool_leak_pid, unit: id, width: 7, priority: 4, about: its backend on the server}
  - {name: leaks, title: LEAKS EVER, expr: pool_leaks, unit: count, width: 10, priority: 6, about: "how often that was so"}
  - {name: lost, title: LOST, expr: pool_lost, unit: count, width: 5, priority: 5, about: connections that went away by themselves}
  - {name: failed, title: REFUSED, expr: pool_failed, unit: count, width: 7, priority: 5, about: logins that did not work}
*/
-- since 60000
HGETALL dytop:stores
