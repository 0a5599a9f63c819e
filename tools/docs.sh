#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Puts what DYTOP prints about itself between the marks in the man page and the reference: docs.sh DYTOP TOP (make docs).
set -eu
dytop=$1
top=$2
put() { # FILE BEGIN END COMMAND...
	file=$1 begin=$2 end=$3
	shift 3
	"$@" > "$file.part"
	begin=$begin end=$end part=$file.part "${AWK:-awk}" '
		BEGIN { begin = ENVIRON["begin"]; end = ENVIRON["end"]; part = ENVIRON["part"] } # -v would unescape
		$0 == end { inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; while ((getline line < part) > 0) print line }' "$file" > "$file.new"
	rm "$file.part"
	if cmp -s "$file" "$file.new"; then rm "$file.new"; else mv "$file.new" "$file"; fi
}
# what ships, not what this user has
XDG_CONFIG_HOME=/nonexistent
export XDG_CONFIG_HOME
put "$top/man/dytop.1" '.\" made by dytop --docs-roff: begin' '.\" made by dytop --docs-roff: end' "$dytop" --docs-roff
put "$top/README.md" '<!-- made by dytop --docs-markdown: begin -->' '<!-- made by dytop --docs-markdown: end -->' \
	"$dytop" --docs-markdown
