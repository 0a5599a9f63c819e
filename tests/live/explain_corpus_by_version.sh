#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# explain_corpus_test.py on major versions that are not installed: 13, 14, 16, 17, 18. Skipped (77) when they cannot be had.
set -u
here=$(dirname "$0")
servers=$("$here/fetch-postgres.sh" | sed -n 's/^\([0-9]*\) \(.*\)/\1=\2/p')
[ -n "$servers" ] || { echo "skipped: no other PostgreSQL can be had"; exit 77; }
for server in $servers; do
	"$here/explain_corpus_test.py" "$server" || exit 1
done
