#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# dytop bench on other PostgreSQLs than the installed one: 14, the oldest that the bridge is made for, and 18. Skipped (77) when they
# cannot be had.
set -u
here=$(dirname "$0")
servers=$("$here/fetch-postgres.sh" 14 18 | sed -n 's/^[0-9]* //p')
[ -n "$servers" ] || { echo "skipped: no other PostgreSQL can be had"; exit 77; }
status=0
for folder in $servers; do
	echo "$folder"
	PGBIN=$folder "$here/test_bench.py" test_a_run_and_its_json test_through_a_pooler || status=1
done
exit $status
