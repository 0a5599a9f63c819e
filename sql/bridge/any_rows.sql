-- SPDX-License-Identifier: PostgreSQL
SELECT EXISTS (SELECT FROM bridge_transactions)
