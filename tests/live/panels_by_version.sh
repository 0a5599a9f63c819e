#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# panels_test.py on the major versions that are not installed: 13, 14, 16, 17, 18. Skipped (77) when they cannot be had.
set -u
here=$(dirname "$0")
servers=$("$here/fetch-postgres.sh" | sed -n 's/^\([0-9]*\) \(.*\)/\1=\2/p')
[ -n "$servers" ] || { echo "skipped: no other PostgreSQL can be had"; exit 77; }
# shellcheck disable=SC2086  # one word a server
exec "$here/panels_test.py" $servers
