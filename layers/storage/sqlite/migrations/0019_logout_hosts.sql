-- Which host a notice goes to, so that one that is slow to answer holds up no other.
ALTER TABLE towergate_logout_notices ADD COLUMN host TEXT NOT NULL DEFAULT '';
