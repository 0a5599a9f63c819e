#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The bridge's schema on the oldest and the newest PostgreSQL that it is made for: 14 and 18. Skipped (77) when they cannot be had.
set -u
here=$(dirname "$0")
servers=$("$here/fetch-postgres.sh" 14 18 | sed -n 's/^[0-9]* //p')
[ -n "$servers" ] || { echo "skipped: no other PostgreSQL can be had"; exit 77; }
status=0
for folder in $servers; do
	echo "$folder"
	PGBIN=$folder "$here/test_bridge_init.py" test_optimized test_invalid_and_differing_indexes test_the_trigger \
		test_partitions_and_a_hostile_schema test_the_roles || status=1
done
exit $status
