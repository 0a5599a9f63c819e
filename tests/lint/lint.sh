# SPDX-License-Identifier: PostgreSQL
# What the lints share; sourced. top: the source tree (LINT_TOP, else srcdir as `make check` sets it). Each lint prints FILE:LINE:
# what is wrong, and exits 1 when it printed anything.
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
top=${LINT_TOP:-${srcdir:-.}}
archive=${LINT_ARCHIVE:-libdytop.a}
awk=${AWK:-awk}
cd_top() {
	case $archive in /*) ;; *) archive=$(pwd)/$archive ;; esac
	cd "$top" || exit 99
}
c_files() {
	find src -name '*.[ch]' | sort
}
code() {
	c_files | xargs "$awk" -v keep="$1" -f "$here/strip.awk"
}
# Ends the lint: the findings on standard input are shown, and are a failure.
verdict() {
	found=$(cat)
	[ -z "$found" ] && exit 0
	printf '%s\n' "$found"
	exit 1
}
