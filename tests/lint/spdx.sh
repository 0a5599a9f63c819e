#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Each source file names its licence in its first three lines. (Not sql/: its files are sent to servers, headers and all.)
. "$(dirname "$0")/lint.sh"
cd_top
{
	find src tests tools themes .ci -type f \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.py' -o -name '*.awk' \
		-o -name '*.theme' -o -path '*/.ci/run' \) 2>/dev/null
	for file in Makefile.am configure.ac bootstrap; do
		[ -f "$file" ] && echo "$file"
	done
} | sort | while read -r file; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: PostgreSQL' || echo "$file:1: no SPDX-License-Identifier: PostgreSQL"
done | verdict
