-- SPDX-License-Identifier: PostgreSQL
COPY validator_signatures (bridge_tx_id, validator_id, signature_data, signature_type, created_at) FROM STDIN
