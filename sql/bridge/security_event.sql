-- SPDX-License-Identifier: PostgreSQL
-- Tells every store that listens to drop a kind of values and to cache none of them any more. $1 = KIND:!
SELECT pg_notify('dytop_invalidate', $1)
