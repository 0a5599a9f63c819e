#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Every action of dytop maintain on the major versions that are not installed: 13, 14, 16, 17, 18; each way that it can end on the oldest and the
# newest. Skipped (77) when they cannot be had.
set -u
here=$(dirname "$0")
servers=$("$here/fetch-postgres.sh" | sed -n 's/^[0-9]* //p')
[ -n "$servers" ] || { echo "skipped: no other PostgreSQL can be had"; exit 77; }
status=0
for bin in $servers; do
	echo "$bin"
	PGBIN=$bin "$here/test_maintain.py" test_every_action_does_what_it_says test_rights || status=1
	case $("$bin/postgres" --version) in
	*' 13.'* | *' 18.'*)
		PGBIN=$bin "$here/test_maintain_matrix.py" || status=1
		PGBIN=$bin "$here/test_maintain_path.py" || status=1
		PGBIN=$bin "$here/test_maintain_undo.py" || status=1
		PGBIN=$bin "$here/test_maintain_waits.py" || status=1
		PGBIN=$bin "$here/test_maintain_faults.py" test_no_timeout_of_the_role_ends_it || status=1
		;;
	esac
done
exit $status
