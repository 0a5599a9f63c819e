-- Hypothetical indexes are no part of the transaction. HypoPG's schema is :schema.
SELECT :schema.hypopg_reset()
