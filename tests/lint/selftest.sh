#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Proves that each lint can fail: plants one violation after the other in a copy of the tree and expects the lint to name its file
# and line; and that the lint is silent again without it.
set -u
. "$(dirname "$0")/lint.sh"
cc=${CC:-cc}
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
mkdir "$work/src" || exit 99
# A few files are enough; the whole tree is what the lints themselves look at.
for file in src/core/buf.c src/model/cell.c src/ui/canvas.c src/ui/theme.c src/out/csv.c src/out/json.c src/source/redis.c \
	src/source/pg.c src/app/live.c Makefile.am configure.ac themes/dark.theme; do
	mkdir -p "$work/$(dirname $file)"
	cp "$top/$file" "$work/$file" || exit 99
done
chmod -R u+w "$work"
LINT_TOP=$work
LINT_ARCHIVE=$work/planted.a
export LINT_TOP LINT_ARCHIVE
echo 'int planted_nothing(void);int planted_nothing(void){return 0;}' > "$work/nothing.c"
(cd "$work" && $cc -c nothing.c && ar rc planted.a nothing.o) || exit 99

# plant LINT FILE WORDS: appends standard input to FILE; LINT must fail and say FILE:LINE and WORDS about it.
plant() {
	file=$work/$2
	lines=0
	had=no
	if [ -f "$file" ]; then
		had=yes
		cp "$file" "$work/before"
		lines=$(wc -l < "$file")
	fi
	cat >> "$file"
	said=$(sh "$here/$1.sh" 2>&1)
	status=$?
	case $said in
	*"$2:"[0-9]*"$3"*) ;;
	*) status=0 ;;
	esac
	if [ "$status" = 0 ]; then
		echo "FAIL: $1 does not see \"$3\" planted in $2; it said: $said"
		: > "$work/failed"
	fi
	line=$(printf '%s\n' "$said" | sed -n "s|^$2:\([0-9]*\):.*|\1|p" | head -n 1)
	if [ "${line:-0}" -lt "$lines" ] && [ "$lines" -gt 0 ] && [ "$1" != spdx ]; then
		echo "FAIL: $1 names line ${line:-none} for what was planted after line $lines of $2"
		: > "$work/failed"
	fi
	if [ $had = yes ]; then cp "$work/before" "$file"; else rm "$file"; fi
}

for lint in layers limits spdx sql_in_c no_paths; do
	if ! sh "$here/$lint.sh" > "$work/said" 2>&1; then
		echo "FAIL: $lint finds something before anything was planted:"
		cat "$work/said"
		: > "$work/failed"
	fi
done

echo '#include "ui/term.h"' | plant layers src/model/cell.c 'model/ may not include ui/'
echo '#include "source/source.h"' | plant layers src/ui/canvas.c 'ui/ may not include source/'
echo '#include "loop/loop.h"' | plant layers src/out/csv.c 'out/ may not include loop/'
echo '#include "app/embed.h"' | plant layers src/source/redis.c 'source/ may not include app/'
echo '#include "canvas.h"' | plant layers src/ui/theme.c 'folder/file.h'
echo '#include <curses.h>' | plant layers src/ui/canvas.c '<curses.h> has its home'
echo ' #  include <libpq-fe.h>' | plant layers src/model/cell.c '<libpq-fe.h> has its home'
echo '#include <hiredis/hiredis.h>' | plant layers src/source/redis.c 'hiredis'
echo '#include <yaml.h>' | plant layers src/ui/theme.c '<yaml.h>'
echo '#include <cjson/cJSON.h>' | plant layers src/out/json.c 'cJSON'
echo '#include <event2/event.h>' | plant layers src/source/redis.c 'event2'
echo '#include <sys/socket.h>' | plant layers src/model/cell.c 'sys/socket.h'
echo '#include <openssl/ssl.h>' | plant layers src/source/redis.c 'openssl'

{ echo 'static int planted(int a)'; echo '{'; for i in $(seq 1 78); do echo '	a++;'; done; echo '}'; } |
	plant limits src/core/buf.c 'planted() has 81 lines'
printf 'int planted(int a,\n            int b, int c, int d,\n            int e, int f, int (*g)(int, int), int h)\n{\n\treturn 0;\n}\n' |
	plant limits src/core/buf.c 'planted() has 8 parameters'
