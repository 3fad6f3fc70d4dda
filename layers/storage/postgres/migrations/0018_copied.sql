-- How far a copy of another database has come, by table. While one of them is not verified, this database is not to be used.
CREATE TABLE towergate_copied (
    name        text    COLLATE "C" PRIMARY KEY,
    copied      bigint  NOT NULL CHECK (copied >= 0),
    last_key    bytea   NOT NULL,
    digest      bytea   NOT NULL CHECK (octet_length(digest) = 32),
    complete    boolean NOT NULL,
    verified_at bigint
);
