#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# Brings the other servers of the Redis kind, and other PgBouncers, that the tests run on, as Debian packages unpacked (not installed) into a cache folder:
#
#   fetch-redis.sh [NAME ...]      default: redis6 valkey
#
# Prints "NAME PROGRAM LIBRARIES" for each that is there; what cannot be had is said on stderr. Exit 0 when all are there, 77
# (skip) when some are not. The folder is $DYTOP_CACHE, default ${XDG_CACHE_HOME:-$HOME/.cache}/dytop, for root
# /var/cache/dytop (the servers run as another user, who cannot look into root's home); a second run is quick.
# DYTOP_OFFLINE=1: only what is in the cache already. The mirror is the one that apt uses here.
set -u

usual=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/dytop
[ "$(id -u)" != 0 ] || usual=/var/cache/dytop
cache=${DYTOP_CACHE:-$usual}/redis
status=0

# describe NAME: suite, program, packages
describe()
{
	case $1 in
	redis6) echo bullseye usr/bin/redis-server redis-tools redis-server libssl1.1 lua-cjson lua-bitop liblua5.1-0 \
		libjemalloc2 liblzf1 libhiredis0.14 libatomic1 ;;
	valkey) echo bookworm-backports usr/bin/valkey-server valkey-tools valkey-server libjemalloc2 liblzf1 libatomic1 \
		libhiredis0.14 libsystemd0 lua-cjson lua-bitop liblua5.1-0 ;;
	pgbouncer115) echo bullseye usr/sbin/pgbouncer pgbouncer libssl1.1 libevent-2.1-7 libc-ares2 libpam0g libsystemd0 ;;
	pgbouncer124) echo trixie usr/sbin/pgbouncer pgbouncer libc6 libssl3t64 libevent-2.1-7t64 libc-ares2 libpam0g libsystemd0 \
		libldap2 libsasl2-2 libzstd1 zlib1g libcap2 libgcrypt20 liblz4-1 liblzma5 libgpg-error0 libaudit1 libcap-ng0 ;;
	*) return 1 ;;
	esac
}

# fetch FOLDER SUITE PACKAGE...: lists of that suite in a place of their own, so the system's apt is not touched
fetch()
{
	folder=$1 suite=$2
	shift 2
	site=$(apt-get indextargets --format '$(SITE)' | grep -v security | head -n 1)
	[ -n "$site" ] || return 1
	keys=$(ls /usr/share/keyrings/debian-archive-keyring.gpg 2> /dev/null)
	mkdir -p "$folder/lists/partial" "$folder/packages" || return 1
	echo "deb ${keys:+[signed-by=$keys]} $site $suite main" > "$folder/sources.list"
	set -- -o Dir::Etc::sourcelist="$folder/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State::lists="$folder/lists" -o APT::Get::List-Cleanup=0 -o APT::Sandbox::User=root \
		-o Dir::Cache::pkgcache="$folder/pkgcache.bin" -o Dir::Cache::srcpkgcache="$folder/srcpkgcache.bin" -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Acquire::Retries=0 -o Acquire::http::Timeout=15 -- "$@"
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	shift
	apt-get -q $options update || return 1
	for wanted in "$@"; do
		# What a backport needs and the suite lacks comes from the release that runs here.
		(cd "$folder/packages" && { apt-get -q $options download "$wanted/$suite" || apt-get -q download "$wanted"; }) ||
			echo "no package $wanted"
	done
	for package in "$folder"/packages/*.deb; do
		dpkg -x "$package" "$folder/root" || return 1
	done
}

# bring NAME TARGET SUITE PROGRAM PACKAGE...: complete or not at all
bring()
{
	target=$1 suite=$2 program=$3
	shift 3
	work=$(mktemp -d "$cache/.new.XXXXXX") || return 1
	if fetch "$work" "$suite" "$@" > "$work/log" 2>&1 && [ -e "$work/root/$program" ] && mv "$work/root" "$target"; then
		rm -rf "$work"
		return 0
	fi
	tail -n 3 "$work/log" >&2
	rm -rf "$work"
	return 1
}

command -v apt-get > /dev/null && command -v dpkg > /dev/null || { echo "fetch-redis: for Debian only" >&2; exit 77; }
mkdir -p "$cache" || exit 77
[ $# -gt 0 ] || set -- redis6 valkey
for name in "$@"; do
	what=$(describe "$name") || { echo "fetch-redis: no server $name is known" >&2; status=77; continue; }
	target=$cache/$name
	if [ ! -d "$target" ]; then
		if [ "${DYTOP_OFFLINE:-0}" = 1 ] || ! bring "$target" $what; then
			echo "fetch-redis: $name is not in $cache and could not be brought" >&2
			status=77
			continue
		fi
	fi
	program=${what#* }
	program=${program%% *}
	libraries=$(find "$target" -name '*.so*' -printf '%h\n' | sort -u | tr '\n' ':')
	echo "$name $target/$program $libraries"
done
exit $status
