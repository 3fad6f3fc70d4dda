CREATE TABLE towergate_interaction_room (
    minute INTEGER PRIMARY KEY,
    taken  INTEGER NOT NULL CHECK (taken >= 0)
) STRICT;

INSERT INTO towergate_interaction_room (minute, taken)
    SELECT (expires_at + 59999) / 60000, count(*) FROM towergate_interactions WHERE state <> 'approved' GROUP BY 1;
