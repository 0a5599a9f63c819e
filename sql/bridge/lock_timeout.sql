-- SPDX-License-Identifier: PostgreSQL
-- $1: '0' for what must not give up half-way (a concurrent build that does leaves an invalid index behind).
SELECT pg_catalog.set_config('lock_timeout', $1, false)
