-- SPDX-License-Identifier: PostgreSQL
-- One at a time for each database; it goes with the session. 0x64796272 is "dybr". $1: the backend's pid as the login told it: behind a
-- pooler it is another one, and neither this lock nor the session's settings would be ours.
SELECT pg_catalog.pg_backend_pid() = $1::int AS direct,
	pg_catalog.pg_backend_pid() = $1::int AND pg_catalog.pg_try_advisory_lock(1685676658, 0) AS locked
