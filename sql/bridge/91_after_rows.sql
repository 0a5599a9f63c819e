-- SPDX-License-Identifier: PostgreSQL
/* dytop migration
set: rows
about: "statistics and the visibility map: an index answers alone only where the map says that nobody needs the table"
run: rows
*/

VACUUM (ANALYZE) bridge_transactions;
VACUUM (ANALYZE) validator_signatures;
VACUUM (ANALYZE) asset_metadata;
VACUUM (ANALYZE) chain_configs;
VACUUM (ANALYZE) bridge_state;
