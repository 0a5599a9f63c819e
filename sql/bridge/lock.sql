-- SPDX-License-Identifier: PostgreSQL
-- One at a time for each database; it goes with the session. 0x64796272 is "dybr".
SELECT pg_catalog.pg_try_advisory_lock(1685676658, 0)
