/* dytop panel
title: Keys
about: "What kinds of keys there are, from a bounded SCAN that walks on a little with each look; never KEYS."
source: redis
screen: cache
order: 84
every: 5s
reader: keys
params: [key_patterns]     # "label=glob label=glob ..."; without it the text before the first : . / | is the kind
key: [kind]
target: {kind: keys, name: kind, text: pattern}
sort: -keys
fields:
  kind: text
  pattern: text
  keys: gauge
  margin: gauge
  exact: bool
  share: gauge
  bytes: gauge
  sampled: gauge
  matched: gauge
  total: gauge
columns:
  - {name: kind, title: KIND, unit: text, width: 14, priority: 1, warn: "keys > 0 and pattern ~ '(^|:)sigs:'", about: kind of key}
  - {name: pattern, title: PATTERN, unit: text, width: 28, priority: 4, about: the pattern that such keys fit}
  - {name: keys, title: KEYS, expr: "if(exact, keys, estimate(keys))", unit: count, width: 9, priority: 1,
     about: "how many there are: the share of those looked at, of all keys"}
  - {name: margin, title: +/-, unit: count, width: 8, priority: 2,
     about: "half of the interval that holds the number in 95 of 100 cases; 0: counted"}
  - {name: share, title: SHARE%, expr: "if(exact, share, estimate(share))", unit: percent, width: 7, priority: 2,
     about: share of all keys}
  - {name: bytes, title: BYTES/KEY, expr: estimate(bytes), unit: bytes, width: 9, priority: 3,
     about: mean memory of one such key that was looked at}
  - {name: memory, title: MEMORY, expr: estimate(keys * bytes), unit: bytes, width: 8, priority: 3,
     about: memory of all such keys by that mean}
  - {name: exact, title: COUNTED, unit: bool, width: 7, priority: 5,
     about: "every key was looked at, so the number is no estimate"}
  - {name: matched, title: SEEN, unit: count, width: 8, priority: 6, about: keys of the kind among those looked at}
  - {name: finding, title: FINDING, unit: text, width: 24, flex: yes, priority: 6,
     expr: "if(keys > 0 and pattern ~ '(^|:)sigs:', 'signatures are cached, which never should be: dytop cache security-event sigs', '')",
     about: "what is wrong with such keys: the signatures of validators, which the bridge's application caches against the rule"}
  - {name: sampled, title: LOOKED AT, unit: count, width: 9, priority: 8, show: no, about: keys looked at}
  - {name: total, title: OF, unit: count, width: 9, priority: 8, show: no, about: keys in the database}
*/
-- since 60000
DBSIZE
SCAN 0 COUNT 500
