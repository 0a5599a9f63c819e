#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# coverage.sh: the lines and branches of src/ that the tests ran, by folder, from the gcov files of the build folder it is run in.
# GCOV names the tool that belongs to the compiler (gcov).
# A branch counts as covered when it was taken at least once, each of its two ways being a branch.
set -eu
LC_ALL=C
export LC_ALL
files=$(find src -name '*.gcno')
[ -n "$files" ] || { echo "coverage: this tree was not built with --enable-coverage" >&2; exit 1; }
# shellcheck disable=SC2086 # a list of paths without blanks
${GCOV:-gcov} -n -b $files 2>/dev/null | ${AWK:-awk} '
/^File / {
	split($0, quoted, "\047")
	file = quoted[2]
	sub(/^.*\/src\//, "src/", file)
	own = file ~ /^src\/[a-z]+\/[a-z0-9_]+\.c$/
	folder = file
	sub(/\/[^\/]*$/, "", folder)
	lines = 0
}
# A file is met once for its own object; a header is left out.
own && /^Lines executed:/ { if (lines++ == 0) add(1, 3) } # once more without a file: the total of gcov
own && /^Taken at least once:/ { add(2, 6) }
/^$/ { own = 0 }
function add(what, field,   part, many, hit) {
	split($0, part, /[:%]/)
	many = $NF
	hit = int(part[2] * many / 100 + 0.5)
	seen[folder] = 1
	total[folder, what] += many
	hits[folder, what] += hit
	total["all", what] += many
	hits["all", what] += hit
}
function row(name) {
	printf "%-14s %6d of %6d  %5.1f%%   %6d of %6d  %5.1f%%\n", name, hits[name, 1], total[name, 1],
		total[name, 1] ? 100 * hits[name, 1] / total[name, 1] : 0, hits[name, 2], total[name, 2],
		total[name, 2] ? 100 * hits[name, 2] / total[name, 2] : 0
}
END {
	printf "%-14s %-24s   %s\n", "coverage", "lines", "branches"
	count = split("src/core src/model src/loop src/source src/ui src/out src/app", order, " ")
	for (i = 1; i <= count; i++) if (order[i] in seen) { row(order[i]); delete seen[order[i]] }
	for (name in seen) row(name)
	row("all")
}'
