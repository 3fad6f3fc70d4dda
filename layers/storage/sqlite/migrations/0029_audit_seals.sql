-- What holds the audit log to what it says: each row covers the events after the row before it.
CREATE TABLE towergate_audit_seals (
    number    INTEGER PRIMARY KEY,
    through   INTEGER NOT NULL UNIQUE,
    count     INTEGER NOT NULL CHECK (count > 0),
    digest    BLOB    NOT NULL CHECK (length(digest) = 32),
    link      BLOB    NOT NULL CHECK (length(link) = 32),
    sealed_at INTEGER NOT NULL,
    signature BLOB    NOT NULL CHECK (length(signature) = 64),
    leaves    BLOB    NOT NULL
) STRICT;
