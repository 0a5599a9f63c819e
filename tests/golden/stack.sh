#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Every panel, from PostgreSQL 15, Redis 7 and PgBouncer 1.18 as they were recorded: a pool under load, a lock queue, a session
# idle in its transaction, a role and a statement with hostile names.
. "$(dirname "$0")/golden.sh"
for kind in table:table json:json csv:csv openmetrics:prom; do
	compare "stack.${kind#*:}" "${kind%:*}" 0 --replay "$top/tests/fixtures/stack.ndjson" -n 2 --limit 3
done
run all.ndjson ndjson 0 --replay "$top/tests/fixtures/stack.ndjson" -n 3 --limit 0
run all.prom openmetrics 0 --replay "$top/tests/fixtures/stack.ndjson" -n 3 --limit 0
finish