for i in $(seq 1 600); do echo; done | plant limits src/core/buf.c 'longer than 600'
printf '/* %0150d */\n' 1 | plant limits src/core/buf.c 'columns'
# all banned calls at once: each must be named with its own line
cp "$work/src/model/cell.c" "$work/before"
line=$(wc -l < "$work/src/model/cell.c")
calls='strcpy(a,b) strcat_(a,b) sprintf(a,b) strtok(a,b) atoi(a) localtime(&a) gets(a) system(a) popen(a,b) malloc(1) strdup(a) time(NULL)
	printf(a) exit(1) fprintf(stderr,a) usleep(1) getaddrinfo(a,b,c,d)'
for call in $calls; do
	printf '\t/* fine */ %s;\n' "$call" | sed 's/_(/ (/' >> "$work/src/model/cell.c"
done
said=$(sh "$here/limits.sh")
for call in $calls; do
	line=$((line + 1))
	case $said in
	*"src/model/cell.c:$line:"*) ;;
	*) echo "FAIL: limits does not see $call"; : > "$work/failed" ;;
	esac
done
cp "$work/before" "$work/src/model/cell.c"
printf 'static void planted(void)\n{\n\tgoto again;\n}\n' | plant limits src/model/cell.c 'goto'
# none of these is a call
before=$(sh "$here/limits.sh")
cp "$work/src/model/cell.c" "$work/before"
printf 'static int a_time(int x)\n{\n\treturn p->time(x) + my_exit(x); /* system(x) "*/\n}\nstatic const char *s = "sprintf(x) \\" atoi(y)";\n' >> "$work/src/model/cell.c"
if [ "$(sh "$here/limits.sh")" != "$before" ]; then
	echo "FAIL: limits takes comments, literals or members for calls"
	: > "$work/failed"
fi
cp "$work/before" "$work/src/model/cell.c"

# globals: an archive with one of each kind
cat > "$work/src/model/planted_globals.c" <<'END'
/* SPDX-License-Identifier: PostgreSQL */
int planted_data = 1;
static int planted_bss;
static const char *planted_pointer = "x";
const char *const planted_fine[] = {"x", "y"};
static const int planted_fine_too = 3;
int *planted_use(void);
int *planted_use(void)
{
	static int planted_inner;

	planted_inner += planted_fine_too + planted_pointer[0];
	planted_pointer++;
	return &planted_bss + planted_inner;
}
END
(cd "$work" && $cc -fPIE -c src/model/planted_globals.c -o planted_globals.o && rm -f planted.a && ar rc planted.a planted_globals.o) || exit 99
said=$(sh "$here/limits.sh")
for name in planted_data planted_bss planted_pointer planted_inner; do
	case $said in
	*"src/model/planted_globals.c:"[1-9]*": $name is a global"*) ;;
	*) echo "FAIL: limits does not see the global $name: $said"; : > "$work/failed" ;;
	esac
done
case $said in
*planted_fine*) echo "FAIL: limits takes constants for globals: $said"; : > "$work/failed" ;;
esac
rm "$work/src/model/planted_globals.c"
(cd "$work" && rm planted.a && ar rc planted.a nothing.o)

printf 'int x;\n' | plant spdx src/core/planted.c 'SPDX'
printf 'about: x\n' | plant spdx themes/planted.theme 'SPDX'

echo 'static const char *s = "SELECT 1";' | plant sql_in_c src/model/cell.c 'SELECT 1'
printf '%s\n' 'static const char *s = "\n  SELECT oid, " "relname FROM pg_class";' | plant sql_in_c src/model/cell.c 'SELECT oid'
echo 'static const char *s = "INSERT INTO t VALUES (1)";' | plant sql_in_c src/app/live.c 'INSERT'
echo 'static const char *s = "SHOW server_version";' | plant sql_in_c src/source/pg.c 'SHOW'
echo 'static const char *s = "SET statement_timeout = 1";' | plant sql_in_c src/source/pg.c 'SET'
echo 'static const char *s = "a select x from y";' | plant sql_in_c src/source/pg.c 'select'
echo 'static const char *s = "BEGIN;";' | plant sql_in_c src/source/pg.c 'BEGIN'

echo '/* see /wor''k/x */' | plant no_paths src/core/buf.c 'machine'
echo '/* see ../share''d/x.md */' | plant no_paths src/core/buf.c 'machine'
echo '# /tm''p/build/x' | plant no_paths Makefile.am 'machine'
echo '# /hom''e/bob/x' | plant no_paths configure.ac 'machine'
if [ -e "$work/failed" ]; then exit 1; fi
echo "each lint fails where it must"
