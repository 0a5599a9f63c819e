SELECT pg_catalog.pg_advisory_unlock(1685681264, 1) AS unlocked
