#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# Builds floor, floortop, paint and once into a directory (default: a new temporary one) and prints it.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$(mktemp -d -t dytop-floor-XXXXXX)}
inc=$(pg_config --includedir 2>/dev/null || echo /usr/include/postgresql)
gcc -O2 -Wall -Wextra -I"$inc" "$here/floor.c" -o "$out/floor" -lpq
gcc -O2 -Wall -Wextra -I"$inc" "$here/floortop.c" -o "$out/floortop" -lpq -lncursesw
gcc -O2 -Wall -Wextra "$here/paint.c" -o "$out/paint" -lncursesw
gcc -O2 -Wall -Wextra "$here/once.c" -o "$out/once"
echo "$out"
