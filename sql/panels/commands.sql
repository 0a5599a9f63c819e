/* dytop panel
title: Commands
about: What each Redis command did in the last interval.
empty: "no command was called yet"
source: redis
screen: commands
order: 110
every: 2s
reader: commandstats
key: [command]
sort: -share
trend: rate(calls)
fields:
  command: text
  calls: counter
  usec: counter
  rejected_calls: {kind: counter, from: 60200}
  failed_calls: {kind: counter, from: 60200}
  latency: {kind: histogram, from: 70000}
columns:
  - {name: command, title: COMMAND, unit: text, width: 18, priority: 1, about: "the command, with its subcommand"}
  - {name: share, title: TIME%, expr: share(d(usec)), unit: percent, width: 6, priority: 1, warn: "> 80",
     about: share of the time that the server spent in commands}
  - {name: calls, title: CALLS/s, expr: rate(calls), unit: rate, width: 8, priority: 1, about: calls in a second}
  - {name: mean, title: MEAN, expr: d(usec) / d(calls) / 1000, unit: ms, width: 8, priority: 1, warn: "> 1ms",
     crit: "> 15ms", about: "mean time in the interval, without waiting and sending"}
  - {name: p50, title: P50, expr: "hquantile(0.5, latency)", unit: ms, width: 9, priority: 3,
     about: "half of the calls in the interval took no longer, exact to the bucket"}
  - {name: p95, title: P95, expr: "hquantile(0.95, latency)", unit: ms, width: 9, priority: 2,
     about: "95 of 100 calls in the interval took no longer, exact to the bucket"}
  - {name: p99, title: P99, expr: "hquantile(0.99, latency)", unit: ms, width: 9, priority: 2, warn: "> 15ms",
     about: "99 of 100 calls in the interval took no longer, exact to the bucket"}
  - {name: failed, title: FAILED/s, expr: rate(failed_calls), unit: rate, width: 8, priority: 3, warn: "> 0",
     about: calls that failed while they ran}
  - {name: rejected, title: REJECTED/s, expr: rate(rejected_calls), unit: rate, width: 10, priority: 4, warn: "> 0",
     about: "calls refused before they ran (wrong arguments, no permission, no memory)"}
  - {name: trend, title: TREND, unit: float, width: 8, priority: 5, about: calls over the last intervals}
  - {name: time, title: TIME/s, expr: rate(usec) / 1000, unit: ms, width: 8, priority: 5,
     about: time spent in a second of the clock}
  - {name: total_calls, title: CALLS, expr: calls, unit: count, width: 9, priority: 6,
     about: calls since the server started or its statistics were reset}
  - {name: mean_life, title: MEAN LIFE, expr: usec / calls / 1000, unit: ms, width: 9, priority: 7,
     about: mean time since then}
figures:
  - {name: redis_mean, title: redis mean, expr: sum(d(usec)) / sum(d(calls)) / 1000, unit: ms, warn: "> 1ms",
     crit: "> 15ms"}
*/
-- since 70000
INFO commandstats
LATENCY HISTOGRAM

-- since 60000
INFO commandstats
