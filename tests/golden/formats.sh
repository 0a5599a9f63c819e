#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Every unit, mark and hostile text in every format (test_out makes the same goldens without the program).
. "$(dirname "$0")/golden.sh"
fixtures=$top/tests/fixtures
for kind in table:table json:json ndjson:ndjson csv:csv openmetrics:prom; do
	compare "formats.${kind#*:}" "${kind%:*}" 3 --replay "$fixtures/formats.ndjson" --sql-dir "$fixtures" --panel things,box -n 2 \
		--limit 0
done
compare formats.ascii.table table 3 --ascii --replay "$fixtures/formats.ndjson" --sql-dir "$fixtures" --panel things,box -n 2 --limit 0
finish
