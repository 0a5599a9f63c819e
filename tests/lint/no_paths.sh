#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Nothing in the tree names the place where it was written. The words are spelled with brackets, so that they are not found here.
. "$(dirname "$0")/lint.sh"
cd_top
{
	find src tests tools sql themes docs man .ci -type f ! -name '*.log' ! -name '*.trs' 2>/dev/null
	for file in *.md *.am *.ac LICENSE bootstrap; do
		[ -f "$file" ] && echo "$file"
	done
} | sort | xargs grep -nIE '(^|[^A-Za-z0-9_.${}])/wor[k](/|[^a-z]|$)|(^|[^A-Za-z0-9_}])(/tm[p]/[A-Za-z0-9]|/hom[e]/[a-z]|/roo[t]/)|(^|[^A-Za-z0-9_/-])(\.\./)?share[d]/[a-z]|regist[r]y\.(npmjs|yarnpkg)|py[p]i\.org|farm-[b]ench|\.librar[y]/' |
	grep -v XXXXXX | sed 's/\(^[^:]*:[0-9]*:\)/\1 a path of somebody'"'"'s machine: /' | verdict
