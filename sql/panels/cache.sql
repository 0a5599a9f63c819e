/* dytop panel
title: Cache
about: The Redis server in one row, from INFO.
source: redis
screen: cache
digit: 8
shape: card
order: 80
always: yes
reader: info
fields:
  ping_ms: gauge
  role: text
  master_link_status: text
  connected_slaves: gauge
  loading: gauge
  keyspace_hits: counter
  keyspace_misses: counter
  total_commands_processed: counter
  total_connections_received: counter
  rejected_connections: counter
  total_error_replies: {kind: counter, from: 60200}
  evicted_keys: counter
  expired_keys: counter
  total_net_input_bytes: counter
  total_net_output_bytes: counter
  used_cpu_user: counter
  used_cpu_sys: counter
  used_memory: gauge
  used_memory_rss: gauge
  used_memory_peak: gauge
  maxmemory: gauge
  maxmemory_policy: text
  mem_fragmentation_ratio: gauge
  connected_clients: gauge
  maxclients: {kind: gauge, from: 60200}
  blocked_clients: gauge
  latest_fork_usec: gauge
  rdb_last_bgsave_status: text
  rdb_changes_since_last_save: gauge
  aof_enabled: gauge
  aof_last_write_status: text
  uptime_in_seconds: gauge
  latency: {kind: histogram, from: 70000}
columns:
  - {name: hit, title: HIT%, expr: 100 * d(keyspace_hits) / (d(keyspace_hits) + d(keyspace_misses)), unit: percent,
     width: 6, priority: 1, warn: "< 95", crit: "< 90", about: keys that were there of those read in the interval}
  - {name: hit_life, title: HIT% LIFE, expr: 100 * keyspace_hits / (keyspace_hits + keyspace_misses), unit: percent,
     width: 6, priority: 2, about: the same since the server started or its statistics were reset}
  - {name: ops, title: OPS/s, expr: rate(total_commands_processed), unit: rate, width: 7, priority: 1,
     about: commands in a second}
  - {name: reads, title: READ/s, expr: rate(keyspace_hits) + rate(keyspace_misses), unit: rate, width: 7, priority: 4,
     about: keys looked up in a second}
  - {name: ping, title: PING, expr: ping_ms, unit: ms, width: 7, priority: 1, warn: "> 15ms", crit: "> 100ms",
     about: "round trip of an empty command, network included"}
  - {name: p50, title: P50, expr: "hquantile(0.5, latency)", unit: ms, width: 9, priority: 1,
     about: "half of all commands in the interval took no longer, exact to the bucket; dytop's own are among them"}
  - {name: p99, title: P99, expr: "hquantile(0.99, latency)", unit: ms, width: 9, priority: 1, warn: "> 15ms",
     about: "99 of 100 commands in the interval took no longer, exact to the bucket"}
  - {name: memory, title: MEMORY, expr: used_memory, unit: bytes, width: 7, priority: 1, about: memory in use for data}
  - {name: memory_max, title: MAX, expr: "if(maxmemory > 0, maxmemory, unknown)", unit: bytes, width: 7, priority: 2,
     about: "maxmemory; - when there is no limit"}
  - {name: memory_used, title: MEM%, expr: "if(maxmemory > 0, 100 * used_memory / maxmemory, unknown)", unit: percent,
     width: 6, priority: 2, warn: "> 85", crit: "> 95", about: memory in use of maxmemory}
  - {name: policy, title: POLICY, expr: maxmemory_policy, unit: text, width: 12, priority: 4,
     warn: 'maxmemory > 0 and self = "noeviction"', about: what is given up when memory is full}
  - {name: evicted, title: EVICT/s, expr: rate(evicted_keys), unit: rate, width: 7, priority: 2, warn: "> 0",
     about: keys thrown out in a second for want of memory}
  - {name: expired, title: EXPIRE/s, expr: rate(expired_keys), unit: rate, width: 7, priority: 3,
     about: keys that ended by their time to live in a second}
  - {name: clients, title: CLIENTS, expr: connected_clients, unit: count, width: 6, priority: 2,
     about: clients connected}
  - {name: clients_used, title: CLIENT%, expr: 100 * connected_clients / maxclients, unit: percent, width: 6,
     priority: 5, warn: "> 85", crit: "> 95", about: clients of maxclients}
  - {name: blocked, title: BLOCKED, expr: blocked_clients, unit: count, width: 6, priority: 4,
     about: "clients that wait in BLPOP and the like"}
  - {name: connects, title: CONNECT/s, expr: rate(total_connections_received), unit: rate, width: 7, priority: 5,
     about: new connections in a second}
  - {name: rejected, title: REJECTED, expr: d(rejected_connections), unit: count, width: 6, priority: 5, crit: "> 0",
     about: connections refused in the interval because of maxclients}
  - {name: errors, title: ERROR/s, expr: rate(total_error_replies), unit: rate, width: 7, priority: 4, warn: "> 1",
     about: error replies in a second}
  - {name: input, title: IN/s, expr: rate(total_net_input_bytes), unit: byterate, width: 7, priority: 5,
     about: bytes received in a second}
  - {name: output, title: OUT/s, expr: rate(total_net_output_bytes), unit: byterate, width: 7, priority: 5,
     about: bytes sent in a second}
  - {name: cpu, title: CPU%, expr: 100 * (rate(used_cpu_user) + rate(used_cpu_sys)), unit: percent, width: 6,
     priority: 3, warn: "> 80", about: "processor time of the server, of one core"}
  - {name: rss, title: RSS, expr: used_memory_rss, unit: bytes, width: 7, priority: 6,
     about: memory that the system gave it}
  - {name: peak, title: PEAK, expr: used_memory_peak, unit: bytes, width: 7, priority: 7,
     about: most memory that its data ever took}
  - {name: fragmentation, title: FRAG, expr: mem_fragmentation_ratio, unit: float, width: 6, priority: 6,
     warn: "used_memory_rss > 100MB and self > 1.5", about: memory that the system gave for each byte of data}
  - {name: role, title: ROLE, unit: text, width: 7, priority: 4, about: master or slave}
  - {name: link, title: LINK, expr: master_link_status, unit: text, width: 5, priority: 5, crit: 'self = "down"',
     about: "a replica's connection to its master"}
  - {name: replicas, title: REPLICAS, expr: connected_slaves, unit: count, width: 5, priority: 6,
     about: replicas connected}
  - {name: fork, title: FORK, expr: latest_fork_usec / 1000, unit: ms, width: 7, priority: 7, warn: "> 100ms",
     about: how long the last fork for a save stopped the server}
  - {name: save, title: SAVE, expr: rdb_last_bgsave_status, unit: text, width: 4, priority: 6, crit: 'self = "err"',
     about: how the last background save ended}
  - {name: unsaved, title: UNSAVED, expr: rdb_changes_since_last_save, unit: count, width: 7, priority: 8,
     about: changes since the last save}
  - {name: aof, title: AOF, expr: aof_last_write_status, unit: text, width: 4, priority: 8,
     crit: 'aof_enabled = 1 and self = "err"', about: how the last write of the append-only file ended}
  - {name: uptime, title: UP, expr: 1000 * uptime_in_seconds, unit: age, width: 5, priority: 7, about: since it started}
figures:
  - {name: redis_hit, title: redis hit%, expr: 100 * d(keyspace_hits) / (d(keyspace_hits) + d(keyspace_misses)),
     unit: percent, line: 2, order: 20, trend: yes, warn: "< 95", crit: "< 90"}
  - {name: redis_hit_life, title: "redis hit%, lifetime", expr: 100 * keyspace_hits / (keyspace_hits + keyspace_misses),
     unit: percent}
  - {name: redis_ops, title: redis ops, expr: rate(total_commands_processed), unit: rate, line: 1, order: 90,
     trend: yes}
  - {name: redis_memory, title: redis memory, expr: used_memory, unit: bytes}
  - {name: redis_memory_use, title: redis memory%, expr: "if(maxmemory > 0, 100 * used_memory / maxmemory, unknown)",
     unit: percent, warn: "> 85", crit: "> 95"}
  - {name: redis_evictions, title: redis evictions, expr: rate(evicted_keys), unit: rate, warn: "> 0"}
  - {name: redis_ping, title: redis ping, expr: ping_ms, unit: ms, warn: "> 15ms", crit: "> 100ms"}
*/
-- since 70000
INFO everything
LATENCY HISTOGRAM

-- since 60000
INFO everything
