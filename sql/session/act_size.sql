-- Bytes of a relation with its indexes and TOAST. $1 = oid
SELECT pg_catalog.pg_total_relation_size($1::pg_catalog.oid) AS bytes
