-- What holds the audit log to what it says: each row covers the events after the row before it.
CREATE TABLE towergate_audit_seals (
    number    bigint PRIMARY KEY,
    through   bigint NOT NULL UNIQUE,
    count     bigint NOT NULL CHECK (count > 0),
    digest    bytea  NOT NULL CHECK (length(digest) = 32),
    link      bytea  NOT NULL CHECK (length(link) = 32),
    sealed_at bigint NOT NULL,
    signature bytea  NOT NULL CHECK (length(signature) = 64),
    leaves    bytea  NOT NULL
);
