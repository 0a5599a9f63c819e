#!/bin/sh
# SPDX-License-Identifier: PostgreSQL
# No SQL in C: every text that a server gets is a file under sql/. Looks at the string literals of src/.
. "$(dirname "$0")/lint.sh"
cd_top
code text | grep -E '^[^:]*:[0-9]+:([[:space:]]|\\n|\\t)*(SELECT|INSERT INTO|UPDATE [a-z_.]+ SET|DELETE FROM|SHOW|CREATE|DROP|ALTER|VACUUM|ANALYZE|REINDEX|COPY|SET|RESET|BEGIN|START TRANSACTION|COMMIT|ROLLBACK|EXPLAIN|PREPARE|EXECUTE|DEALLOCATE|DISCARD|LISTEN|WITH)( [A-Za-z0-9_$*(%]|;)|SELECT .* FROM |select .* from |pg_catalog\.pg_' |
	sed 's/\(^[^:]*:[0-9]*:\)/\1 SQL in C (it belongs into a file under sql\/): /' | verdict
