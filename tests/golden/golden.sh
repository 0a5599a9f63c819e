# SPDX-License-Identifier: PostgreSQL
# What the golden tests share; sourced. Recordings through the real program are compared byte by byte, then read back by JSON
# Schema, csv and promtool. DYTOP_GOLDEN=write writes the goldens anew: read the difference before it is committed.
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

run() { # NAME FORMAT STATUS WORD...: what the program prints into $work/NAME
	name=$1 format=$2 expected=$3 got=0
	shift 3
	timeout 60 $dytop -b --format "$format" "$@" > "$work/$name" 2> "$work/errors" || got=$?
	if [ "$got" != "$expected" ]; then
		echo "$name: exit status $got, not $expected"
		cat "$work/errors"
		status=1
	fi
}

compare() { # the same, which is tests/golden/NAME
	run "$@"
	if [ "${DYTOP_GOLDEN-}" = write ]; then
		cp "$work/$name" "$top/tests/golden/$name"
	elif ! cmp "$top/tests/golden/$name" "$work/$name"; then
		diff "$top/tests/golden/$name" "$work/$name" | cut -c 1-300 | head -10
		echo "when it should be so: DYTOP_GOLDEN=write srcdir=$top sh $top/tests/golden/${0##*/}"
		status=1
	fi
}

finish() {
	if "$python" -c 'import jsonschema' 2>/dev/null; then
		"$python" "$top/tests/golden/check.py" "$top/docs/snapshot.schema.json" "$work"/*.json "$work"/*.ndjson "$work"/*.csv \
			"$work"/*.prom || status=1
	else
		echo "python3-jsonschema is missing: JSON Schema, csv and promtool left out"
	fi
	exit $status
}
