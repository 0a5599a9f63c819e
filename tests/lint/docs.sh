#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Every option, key, command, panel, screen, theme, slot and format is in the man page and in the README as the program has it,
# and nothing that it does not have: both hold what ./dytop prints. `make docs` brings them up to date.
set -eu
LC_ALL=C
export LC_ALL
top=${LINT_TOP:-${srcdir:-.}}
dytop=${DYTOP:-./dytop}
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
XDG_CONFIG_HOME=$work
export XDG_CONFIG_HOME
status=0

compare() { # FILE BEGIN END OPTION
	"$dytop" "$4" > "$work/is"
	begin=$2 end=$3 awk 'BEGIN { begin = ENVIRON["begin"]; end = ENVIRON["end"] } $0 == end { inside = 0; ends++ } inside { print } $0 == begin { inside = 1; begins++ }
		END { if (begins != 1 || ends != 1) print "the marks are missing" }' "$top/$1" > "$work/was"
	if ! cmp -s "$work/is" "$work/was"; then
		echo "$1: not what dytop $4 prints; run make docs"
		diff "$work/was" "$work/is" | head -20
		status=1
	fi
}

compare man/dytop.1 '.\" made by dytop --docs-roff: begin' '.\" made by dytop --docs-roff: end' --docs-roff
compare README.md '<!-- made by dytop --docs-markdown: begin -->' '<!-- made by dytop --docs-markdown: end -->' --docs-markdown

# What the hand-written parts say about options must be options.
"$dytop" --list-options > "$work/options"
for file in README.md CONTRIBUTING.md docs/panels.md docs/recording.md docs/architecture.md; do
	grep -o 'dytop [^`]*' "$top/$file" | grep -oE '(^| )--[a-z][a-z-]+' | tr -d ' ' | sort -u |
	while read -r option; do
		grep -qx -- "$option" "$work/options" || echo "$file: $option is no option of dytop"
	done
done > "$work/unknown"
if [ -s "$work/unknown" ]; then
	cat "$work/unknown"
	status=1
fi

if command -v mandoc > /dev/null; then
	mandoc -T lint -W warning "$top/man/dytop.1" > "$work/mandoc" || true
	if [ -s "$work/mandoc" ]; then
		cat "$work/mandoc"
		status=1
	fi
fi
exit $status
