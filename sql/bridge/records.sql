-- SPDX-License-Identifier: PostgreSQL
-- $1: {"name": "text", ...} of the files. applied: its record says that this very text was applied; changed: another one was.
SELECT f.key AS name, m.sha256 IS NOT NULL AND m.sha256 = s.sha256 AS applied, m.sha256 IS NOT NULL AND m.sha256 <> s.sha256 AS changed,
	m.applied_at::text AS applied_at
FROM jsonb_each_text($1::jsonb) AS f, LATERAL (SELECT encode(sha256(convert_to(f.value, 'UTF8')), 'hex') AS sha256) AS s,
	dytop_bridge_migrations AS m
WHERE m.name = f.key
