-- Asked now and then where the server does not report a promotion by itself (before 14, or behind a pooler).
SELECT pg_catalog.pg_is_in_recovery() AS standby
