-- When backup codes were made: those of a thief go when a change of address is undone.
ALTER TABLE towergate_backup_codes ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
