#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# What else the application has in its cache, as lines for redis-cli on stdout: counters of access, results of queries, a sign of life,
# now and then something slow; some 80 reads a second of which 96 of 100 are there. (Reads cache first are dytop bench's.)
#
#   cache_load.sh IDS-FILE
set -u

prefix=dytallix:bridge
mapfile -t ids < "$1"
count=${#ids[@]}
exec 7<> <(:) # never readable: `read -t` on it is a sleep without a process
for ((tick = 0; ; tick++)); do
	for ((k = 0; k < 4; k++)); do
		# The square of a random number: few keys carry most.
		r=$((RANDOM * RANDOM / 32768 * count / 32768))
		if ((RANDOM % 100 < 96)); then
			echo "GET $prefix:tx:${ids[r]}"
			((k % 2)) || printf 'INCR %s\nEXPIRE %s 1800\n' "$prefix:tx:${ids[r]}:access" "$prefix:tx:${ids[r]}:access"
		else
			echo "GET $prefix:tx:btx_miss$RANDOM"
		fi
	done
	echo "EXPIRE $prefix:tx:${ids[tick % count]} 1800"
	echo "GET $prefix:asset:usdc"
	((tick % 4)) || echo "SET $prefix:query:$RANDOM$RANDOM$RANDOM \"{\\\"rows\\\": $RANDOM}\" EX 15"
	((tick % 20)) || echo "SET $prefix:health \"{\\\"ok\\\": true, \\\"tick\\\": $tick}\" EX 30"
	# Now and then something slow, for the slow log.
	((tick % 400)) || echo "EVAL \"local x = 0 for i = 1, 1500000 do x = x + i end return x\" 0"
	read -rt 0.05 -u 7
done
