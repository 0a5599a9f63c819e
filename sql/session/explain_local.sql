-- For this transaction only, so that it holds behind a pooler too. $1 = statement_timeout, $2 = lock_timeout, $3 = search_path,
-- $4 = plan_cache_mode.
SELECT pg_catalog.set_config('statement_timeout', $1, true),
       pg_catalog.set_config('lock_timeout', $2, true),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '15s', true),
       pg_catalog.set_config('plan_cache_mode', $4, true),
       pg_catalog.set_config('search_path', $3, true)
