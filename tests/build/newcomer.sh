#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# What a newcomer meets: a library that is missing is named in one line with its Debian package, and what is installed works from
# where it was put, is all that uninstalling takes away, and holds what the README promises.
set -u
top=$(cd "${srcdir:-.}" && pwd) build=$(pwd) failed=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM

wrong()
{
	echo "wrong: $*"
	failed=1
}

# --- what make dist takes along -------------------------------------------------------------------------------------------

(cd "$top" && find src sql themes -name '*.[ch]' -o -path 'sql/*' -type f -o -path 'themes/*' -type f) | while read -r file; do
	grep -qF "$file" "$top/Makefile.am" || echo "$file"
done > "$dir/forgotten"
[ ! -s "$dir/forgotten" ] || wrong "Makefile.am does not name $(tr '\n' ' ' < "$dir/forgotten")"

# --- configure without one library ----------------------------------------------------------------------------------------

# A source that is built in its own folder refuses another build: so configure runs on a copy of what it reads.
mkdir -p "$dir/source/src/app" "$dir/bin"
cp -R "$top/configure" "$top/build-aux" "$dir/source"
cp "$top/src/app/main.c" "$dir/source/src/app"
real=$(command -v pkg-config) || { echo 'skipped: pkg-config is missing'; exit 77; }
cat > "$dir/bin/pkg-config" << END
#!/bin/sh
for word; do
	[ "\$word" != "\$WITHOUT" ] || { echo "Package \$WITHOUT was not found" >&2; exit 1; }
done
exec $real "\$@"
END
chmod 755 "$dir/bin/pkg-config"
libraries=$(sed -n 's/^DYTOP_NEED(\[[A-Z0-9_]*\], \[\([^]]*\)\], \[\([^]]*\)\])$/\1 \2/p' "$top/configure.ac")
[ "$(echo "$libraries" | wc -l)" -ge 11 ] || wrong "configure.ac's list of libraries is not read: $libraries"
while read -r library package; do
	(cd "$dir/source" && WITHOUT=$library PKG_CONFIG=$dir/bin/pkg-config ./configure -C > "$dir/out" 2> "$dir/err") &&
		wrong "configure went on without $library"
	grep -q "^configure: error: $library is missing: install the Debian package $package " "$dir/err" ||
		wrong "without $library configure said: $(cat "$dir/err")"
	[ "$(wc -l < "$dir/err")" -eq 1 ] || wrong "without $library more than one line: $(cat "$dir/err")"
done << END
$libraries
END

# --- install and uninstall ------------------------------------------------------------------------------------------------

unset MAKEFLAGS MFLAGS MAKELEVEL DESTDIR
root=$dir/root prefix=$(sed -n 's/^prefix = //p' "$build/Makefile")
make -C "$build" install DESTDIR="$root" > "$dir/out" 2>&1 || wrong "make install: $(tail -n 5 "$dir/out")"
program=$root$prefix/bin/dytop
"$program" --version | grep -q '^dytop [0-9]' || wrong 'the installed program does not say its version'
(cd / && "$program" -b --replay "$top/tests/fixtures/bridge.ndjson" --panel activity --format csv -n 1 --config '' > "$dir/csv") ||
	wrong 'the installed program makes no snapshot'
[ "$(wc -l < "$dir/csv")" -gt 5 ] || wrong "the installed program's snapshot is short: $(cat "$dir/csv")"
find "$root" -name 'dytop.1*' | grep -q . || wrong 'no man page is installed'
make -C "$build" uninstall DESTDIR="$root" > "$dir/out" 2>&1 || wrong "make uninstall: $(tail -n 5 "$dir/out")"
left=$(find "$root" -type f)
[ -z "$left" ] || wrong "left after make uninstall: $left"
exit $failed
