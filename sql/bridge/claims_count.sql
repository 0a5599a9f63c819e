-- SPDX-License-Identifier: PostgreSQL
SELECT count(*) FROM dytop_claims.bridge_transactions
