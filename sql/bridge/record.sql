-- SPDX-License-Identifier: PostgreSQL
-- $1 name and $2 text of a file that was applied to its end.
INSERT INTO dytop_bridge_migrations (name, sha256) VALUES ($1, encode(sha256(convert_to($2, 'UTF8')), 'hex'))
ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now(), applied_by = current_user
