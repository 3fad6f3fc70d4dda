CREATE TABLE towergate_ended_sign_ins (
    sid      TEXT    PRIMARY KEY,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_ended_sign_ins_by_end ON towergate_ended_sign_ins (ended_at);
