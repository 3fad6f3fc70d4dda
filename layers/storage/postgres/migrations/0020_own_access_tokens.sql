-- A client that is let in again gets back nothing that it had got for itself: those tokens are looked up by it.
CREATE INDEX towergate_access_tokens_own ON towergate_access_tokens (client) WHERE grant_id IS NULL;
