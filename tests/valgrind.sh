#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# valgrind.sh PROGRAM ARGUMENT...: runs it under valgrind; 9 when it erred or leaked. (`make check-valgrind`)
here=$(dirname "$0")
exec valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite,indirect \
	--show-leak-kinds=definite,indirect --num-callers=20 --suppressions="$here/valgrind.supp" "$@"
