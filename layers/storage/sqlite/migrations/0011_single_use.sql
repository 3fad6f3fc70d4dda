CREATE TABLE towergate_single_use (
    kind   TEXT    NOT NULL,
    digest BLOB    NOT NULL CHECK (length(digest) = 32),
    until  INTEGER NOT NULL,
    PRIMARY KEY (kind, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX towergate_single_use_by_end ON towergate_single_use (until);
