#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Recordings through the real program in every format are the goldens, byte by byte; and the goldens are valid by JSON Schema,
# csv and promtool. formats: every unit, mark and hostile text (test_out has made the same without the program).
# stack: PostgreSQL, Redis and PgBouncer as they were recorded, every panel. DYTOP_GOLDEN=write writes stack's anew.
set -eu
top=${srcdir:-.}
dytop=${DYTOP:-./dytop}
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
TZ=UTC LC_ALL=C.UTF-8 XDG_CONFIG_HOME=$work
export TZ LC_ALL XDG_CONFIG_HOME
unset NO_COLOR || :
status=0

compare() { # NAME FORMAT STATUS WORD...: the program's output is tests/golden/NAME
	name=$1 format=$2 expected=$3
	shift 3
	got=0
	timeout 60 "$dytop" -b --format "$format" "$@" > "$work/$name" 2> "$work/errors" || got=$?
	if [ "$got" != "$expected" ]; then
		echo "$name: exit status $got, not $expected"
		cat "$work/errors"
		status=1
	fi
	if [ "${DYTOP_GOLDEN-}" = write ]; then
		cp "$work/$name" "$top/tests/golden/$name"
	elif ! cmp "$work/$name" "$top/tests/golden/$name"; then
		diff "$top/tests/golden/$name" "$work/$name" | cut -c 1-300 | head -10
		status=1
	fi
}

for kind in table:table json:json ndjson:ndjson csv:csv openmetrics:prom; do
	compare "formats.${kind#*:}" "${kind%:*}" 3 --replay "$top/tests/fixtures/formats.ndjson" --sql-dir "$top/tests/fixtures" \
		--panel things,box -n 2 --limit 0
	if [ -f "$top/tests/fixtures/stack.ndjson" ]; then
		compare "stack.${kind#*:}" "${kind%:*}" 0 --replay "$top/tests/fixtures/stack.ndjson" -n 3 --limit 8
	fi
done
compare formats.ascii.table table 3 --ascii --replay "$top/tests/fixtures/formats.ndjson" --sql-dir "$top/tests/fixtures" \
	--panel things,box -n 2 --limit 0

if "$python" -c 'import jsonschema' 2>/dev/null; then
	"$python" "$top/tests/golden/check.py" "$top/docs/snapshot.schema.json" "$work"/*.json "$work"/*.ndjson "$work"/*.csv \
		"$work"/*.prom || status=1
else
	echo "python3-jsonschema is missing: JSON Schema left out"
fi
exit $status
