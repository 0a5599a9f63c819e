-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: baseline
about: "pg_stat_statements, where this user may create it and the server has loaded it"
before_rows: yes
may_fail: yes
*/

CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
