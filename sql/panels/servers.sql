/* dytop panel
title: Servers
about: "The servers that dytop looks at, their states, and what looking costs them."
source: self
screen: servers
order: 150
key: [name, kind]
fields:
  name: text
  kind: text
  state: text
  product: text
  version: text
  role: text
  user: text
  reason: text
  notice: text
  rtt_ms: gauge
  state_ms: gauge
  answered_ms: gauge
  uptime_ms: gauge
  retries: gauge
  logins: counter
  asked: counter
  failed: counter
  cost_ms: counter
  hidden_rows: gauge
columns:
  - {name: name, title: SERVER, unit: text, width: 24, priority: 1, about: "as given, or made from its address"}
  - {name: kind, title: KIND, unit: text, width: 10, priority: 4, about: what it was asked as}
  - {name: state, title: STATE, unit: text, width: 10, priority: 1, warn: 'state != "live"',
     crit: 'state = "lost" or state = "refused"', about: "connecting, live, stale, lost, refused or ended"}
  - {name: since, title: FOR, expr: state_ms, unit: age, width: 5, priority: 2, about: how long it is in that state}
  - {name: product, title: PRODUCT, unit: text, width: 10, priority: 6, about: what answered}
  - {name: version, title: VERSION, unit: text, width: 8, priority: 4, about: its version}
  - {name: role, title: ROLE, unit: text, width: 8, priority: 3, about: "primary, standby or replica"}
  - {name: user, title: USER, unit: text, width: 10, priority: 7, about: who dytop is there}
  - {name: uptime, title: UP, expr: uptime_ms, unit: age, width: 5, priority: 5, about: since its start}
  - {name: rtt, title: RTT, expr: rtt_ms, unit: ms, width: 8, priority: 3, warn: "> 100ms",
     about: last round trip of an empty request}
  - {name: answered, title: ANSWER, expr: answered_ms, unit: age, width: 6, priority: 6, about: since its last answer}
  - {name: cost, title: COST%, expr: rate(cost_ms) / 10, unit: percent, width: 6, priority: 2, warn: "> 1",
     about: "time that it works for dytop, of one core, by the client's clock"}
  - {name: asked, title: ASKS/s, expr: rate(asked), unit: rate, width: 7, priority: 6,
     about: requests of dytop in a second}
  - {name: failed, title: FAILED, unit: count, width: 6, priority: 5,
     about: requests without a good answer since dytop started}
  - {name: logins, title: LOGINS, unit: count, width: 6, priority: 6, about: logins since dytop started}
  - {name: retries, title: RETRIES, unit: count, width: 7, priority: 7, about: failed tries since it was last live}
  - {name: hidden, title: HIDDEN, expr: hidden_rows, unit: count, width: 6, priority: 5, warn: "> 0",
     about: "rows that missing privilege hides (grant pg_monitor)"}
  - {name: notice, title: NOTICE, unit: text, width: 16, priority: 4,
     about: "what happened to it: restarted, promoted, degraded"}
  - {name: reason, title: WHY, unit: text, flex: yes, width: 20, priority: 1, about: why it is not live}
figures:
  - {name: cost, title: dytop cost, expr: sum(rate(cost_ms)) / 10, unit: percent, warn: "> 1"}
  - {name: servers_down, title: servers down, expr: 'count(state != "live")', unit: count, crit: "> 0"}
*/
