ALTER TABLE towergate_access_tokens ADD COLUMN revoked_at INTEGER;
