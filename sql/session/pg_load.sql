-- SPDX-License-Identifier: PostgreSQL
-- Sessions that are at work, without those of this program: whether a warm-up disturbs. Without pg_read_all_stats only own
-- sessions are seen, and the answer is lower.
SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
	AND application_name IS DISTINCT FROM current_setting('application_name')
