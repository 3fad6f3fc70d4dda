-- Several ways back may be open at once, each to an older address; of everything else the newest proof alone is.
DROP INDEX towergate_email_tokens_open;
CREATE UNIQUE INDEX towergate_email_tokens_open ON towergate_email_tokens (user_id, purpose)
    WHERE state = 'open' AND purpose <> 'undo_email_change';
CREATE INDEX towergate_email_tokens_by_purpose ON towergate_email_tokens (user_id, purpose, created_at);

-- Addresses that are kept for whom they may be put back.
CREATE INDEX towergate_email_tokens_kept ON towergate_email_tokens (email)
    WHERE state = 'open' AND purpose = 'undo_email_change';
