-- One dytop at a time runs a plan on this database, whichever host it is on; ends with the session. $1 = a number made of its name
SELECT pg_catalog.pg_try_advisory_lock(1685681265, $1::pg_catalog.int4) AS locked
