#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# The goldens themselves are valid: by JSON Schema, csv, promtool. (That the program writes them, test_out proves.)
set -eu
top=${srcdir:-.}
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import jsonschema' 2>/dev/null || { echo "python3-jsonschema is missing: left out"; exit 77; }
exec "$python" "$top/tests/golden/check.py" "$top/docs/snapshot.schema.json" \
	"$top/tests/golden/formats.json" "$top/tests/golden/formats.ndjson" "$top/tests/golden/formats.csv" \
	"$top/tests/golden/formats.prom"
