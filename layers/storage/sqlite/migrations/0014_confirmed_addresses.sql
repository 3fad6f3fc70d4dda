-- Since when an address is known to be its person's.
ALTER TABLE towergate_users ADD COLUMN confirmed_at INTEGER;
