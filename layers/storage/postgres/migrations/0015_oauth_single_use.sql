CREATE TABLE towergate_single_use (
    kind   text   COLLATE "C" NOT NULL,
    digest bytea  NOT NULL CHECK (octet_length(digest) = 32),
    until  bigint NOT NULL,
    PRIMARY KEY (kind, digest)
);

CREATE INDEX towergate_single_use_by_end ON towergate_single_use (until);
