ALTER TABLE towergate_keys ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

UPDATE towergate_keys SET since = created_at;

-- One key of an algorithm signs, and one waits to.
CREATE UNIQUE INDEX towergate_keys_one_of_each ON towergate_keys (algorithm, state)
    WHERE state IN ('published', 'active');
