-- SPDX-License-Identifier: PostgreSQL
-- Rows of the partitioned layout that no month was there for. Each row here: a month of UTC, and how many.
SELECT pg_catalog.to_char(pg_catalog.date_trunc('month', created_at AT TIME ZONE 'UTC'), 'YYYY_MM') AS month, count(*) AS rows
FROM bridge_transactions_other
GROUP BY 1
ORDER BY 1
