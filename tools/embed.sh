#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Turns files into C: embed.sh SRCDIR FILE... > embed.c   (see src/app/embed.h)
set -eu
top=$1
shift
echo '/* Made by tools/embed.sh; do not edit. */'
echo '#include "app/embed.h"'
echo 'const struct embed_file embed_files[] = {'
for file in $(printf '%s\n' "$@" | LC_ALL=C sort); do
	LC_ALL=C "${AWK:-awk}" -v name="$file" '
		BEGIN { printf "\t{\"%s\",", name }
		{ len += length($0) + 1; gsub(/\\/, "&&"); gsub(/"/, "\\\""); gsub(/\t/, "\\t"); gsub(/\?/, "\\?")
		  printf "\n\t\"%s\\n\"", $0 }
		END { if (NR == 0) printf " \"\""; printf ",\n\t %d},\n", len }' "$top/$file"
done
echo '	{0, 0, 0}'
echo '};'
