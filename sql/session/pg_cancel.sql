-- Ends what one backend runs. $1 = its pid.
SELECT pg_catalog.pg_cancel_backend($1::pg_catalog.int4) AS done
