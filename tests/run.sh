#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# run.sh SECONDS TEST...: one test of `make check` in a known environment, with a limit of time. TEST_SLOW (1): by how much this
# build is slower than usual (sanitizers, valgrind, a loaded machine); it stretches the limit here, and the tests' own deadlines.
# The last line in the test's log is how long it took. PYTHON: the python3 that has Debian's python3-pyte and python3-jsonschema.
LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
: "${TEST_SLOW:=1}"
CK_TIMEOUT_MULTIPLIER=$((10 * TEST_SLOW)) # libcheck's limit is 4 seconds a test
export LC_ALL TZ PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED TEST_SLOW CK_TIMEOUT_MULTIPLIER
# nothing of the person's own servers, terminal and configuration
for name in $(env | sed -n 's/^\(PG[A-Z]*\|REDISCLI_AUTH\|NO_COLOR\|LINES\|COLUMNS\|XDG_CONFIG_HOME\|LANG\|LANGUAGE\)=.*/\1/p'); do
	[ "$name" = PGBIN ] || unset "$name"
done
limit=$(($1 * TEST_SLOW))
shift
case $1 in
*.py)
	python=${PYTHON:-/usr/bin/python3}
	[ -x "$python" ] || { echo "skipped: $python is missing (Debian package python3)"; exit 77; }
	set -- "$python" "$@"
	;;
esac
begun=$(date +%s)
timeout -k 20 "$limit" "$@"
status=$?
[ $status -eq 124 ] && echo "ended: it took longer than $limit s"
echo "# status $status after $(($(date +%s) - begun)) s"
exit $status
