-- Hears which cached things have changed: what the trigger of sql/bridge/80_invalidation.sql tells.
LISTEN dytop_invalidate
