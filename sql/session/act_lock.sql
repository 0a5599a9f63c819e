-- One maintenance action at a time in this database, whichever dytop it comes from; ends with the session.
SELECT pg_catalog.pg_try_advisory_lock(1685681264, 1) AS locked
